// An answer of the service that is not a success.

/** A request that is answered with an error status. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** Seconds after which the client should try again. */
  readonly retryAfter?: number | undefined;
}

/** Carries a {@link Refusal} to the handler of the request. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Throws a {@link RefusedRequest}. */
export function refuse(status: number, message: string, retryAfter?: number): never {
  throw new RefusedRequest({ status, message, retryAfter });
}
