// Options of every download.

import { callable, signal } from '../core/internal.js';
import type { ProgressListener } from '../core/index.js';

/** Progress and cancellation of a download. */
export interface DownloadOptions {
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Validation rules of {@link DownloadOptions}. */
export const DOWNLOAD_RULES = { onProgress: callable, signal };
