// Finds the images of a table in one or several folders. Names from the table never lead outside these folders.

import { access, readdir } from 'node:fs/promises';
import path from 'node:path';
import { DataError } from '../../core/index.js';
import { list } from '../../core/internal.js';

/**
 * Turns a cell of a table into the name of an image within the folders. Backslashes separate folders as `/` does, `.` and `..` are
 * resolved, and an absolute path is made relative to the folder.
 *
 * @throws {DataError} when the name leads outside the folder. A downloaded table must not be able to read other files.
 */
export function nameWithin(where: string, table: string, folders: readonly string[], cell: string): string {
  const name = cell.replaceAll('\\', '/');
  const [first] = folders.map((folder) => {
    const within = path.relative(folder, path.resolve(folder, name));
    const inside =
      within !== '' && within !== '..' && !within.startsWith(`..${path.sep}`) && !path.isAbsolute(within) && !/^[a-z]:\//i.test(name);
    if (!inside)
      throw new DataError(
        `${where}: expected file names within '${folder}', received '${cell}' in '${table}'. ` +
          `Set \`folder\` to one that contains all images.`,
        { origin: table },
      );
    return within;
  });
  return first as string;
}

/**
 * Returns the path of each image that exists. With several folders, each folder is listed once, because looking up every name in every
 * folder takes minutes for large datasets.
 */
export async function placesOf(
  where: string,
  table: string,
  folders: readonly string[],
  names: readonly string[],
): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  if (folders.length === 1) {
    await Promise.all(
      names.map(async (name) => {
        const place = path.join(folders[0] as string, name);
        if (await exists(place)) places.set(name, place);
      }),
    );
    return places;
  }
  const recursive = names.some((name) => path.dirname(name) !== '.');
  const listings = await Promise.all(
    folders.map(async (folder) => {
      const found = await readdir(folder, { recursive }).catch((cause: unknown) => {
        throw new DataError(`${where}: expected a folder that can be read, received '${folder}'.`, { cause, origin: folder });
      });
      return { folder, found: new Set(found) };
    }),
  );
  for (const name of names) {
    const within = listings.filter(({ found }) => found.has(name)).map(({ folder }) => path.join(folder, name));
    if (within.length > 1) {
      throw new DataError(
        `${where}: expected one image '${name}' of '${table}', received ${list(within)}. Give folders that contain no name twice.`,
        { origin: name },
      );
    }
    if (within.length === 1) places.set(name, within[0] as string);
  }
  return places;
}

/** A sentence about a file that differs from a missing image only in its suffix. Empty when there is none. */
export async function similarName(place: string, suffix: string): Promise<string> {
  const wanted = path.basename(place);
  const found = (await readdir(path.dirname(place)).catch(() => [])).sort();
  if (suffix !== '' && found.includes(wanted.slice(0, -suffix.length)))
    return ` The folder contains '${wanted.slice(0, -suffix.length)}': leave out \`suffix\`.`;
  const longer = found.find((name) => name.startsWith(`${wanted}.`));
  return longer === undefined ? '' : ` The folder contains '${longer}': set suffix: '${suffix}${longer.slice(wanted.length)}'.`;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
