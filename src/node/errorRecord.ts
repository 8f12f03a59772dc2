// Errors between threads: a copy by message loses its class and what it knows, so it travels as data.

import { BackendError, DataError, OptionError, ShapeError } from '../core/index.js';

/** An error as plain data. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly origin?: string | undefined;
  readonly cause?: ErrorRecord | undefined;
}

/** What another thread needs to throw the same error. */
export function packError(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, cause } = error;
  const origin = error instanceof DataError ? error.origin : undefined;
  return { name, message, ...(origin === undefined ? {} : { origin }), ...(cause === undefined ? {} : { cause: packError(cause) }) };
}

/** The error of a record, as this library would have thrown it here. */
export function unpackError({ name, message, origin, cause }: ErrorRecord): Error {
  const options = cause === undefined ? {} : { cause: unpackError(cause) };
  switch (name) {
    case 'DataError':
      return new DataError(message, { ...options, ...(origin === undefined ? {} : { origin }) });
    case 'BackendError':
      return new BackendError(message, options);
    case 'OptionError':
      return new OptionError(message, options);
    case 'ShapeError':
      return new ShapeError(message, options);
    default:
      return Object.assign(new Error(message, options), { name });
  }
}
