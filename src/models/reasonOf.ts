// What a foreign error says, as a part of a sentence of ours.

/** The message of an error without its final period; that of the cause where Node only says that a `fetch` failed. */
export function reasonOf(error: unknown): string {
  const { message = String(error), cause } = Object(error) as Partial<Error>;
  const said = message === 'fetch failed' && cause instanceof Error ? cause.message : message;
  return said.trim().replace(/\.+$/, '');
}
