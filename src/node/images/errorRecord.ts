// Sends errors between threads as plain data. Structured cloning would drop their class and their fields.

import { BackendError, DataError, MissingPackageError, OptionError, ShapeError } from '../../core/index.js';

/** An error as plain data. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly origin?: string | undefined;
  readonly package?: string | undefined;
  readonly installed?: boolean | undefined;
  readonly cause?: ErrorRecord | undefined;
}

/** Turns an error into plain data, from which another thread can rebuild it. */
export function packError(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, cause } = error;
  const origin = error instanceof DataError ? error.origin : undefined;
  const missing = error instanceof MissingPackageError ? { package: error.package, installed: error.installed } : {};
  return {
    name,
    message,
    ...missing,
    origin,
    cause: cause === undefined ? undefined : packError(cause),
  };
}

/** Rebuilds the error from its data, with its class and fields. */
export function unpackError({ name, message, origin, package: missing = '', installed = false, cause }: ErrorRecord): Error {
  const options = cause === undefined ? {} : { cause: unpackError(cause) };
  switch (name) {
    case 'DataError':
      return new DataError(message, { ...options, origin });
    case 'BackendError':
      return new BackendError(message, options);
    case 'MissingPackageError':
      return new MissingPackageError(message, { ...options, package: missing, installed });
    case 'OptionError':
      return new OptionError(message, options);
    case 'ShapeError':
      return new ShapeError(message, options);
    default:
      return Object.assign(new Error(message, options), { name });
  }
}
