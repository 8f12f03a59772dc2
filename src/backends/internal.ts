export { activate, readyBackend, registeredBackends } from './activeBackend.js';
export { copiesValues } from './copiesValues.js';
export { lostContext, whileDeviceLasts } from './device.js';
export { anotherCopy } from './oneCopy.js';
export { requireBackend } from './requireBackend.js';
export { checkPreferences, SELECT_RULES } from './selectBackend.js';
