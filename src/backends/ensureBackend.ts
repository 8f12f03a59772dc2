// Selects a backend unless the user has already started one.

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
 * Keeps the backend that is ready or starting. If there is none, selects one.
 *
 * @param preferences - Backends to try, in order of preference. @defaultValue the imported backends, ordered by TensorFlow.js' priority
 * @throws {OptionError} when a preference is neither a name nor a loader.
 * @throws {BackendError} when no backend is ready and none works.
 */
export async function ensureBackend(
  preferences?: readonly BackendPreference[],
  options: EnsureBackendOptions = {},
): Promise<BackendReport> {
  if (preferences !== undefined) checkPreferences('ensureBackend', preferences);
  checkOptions('ensureBackend', options, ENSURE_RULES);
  return inTurn(async () => {
    // The user has called `tf.setBackend` without await, so the backend is still starting.
    if (readyBackend() === undefined && registeredBackends().includes(tf.engine().backendName)) await tf.ready().catch(() => undefined);
    const backend = readyBackend();
    if (backend !== undefined) return { backend, device: deviceOf(backend), tried: [] };
    return firstThatWorks('ensureBackend', preferences ?? registeredBackends(), options);
  });
}
