import { ensureSpecificationsBundled } from '../../scripts/prepare-tests.mjs';

/** Every way of running jest gets the tests as they are now. */
export default () => ensureSpecificationsBundled();
