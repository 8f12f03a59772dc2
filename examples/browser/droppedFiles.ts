// The files in what a person chose, dropped or pasted: single files, folders, and zip archives.

import { unzip } from 'fflate';

/** A file, and the name of the folder that contains it. */
export interface FoundFile {
  /** Empty for files that are in no folder. */
  readonly folder: string;
  readonly file: File;
}

/** Returns the files of a drop. Must be called before the event handler returns, because the browser then clears the transfer. */
export async function droppedFiles(transfer: DataTransfer): Promise<FoundFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const files = entries.some((entry) => entry?.isDirectory)
    ? (await Promise.all(entries.map((entry) => (entry === null ? Promise.resolve([]) : filesIn(entry, ''))))).flat()
    : [...transfer.files].map(foundFile);
  return withOpenZips(files);
}

/** Returns files that were chosen or pasted, and those in zip archives among them. */
export function openZips(files: Iterable<File>): Promise<FoundFile[]> {
  return withOpenZips([...files].map(foundFile));
}

/** A file that was chosen in a folder states its path. */
function foundFile(file: File): FoundFile {
  return { folder: file.webkitRelativePath.split('/').at(-2) ?? '', file };
}

async function withOpenZips(files: readonly FoundFile[]): Promise<FoundFile[]> {
  const opened = await Promise.all(files.map((each) => (/\.zip$/i.test(each.file.name) ? filesInZip(each.file) : Promise.resolve([each]))));
  return opened.flat();
}

async function filesIn(entry: FileSystemEntry, folder: string): Promise<FoundFile[]> {
  if (isHidden(entry.name)) return [];
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    return [{ folder, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FoundFile[] = [];
  for (;;) {
    // Chromium returns at most 100 entries at a time.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (entries.length === 0) return found;
    for (const each of entries) found.push(...(await filesIn(each, entry.name)));
  }
}

async function filesInZip(archive: File): Promise<FoundFile[]> {
  const bytes = new Uint8Array(await archive.arrayBuffer());
  const contents = await new Promise<Record<string, Uint8Array<ArrayBuffer>>>((resolve, reject) => {
    unzip(bytes, { filter: ({ name }) => !name.split('/').some(isHidden) && !name.endsWith('/') }, (error, files) => {
      if (error === null) resolve(files);
      else reject(new Error(`${archive.name} cannot be opened: ${error.message}. Choose the photos themselves.`, { cause: error }));
    });
  });
  return Object.entries(contents).map(([path, content]) => {
    const parts = path.split('/');
    return { folder: parts.at(-2) ?? '', file: new File([content], parts.at(-1) ?? path) };
  });
}

/** Whether a name is of a file that systems add, such as `.DS_Store` or `__MACOSX`. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX';
}
