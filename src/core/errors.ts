// The error classes of this library. Every message has the form: where: expected WHAT for `option`, received VALUE. Remedy.

/** The base class of all errors that this library throws. `name` is the kind of error. */
export class EffnetError extends Error {
  override name = 'EffnetError';
}

/** An argument or option is missing, unknown or invalid. */
export class OptionError extends EffnetError {
  override name = 'OptionError';
}

/** A tensor, image or feature map has the wrong shape. */
export class ShapeError extends EffnetError {
  override name = 'ShapeError';
}

/** An array of a weight file that does not fit the model. */
export interface WeightsMismatch {
  /** The name of the weight in the model, for example `stem_conv/kernel`. */
  readonly weight: string;
  /** The name of the array in the file. */
  readonly array: string;
  readonly modelShape: readonly number[];
  readonly fileShape: readonly number[];
}

/** Options of {@link WeightsError}. */
export interface WeightsErrorOptions extends ErrorOptions {
  readonly mismatches?: readonly WeightsMismatch[] | undefined;
}

/** A weight file cannot be read or does not fit the model. */
export class WeightsError extends EffnetError {
  override name = 'WeightsError';
  /** All arrays whose shape does not fit. Empty when the error has another cause. */
  readonly mismatches: readonly WeightsMismatch[];

  constructor(message: string, options: WeightsErrorOptions = {}) {
    super(message, options);
    this.mismatches = options.mismatches ?? [];
  }
}

/** A backend cannot be started, or the current backend does not support an operation. */
export class BackendError extends EffnetError {
  override name = 'BackendError';
}

/** Options of {@link MissingPackageError}. */
export interface MissingPackageErrorOptions extends ErrorOptions {
  readonly package: string;
  readonly installed: boolean;
}

/** An optional package is required, but is not installed or cannot be loaded. The message says how to fix it. */
export class MissingPackageError extends EffnetError {
  override name = 'MissingPackageError';
  /** The name of the package, for example `sharp`. */
  readonly package: string;
  /** `true` when the package is installed but fails to load. `cause` is then the original error. */
  readonly installed: boolean;

  constructor(message: string, options: MissingPackageErrorOptions) {
    super(message, options);
    this.package = options.package;
    this.installed = options.installed;
  }
}

/** Options of {@link DataError}. */
export interface DataErrorOptions extends ErrorOptions {
  readonly origin?: string | undefined;
}

/** A file, folder, record or image is missing, corrupt or of the wrong kind. */
export class DataError extends EffnetError {
  override name = 'DataError';
  /** The file, record or item that caused the error, if known. */
  readonly origin: string | undefined;

  constructor(message: string, options: DataErrorOptions = {}) {
    super(message, options);
    this.origin = options.origin;
  }
}

/**
 * Returns whether a value is an error of this library, even if it was thrown by another installed copy.
 *
 * @example
 * try {
 * roundFilters(-1, 1);
 * } catch (error) {
 * if (isEffnetError(error)) console.error(error.message);
 * }
 */
export function isEffnetError(value: unknown): value is EffnetError {
  return value instanceof EffnetError || (value instanceof Error && FAMILY.has(value.name));
}

const FAMILY = new Set(['EffnetError', 'OptionError', 'ShapeError', 'WeightsError', 'BackendError', 'MissingPackageError', 'DataError']);
