export { DpopNonces } from './dpop-nonces.js';
export {
  hashOfShownToken,
  isForAddress,
  isTimely,
  ProofReader,
  proofAlgorithms,
  proofTolerance,
  type SignedProof,
} from './proof-reader.js';
