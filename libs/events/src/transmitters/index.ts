export {
  isSetType,
  maxSetBytes,
  readSignal,
  requireStreamOf,
  type SetFault,
  SetRefused,
  type ToldSignal,
  type ToldSubject,
} from './received-token.js';
export {
  actedOn,
  type OpenedTransmitter,
  type Signal,
  signalNames,
  type Transmitter,
  type TransmitterFields,
} from './transmitter.js';
export {
  maxTransmitters,
  pollLease,
  TransmitterChanged,
  Transmitters,
  transmittersChannel,
} from './transmitter.store.js';
