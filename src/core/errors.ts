// The error family. Every message reads: where: expected WHAT for `option`, received VALUE. Remedy.

/** Any error this library throws on purpose; `name` tells which kind. */
export class EffnetError extends Error {
  override name = 'EffnetError';
}

/** An argument or option is missing, unknown, or has a value it cannot have. */
export class OptionError extends EffnetError {
  override name = 'OptionError';
}

/** A tensor, picture or feature map has the wrong shape. */
export class ShapeError extends EffnetError {
  override name = 'ShapeError';
}

/** One array of a weight file that does not fit the model. */
export interface WeightsMismatch {
  /** The weight in the model, for example `stem_conv/kernel`. */
  readonly weight: string;
  /** The array in the file. */
  readonly array: string;
  readonly modelShape: readonly number[];
  readonly fileShape: readonly number[];
}

/** What a {@link WeightsError} carries beside its message. */
export interface WeightsErrorOptions extends ErrorOptions {
  readonly mismatches?: readonly WeightsMismatch[] | undefined;
}

/** A weight file cannot be read, or does not fit the model. */
export class WeightsError extends EffnetError {
  override name = 'WeightsError';
  /** Every array whose shape does not fit; empty when the cause is another. */
  readonly mismatches: readonly WeightsMismatch[];

  constructor(message: string, options: WeightsErrorOptions = {}) {
    super(message, options);
    this.mismatches = options.mismatches ?? [];
  }
}

/** No backend could be started, or the one in use lacks what is asked of it. */
export class BackendError extends EffnetError {
  override name = 'BackendError';
}

/** What a {@link MissingPackageError} carries beside its message. */
export interface MissingPackageErrorOptions extends ErrorOptions {
  readonly package: string;
  readonly installed: boolean;
}

/** An optional package is needed and is not installed, or cannot be loaded; the message says what to do. */
export class MissingPackageError extends EffnetError {
  override name = 'MissingPackageError';
  /** The name of the package, for example `sharp`. */
  readonly package: string;
  /** `true` when the package is there and fails while it loads: `cause` is its own error. */
  readonly installed: boolean;

  constructor(message: string, options: MissingPackageErrorOptions) {
    super(message, options);
    this.package = options.package;
    this.installed = options.installed;
  }
}

/** What a {@link DataError} carries beside its message. */
export interface DataErrorOptions extends ErrorOptions {
  readonly origin?: string | undefined;
}

/** A file, folder, record or picture is missing, broken, or not what it should be. */
export class DataError extends EffnetError {
  override name = 'DataError';
  /** The file, record or item the error is about, where one is known. */
  readonly origin: string | undefined;

  constructor(message: string, options: DataErrorOptions = {}) {
    super(message, options);
    this.origin = options.origin;
  }
}

/**
 * Tells whether a value is an error of this library, also across two copies of it.
 *
 * @example
 * try {
 *   roundFilters(-1, 1);
 * } catch (error) {
 *   if (isEffnetError(error)) console.error(error.message);
 * }
 */
export function isEffnetError(value: unknown): value is EffnetError {
  return value instanceof EffnetError || (value instanceof Error && FAMILY.has(value.name));
}

const FAMILY = new Set(['EffnetError', 'OptionError', 'ShapeError', 'WeightsError', 'BackendError', 'MissingPackageError', 'DataError']);
