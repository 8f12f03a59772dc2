// What `effnet-ts inspect` says about something.

/** A description to read, and the same as data. */
export interface Description {
  readonly text: string;
  readonly json: object;
}

/** Formats rows of a name and a value. */
export function table(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
