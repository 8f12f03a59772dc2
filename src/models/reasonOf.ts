// Extracts the message of another library's error, for use in this library's error messages.

/** Returns the message of an error without its final period. For a failed `fetch` in Node, returns the message of its cause. */
export function reasonOf(error: unknown): string {
  const { message = String(error), cause } = Object(error) as Partial<Error>;
  const said = message === 'fetch failed' && cause instanceof Error ? cause.message : message;
  return said.trim().replace(/\.+$/, '');
}
