// The published types stand alone: checked from the packed tarball beside the packages that nobody can do without. No optional peer is
// installed. Errors in the declarations of other packages do not count. TensorFlow.js has some.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProject, manifest, pack, type Project } from './project.js';

/** The newest release of TypeScript. npm installs it beside the one of this repository, once. */
const NEWEST = '7.0.2';
const newestFolder = resolve(`node_modules/.cache/typescript-${NEWEST}`);

const ENTRIES = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace(/^\./, 'effnet-ts'));
const EVERYTHING = ENTRIES.map((entry, i) => `import * as entry${i} from '${entry}';\nvoid entry${i};`).join('\n');

/** What a program that passes options on looks like: each may be undefined. */
const PASSING_ON = `
import { adam, efficientNet, callback, fineTune, stage, trainHead, type EfficientNetOptions, type FineTuneOptions, type TrainHeadOptions } from 'effnet-ts';
import { imageFolder, pretrained, selectBackend } from 'effnet-ts/node';
import { exportOnnx } from 'effnet-ts/onnx';
import { trainingChart } from 'effnet-ts/plots';

export async function train(folder: string, seed?: number, inputSize?: number, classes?: number, signal?: AbortSignal): Promise<void> {
  const { backend }: { backend: string } = await selectBackend(['wasm'], { wasmFolder: undefined });
  const { train, validation } = await imageFolder(folder, { seed, inputSize, shuffle: undefined, validationSplit: 0.2 });
  const whole = await imageFolder(folder, { validationSplit: undefined });
  const options: EfficientNetOptions = { inputSize, classes, seed, dropoutRate: undefined, name: backend };
  const model = efficientNet('b0', options);
  await exportOnnx(await pretrained('lite0', { inputSize, onProgress: undefined }), { name: undefined });
  const rest: [Partial<TrainHeadOptions>, Pick<FineTuneOptions, 'stages' | 'signal' | 'store'>] = [{ seed, signal, epochs: undefined }, { stages: [{ unfreeze: 'all', epochs: 1, learningRate: undefined }], signal, store: undefined }];
  void [train.images, validation.files, whole.images, model, rest, trainHead, fineTune, stage, trainingChart([]), callback({ onEpochEnd: undefined }), adam({ beta1: undefined })];
}
`;

let project: Project;

beforeAll(async () => {
  if (!existsSync(newestFolder)) {
    await promisify(execFile)('npm', [
      'install',
      '--prefix',
      newestFolder,
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      `typescript@${NEWEST}`,
    ]);
  }
  const tarball = await pack();
  project = await createProject(tarball, ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@types/node']);
  await rm(dirname(tarball), { recursive: true });
  await project.write('everything.mts', `${EVERYTHING}\n${PASSING_ON}`);
}, 120_000);

afterAll(() => project.remove());

describe.each(['nodenext', 'bundler'])('with module resolution %s', (moduleResolution) => {
  const options = { module: moduleResolution === 'nodenext' ? 'nodenext' : 'esnext', moduleResolution, types: [] };

  test('TypeScript 5.9 finds no error in any entry', () => {
    expect(ts.version).toMatch(/^5\.9\./);
    expect(errorsOf59(options)).toEqual([]);
  });

  test('the newest TypeScript finds no error in any entry', async () => {
    expect(await errorsOfNewest(options)).toEqual([]);
  });

  test('no entry needs the types of a browser where those of Node are there', async () => {
    expect(await errorsOfNewest({ ...options, lib: ['es2022'], types: ['node'] })).toEqual([]);
  });
});

interface Options {
  readonly module: string;
  readonly moduleResolution: string;
  readonly types: string[];
  readonly lib?: string[];
}

const STRICT = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: 'es2022',
  skipLibCheck: false,
};
const isOurs = (file: string): boolean => file.startsWith('everything.mts') || file.startsWith('node_modules/effnet-ts/');

/** Checks only the files that count, which takes a third of the time of `tsc`. */
function errorsOf59(options: Options): string[] {
  const parsed = ts.convertCompilerOptionsFromJson({ ...STRICT, ...options }, project.folder);
  const program = ts.createProgram([join(project.folder, 'everything.mts')], parsed.options);
  const files = program.getSourceFiles().filter(({ fileName }) => isOurs(relative(project.folder, fileName)));
  expect(files.length).toBeGreaterThan(ENTRIES.length);
  return [
    ...parsed.errors,
    ...files.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ].map(({ file, messageText }) => `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}

async function errorsOfNewest(options: Options): Promise<string[]> {
  await project.write('tsconfig.json', JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files: ['everything.mts'] }));
  const tsc = join(newestFolder, 'node_modules/typescript/bin/tsc');
  // It ends with an error because of the declarations of other packages.
  const output = await promisify(execFile)(process.execPath, [tsc, '--pretty', 'false'], { cwd: project.folder, maxBuffer: 1e8 }).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { readonly stdout: string }).stdout,
  );
  expect(output).not.toMatch(/^error/m);
  return output.split('\n').filter(isOurs);
}
