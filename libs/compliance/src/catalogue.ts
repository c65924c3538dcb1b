import type { Control } from './control.js';
import { asvsAndFapi } from './controls-asvs.js';
import { lawAndManagement } from './controls-law.js';
import { nist } from './controls-nist.js';
import { pciDss } from './controls-pci-dss.js';

/** Every control, in the order of the report: the one place that says which section asks for which value. */
export const catalogue: readonly Control[] = [...pciDss, ...nist, ...asvsAndFapi, ...lawAndManagement];
