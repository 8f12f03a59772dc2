// Importing the built package changes nothing in the process, and a backend leaves no listener behind.

import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProject, manifest, pack, type Project } from './project.js';

const ENTRIES = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace(/^\./, 'effnet-ts'));
let project: Project;

beforeAll(async () => {
  const tarball = await pack();
  const packages = ['tfjs-core', 'tfjs-layers', 'tfjs-backend-wasm', 'tfjs-backend-cpu'].map((name) => `@tensorflow/${name}`);
  project = await createProject(tarball, [...packages, 'sharp']);
  await rm(dirname(tarball), { recursive: true });
});

afterAll(() => project.remove());

/** Compares the listeners and globals of the process before and after an action. */
const WATCH = `
  const listeners = () => new Map([process, process.stdout, process.stderr].flatMap((emitter, i) => emitter.eventNames().map((event) => [i + ' ' + String(event), emitter.rawListeners(event)])));
  const properties = (name, object) => Reflect.ownKeys(object).map((key) => {
    void object[key];
    const { value, get } = Object.getOwnPropertyDescriptor(object, key);
    return [name + '.' + String(key), [value ?? get]];
  });
  const globals = () => new Map([
    ...properties('globalThis', globalThis), ...properties('console', console), ...properties('process', process), ...properties('Array', Array.prototype),
    ...properties('Object', Object.prototype), ...properties('Promise', Promise.prototype), ...properties('stdout', process.stdout), ...properties('stderr', process.stderr),
  ]);
  const compare = (before, after) => [...new Set([...before.keys(), ...after.keys()])].filter((key) => {
    const [had = [], has = []] = [before.get(key), after.get(key)];
    return had.length !== has.length || had.some((each, i) => !Object.is(each, has[i]));
  });`;

/** Runs a program after Node has set up what it creates on first use. Returns the JSON that the program prints. */
const run = async (program: string): Promise<unknown> => {
  const script = await project.write(
    'watch.mjs',
    `
    import 'node:worker_threads';
    process.stdout.write('\\n');
    process.stderr.write('');
    process.on('uncaughtException', (error) => { console.error(error); process.exitCode = 1; });
    ${WATCH}
    globals();
    ${program}`,
  );
  return JSON.parse(await project.node(script));
};

test('importing every entry adds no listener, no global and no registration, and prints nothing', async () => {
  const changes = await run(`
    const before = listeners();
    const tf = await import('@tensorflow/tfjs-core');
    const { serialization } = await import('@tensorflow/tfjs-layers').then(() => tf);
    const registered = () => new Map([
      ['backends', Object.keys(tf.engine().registryFactory)], ['flags', Object.keys(tf.env().getFlags())], ['classes', Object.keys(serialization.SerializationMap.getMap().classNameMap)],
      ['kernels', ['cpu', 'wasm', 'webgl', 'webgpu'].flatMap((name) => tf.getKernelsForBackend(name))],
    ]);
    // TensorFlow.js has globals of its own.
    const [globalsBefore, registeredBefore] = [globals(), registered()];
    const printed = [];
    for (const stream of [process.stdout, process.stderr]) {
      const { write } = stream;
      stream.write = (text) => printed.push(String(text));
      stream.restore = () => { delete stream.restore; delete stream.write; if (stream.write !== write) stream.write = write; };
    }
    const entries = [];
    for (const entry of ${JSON.stringify(ENTRIES)}) entries.push(Object.keys(await import(entry)).length > 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const stream of [process.stdout, process.stderr]) stream.restore();
    console.log(JSON.stringify({ entries, printed, listeners: compare(before, listeners()), globals: compare(globalsBefore, globals()), registered: compare(registeredBefore, registered()) }));`);
  expect(changes).toEqual({ entries: ENTRIES.map(() => true), printed: [], listeners: [], globals: [], registered: [] });
});

test('wasm that is selected and predicts leaves no listener behind, and removes none of the program when it is disposed', async () => {
  const changes = await run(`
    import * as tf from '@tensorflow/tfjs-core';
    import { classify, efficientNet, selectBackend } from 'effnet-ts/node';
    const before = listeners();
    // A listener that the program adds while wasm starts is its own, too.
    const late = () => {};
    const selecting = selectBackend(['wasm']);
    setImmediate(() => process.on('unhandledRejection', late));
    await selecting;
    const added = compare(before, listeners());
    const hasLate = process.listeners('unhandledRejection').includes(late);
    process.off('unhandledRejection', late);
    await classify(efficientNet('b0', { classes: 2, inputSize: 32 }), { width: 32, height: 32, channels: 3, data: new Uint8Array(3072) }, { preprocessing: { inputSize: 32, fit: 'stretch' } });
    const predicted = compare(before, listeners());
    tf.removeBackend('wasm');
    console.log(JSON.stringify({ added, hasLate, predicted, ended: compare(before, listeners()) }));`);
  expect(changes).toEqual({ added: ['0 unhandledRejection'], hasLate: true, predicted: [], ended: [] });
});

test('wasm that registerWasmTraining starts leaves no listener behind', async () => {
  const changes = await run(`
    import * as tf from '@tensorflow/tfjs-core';
    import '@tensorflow/tfjs-backend-wasm';
    import { registerWasmTraining } from 'effnet-ts/wasm';
    const before = listeners();
    await registerWasmTraining();
    const added = compare(before, listeners());
    tf.removeBackend('wasm');
    console.log(JSON.stringify({ added, ended: compare(before, listeners()) }));`);
  expect(changes).toEqual({ added: [], ended: [] });
});

test('a function that selects a backend itself prints nothing, even where only cpu works', async () => {
  const changes = await run(`
    import { ensureBackend } from 'effnet-ts/node';
    const printed = [];
    for (const stream of [process.stdout, process.stderr]) stream.write = (text) => printed.push(String(text));
    const { backend } = await ensureBackend(['webgpu', 'cpu']);
    for (const stream of [process.stdout, process.stderr]) delete stream.write;
    console.log(JSON.stringify({ backend, printed }));`);
  expect(changes).toEqual({ backend: 'cpu', printed: [] });
});
