// Reads the files of a repository: JSON files, and single values of them.

import { show, strayFile, type Rule } from '../../core/internal.js';
import { WeightsError } from '../../core/index.js';

/** The files of a repository: a folder, or a repository on a server. */
export interface HubFiles {
  /** Name of the repository for error messages: `owner/name`, or the path of a folder. */
  readonly name: string;
  /**
   * Reads a file by its path in the repository, such as `config.json`.
   *
   * @returns the bytes, or `undefined` if there is no such file.
   */
  read(file: string): Promise<Uint8Array | undefined>;
}

/** A JSON file of a repository. */
export interface JsonFile {
  /** The function that the user called. */
  readonly where: string;
  /** Description of the file for error messages: `config.json of 'owner/name'`. */
  readonly name: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/**
 * Reads a JSON file.
 *
 * @returns `undefined` if there is no such file.
 * @throws {WeightsError} when the file does not contain a JSON object.
 */
export async function readJson(where: string, files: HubFiles, file: string): Promise<JsonFile | undefined> {
  const bytes = await files.read(file);
  if (bytes === undefined) return undefined;
  const name = `${file} of '${files.name}'`;
  const text = new TextDecoder().decode(bytes);
  const [what, remedy] = strayFile(text.slice(0, 64)) ?? [];
  if (what !== undefined) throw new WeightsError(`${where}: expected a JSON object in ${name}, received ${what}. ${remedy ?? ''}`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new WeightsError(`${where}: expected a JSON object in ${name}, received a file that is not valid JSON. Download it again.`, {
      cause,
    });
  }
  if (!isJsonObject(content)) throw new WeightsError(`${where}: expected a JSON object in ${name}, received ${show(content)}.`);
  return { where, name, content };
}

/** Whether a value of a JSON file is an object. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns a value of a JSON file.
 *
 * @param fallback - Used where the file has no such key, or `null`.
 * @throws {WeightsError} when the value does not satisfy the rule, or is missing and there is no fallback.
 */
export function setting<T>(file: JsonFile, key: string, rule: Rule<T>, fallback?: T): T {
  const value = file.content[key] ?? fallback;
  if (!rule.accepts(value)) throw refused(file, key, rule.expected, value);
  return value;
}

/** Creates the error for a value of a JSON file that cannot be used. */
export function refused({ where, name }: JsonFile, key: string, expected: string, received: unknown, remedy = ''): WeightsError {
  return new WeightsError(
    `${where}: expected ${expected} for \`${key}\` in ${name}, received ${show(received)}.${remedy === '' ? '' : ` ${remedy}`}`,
  );
}
