// Tests the packed tarball, as a user's project installs it. Needs a build, which `npm test` makes first.

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProject, manifest, pack, type Project } from './project.js';

const CORE = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'];
const BACKENDS = ['@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-wasm'];
const ENTRIES = Object.keys(manifest.exports).filter((path) => path !== './package.json');

let bare: Project;
let usual: Project;

beforeAll(async () => {
  const tarball = await pack();
  bare = await createProject(tarball, CORE);
  usual = await createProject(tarball, [...CORE, ...BACKENDS, 'sharp', 'typescript', '@types/node']);
  await rm(dirname(tarball), { recursive: true });
});

afterAll(async () => {
  await bare.remove();
  await usual.remove();
});

const PRINT_BACKEND = `
  const { backend, tried } = await selectBackend();
  if (tried.length !== 1) throw new Error(JSON.stringify(tried));
  console.log(backend);
`;

describe('entries', () => {
  test.each(ENTRIES)('%s has the expected exports, without a backend and sharp installed', async (path) => {
    const entry = path.replace(/^\./, 'effnet-ts');
    const script = await bare.write('entry.mjs', `import * as entry from '${entry}'; console.log(JSON.stringify(Object.keys(entry)));`);
    expect(JSON.parse(await bare.node(script))).toMatchSnapshot();
  });

  test('the Node entry exports everything of the main entry', async () => {
    const script = await bare.write(
      'superset.mjs',
      "import * as all from 'effnet-ts/node'; import * as some from 'effnet-ts'; console.log(Object.keys(some).filter((key) => !(key in all)).join());",
    );
    expect(await bare.node(script)).toBe('');
  });
});

test('the program of `bin` runs, and answers with its exit code', async () => {
  const program = join('.', 'node_modules', 'effnet-ts', manifest.bin['effnet-ts']).replaceAll('\\', '/');
  const script = await usual.write('program.mjs', `process.argv.push('inspect', 'b0', '--json'); await import('./${program}');`);
  expect(JSON.parse(await usual.node(script))).toMatchObject({ variant: 'b0', parameters: { total: 5330564 } });
  const wrong = await usual.write('wrong.mjs', `process.argv.push('inspect', 'b00'); await import('./${program}');`);
  await expect(usual.node(wrong)).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^error: there is no model 'b00'/) as string,
  });
});

describe('Node finds the wasm binaries', () => {
  test('from an ES module', async () => {
    const script = await usual.write('main.mjs', `import { selectBackend } from 'effnet-ts/node';${PRINT_BACKEND}`);
    expect(await usual.node(script)).toBe('wasm');
  });

  test('from CommonJS by import()', async () => {
    const script = await usual.write(
      'main.cjs',
      `(async () => { const { selectBackend } = await import('effnet-ts/node');${PRINT_BACKEND} })();`,
    );
    expect(await usual.node(script)).toBe('wasm');
  });

  test('from a bundle without packages', async () => {
    await usual.write('app.mjs', `import { selectBackend } from 'effnet-ts/node';${PRINT_BACKEND}`);
    const outfile = join(usual.folder, 'dist', 'app.mjs');
    await build({
      entryPoints: [join(usual.folder, 'app.mjs')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
    expect(await usual.node(outfile)).toBe('wasm');
  });

  const bundleAll = async (project: Project, outfile: string): Promise<void> => {
    const entry = await project.write(
      'app.cjs',
      `(async () => { const { selectBackend } = await import('effnet-ts/node');${PRINT_BACKEND} })();`,
    );
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['sharp'],
      logLevel: 'error',
      // CommonJS has no import.meta.url, which tinyglobby needs.
      define: { 'import.meta.url': 'importMetaUrl' },
      banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    });
  };

  test('from a complete bundle next to node_modules', async () => {
    const outfile = join(usual.folder, 'dist', 'app.cjs');
    await bundleAll(usual, outfile);
    expect(await usual.node(outfile)).toBe('wasm');
  });

  test('next to a complete bundle without node_modules, and reports missing ones', async () => {
    const alone = `${usual.folder}-alone`;
    const outfile = join(alone, 'app.cjs');
    await bundleAll(usual, outfile);
    const binaries = join(usual.folder, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');
    await mkdir(alone, { recursive: true });
    try {
      await expect(usual.node(outfile)).rejects.toThrow(
        /expected 'tfjs-backend-wasm-simd\.wasm', which is missing or not a wasm file\..* pass their folder as `wasmFolder`/,
      );
      const pruned = join(alone, 'node_modules', '@tensorflow', 'tfjs-backend-wasm');
      await mkdir(pruned, { recursive: true });
      await writeFile(join(pruned, 'package.json'), '{}');
      await expect(usual.node(outfile)).rejects.toThrow(
        /expected 'tfjs-backend-wasm-simd\.wasm' in '.*tfjs-backend-wasm\/dist', where it is missing\. Name the folder that contains it with `wasmFolder`/,
      );
      await rm(join(alone, 'node_modules'), { recursive: true });
      for (const name of await readdir(binaries)) if (name.endsWith('.wasm')) await copyFile(join(binaries, name), join(alone, name));
      expect(await usual.node(outfile)).toBe('wasm');
    } finally {
      await rm(alone, { recursive: true });
    }
  });
});

describe('without an optional package', () => {
  /** Runs a program that fails, and returns what it prints of its error. */
  const refusal = async (project: Project, program: string): Promise<unknown> => {
    const script = await project.write(
      'refused.mjs',
      `
      import * as effnet from 'effnet-ts/node';
      import * as plots from 'effnet-ts/plots';
      import { createRuntime } from 'effnet-ts/onnx';
      const pixels = { width: 1, height: 1, channels: 3, data: new Uint8Array(3) };
      const run = async () => { ${program} };
      await run().then(() => console.log('{}'), (error) => console.log(JSON.stringify([error.name, error.message, error.package, error.cause?.code, effnet.isEffnetError(error)])));`,
    );
    return JSON.parse(await project.node(script)) as unknown;
  };
  const missing = (where: string, name: string, install = name): unknown => [
    'MissingPackageError',
    `${where}: expected the package '${name}', which is not installed. Run \`npm install ${install}\`.`,
    name,
    'ERR_MODULE_NOT_FOUND',
    true,
  ];
  const VEGA = 'vega vega-lite vega-interpreter';

  test.each([
    ['decodeImage', "await effnet.decodeImage('photo.jpg');", 'sharp'],
    ['encodeImage', 'await effnet.encodeImage(pixels);', 'sharp'],
    ['encodePng', 'await plots.encodePng(pixels);', 'sharp'],
    ['imageDataUrl', 'await plots.imageDataUrl(pixels);', 'sharp'],
    ['renderSvg', 'await plots.renderSvg(plots.scheduleChart(() => 1, 2));', 'vega', VEGA],
    ['renderPng', 'await plots.renderPng(plots.scheduleChart(() => 1, 2));', 'vega', VEGA],
  ] as [where: string, program: string, name: string, install?: string][])(
    '%s says what to install',
    async (where, program, name, install = name) => {
      expect(await refusal(bare, program)).toEqual(missing(where, name, install));
    },
  );

  test.each([
    [
      'decodeImage',
      "await effnet.decodeImage(await effnet.encodeImage(pixels, { format: 'jpeg' }), { dctMethod: 'fast' });",
      '@julusian/jpeg-turbo',
    ],
    [
      'createRuntime',
      "await effnet.selectBackend(['cpu']); await createRuntime(effnet.efficientNet('b0', { classes: 2 }));",
      'onnxruntime-node',
    ],
  ])('%s says what to install, of what not every call needs', async (where, program, name) => {
    expect(await refusal(usual, program)).toEqual(missing(where, name));
  });

  test('a package with a missing file is reported as installed but not loadable', async () => {
    const folder = join(bare.folder, 'node_modules', 'sharp');
    await mkdir(folder, { recursive: true });
    try {
      await writeFile(join(folder, 'package.json'), '{ "name": "sharp", "main": "./lib/index.js" }');
      const [name, message] = (await refusal(bare, 'await effnet.encodeImage(pixels);')) as string[];
      expect(name).toBe('MissingPackageError');
      expect(message).toMatch(
        /^encodeImage: expected the package 'sharp', which is installed but cannot be loaded: Cannot find package '.*sharp\/lib\/index\.js' .*\. Delete node_modules and run `npm install` on this machine\.$/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('without a backend package', () => {
  test('Node says what to install', async () => {
    const script = await bare.write(
      'none.mjs',
      "import { selectBackend } from 'effnet-ts/node'; await selectBackend(['wasm', 'cpu', 'tensorflow']).catch((error) => console.log(error.message));",
    );
    expect(await bare.node(script)).toMatchInlineSnapshot(
      `"selectBackend: expected a backend that works, found none. wasm (not installed): expected the package '@tensorflow/tfjs-backend-wasm', which is not installed. Run \`npm install @tensorflow/tfjs-backend-wasm\`. cpu (not installed): expected the package '@tensorflow/tfjs-backend-cpu', which is not installed. Run \`npm install @tensorflow/tfjs-backend-cpu\`. tensorflow (not installed): expected the package '@tensorflow/tfjs-node', which is not installed. Run \`npm install @tensorflow/tfjs-node\`."`,
    );
  });

  test('the isomorphic entry bundles for a browser and holds no node: import', async () => {
    const entry = await bare.write('page.mjs', "import * as effnet from 'effnet-ts'; globalThis.effnet = effnet;");
    const { metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      metafile: true,
      logLevel: 'error',
    });
    const ours = Object.keys(metafile.inputs).filter((path) => path.includes('node_modules/effnet-ts/'));
    expect(ours.length).toBeGreaterThan(0);
    for (const path of ours) expect(await readFile(path, 'utf8')).not.toMatch(/['"`]node:/);
  });
});
