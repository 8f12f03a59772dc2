// An empty project outside the repository with the packed tarball installed in it. Dependencies and peers are links into
// this repository's node_modules, so that nothing is downloaded; what is not linked is, for the project, not installed.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const modules = resolve('node_modules');

export const manifest = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<'effnet-ts', string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
};

export interface Project {
  readonly folder: string;
  /** Writes a file and returns its path. */
  write(name: string, content: string): Promise<string>;
  /** Runs a script of the project with Node; returns what it prints. */
  node(script: string): Promise<string>;
  /** Runs a tool of this repository in the project, for example `tsc`. */
  tool(name: string, ...parameters: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Packs the built package as npm would publish it. */
export async function pack(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'effnet-pack-')));
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
  return join(folder, stdout.trim());
}

/** Packs the package of Lite0's weights, whose data files are written first. */
export async function packLite0(): Promise<string> {
  await run(join(modules, '.bin', 'tsx'), ['scripts/buildLite0.ts']);
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'effnet-pack-')));
  const { stdout } = await run('npm', ['pack', './packages/lite0', '--ignore-scripts', '--silent', '--pack-destination', folder]);
  return join(folder, stdout.trim());
}

/** Extracts a tarball to where npm installs a package of that name. */
async function extract(tarball: string, folder: string, name: string): Promise<void> {
  const installed = join(folder, 'node_modules', name);
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
}

/** Installs the tarball, that of Lite0's weights if it is given, and the named packages in a new project. */
export async function createProject(tarball: string, packages: readonly string[], lite0?: string): Promise<Project> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'effnet-project-')));
  await extract(tarball, folder, 'effnet-ts');
  if (lite0 !== undefined) await extract(lite0, folder, 'effnet-ts-lite0');
  for (const name of [...packages, ...Object.keys(manifest.dependencies ?? {})]) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(modules, name), link);
  }
  const execute = async (file: string, parameters: readonly string[]): Promise<string> =>
    (await run(file, parameters, { cwd: folder })).stdout.trim();
  const project: Project = {
    folder,
    async write(name, content) {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    },
    node: (script) => execute(process.execPath, [script]),
    tool: (name, ...parameters) => execute(join(modules, '.bin', name), parameters),
    remove: () => rm(folder, { recursive: true }),
  };
  await project.write('package.json', JSON.stringify({ name: 'empty', private: true }));
  return project;
}
