// The backend is the caller's: a ready one is never switched.

import * as tf from '@tensorflow/tfjs-core';
import { checkOptions } from '../core/internal.js';
import { inTurn, readyBackend, registeredBackends } from './activeBackend.js';
import { deviceOf } from './device.js';
import {
  checkPreferences,
  ENSURE_RULES,
  firstThatWorks,
  type BackendPreference,
  type BackendReport,
  type EnsureBackendOptions,
} from './selectBackend.js';

/**
 * Keeps the backend that is ready or being started; otherwise selects one.
 *
 * @param preferences - Best first. @defaultValue the backends already imported, in TensorFlow.js' order
 * @throws {OptionError} when a preference is neither a name nor a loader.
 * @throws {BackendError} when none is ready and none works.
 */
export async function ensureBackend(
  preferences?: readonly BackendPreference[],
  options: EnsureBackendOptions = {},
): Promise<BackendReport> {
  if (preferences !== undefined) checkPreferences('ensureBackend', preferences);
  checkOptions('ensureBackend', options, ENSURE_RULES);
  return inTurn(async () => {
    // `tf.setBackend` without await: the caller has chosen, the backend is on its way.
    if (readyBackend() === undefined && registeredBackends().includes(tf.engine().backendName)) await tf.ready().catch(() => undefined);
    const backend = readyBackend();
    if (backend !== undefined) return { backend, device: deviceOf(backend), tried: [] };
    return firstThatWorks('ensureBackend', preferences ?? registeredBackends(), options);
  });
}
