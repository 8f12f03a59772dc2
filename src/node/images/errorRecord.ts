// Errors between threads: a copy by message loses its class and what it knows, so it travels as data.

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

/** What another thread needs to throw the same error. */
export function packError(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, cause } = error;
  const origin = error instanceof DataError ? error.origin : undefined;
  const missing = error instanceof MissingPackageError ? { package: error.package, installed: error.installed } : {};
  return {
    name,
    message,
    ...missing,
    ...(origin === undefined ? {} : { origin }),
    ...(cause === undefined ? {} : { cause: packError(cause) }),
  };
}

/** The error of a record, as this library would have thrown it here. */
export function unpackError({ name, message, origin, package: missing = '', installed = false, cause }: ErrorRecord): Error {
  const options = cause === undefined ? {} : { cause: unpackError(cause) };
  switch (name) {
    case 'DataError':
      return new DataError(message, { ...options, ...(origin === undefined ? {} : { origin }) });
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
