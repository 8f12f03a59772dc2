import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { efficientNet } from '../../../src/models/index.js';
import { loadWeights, pretrained, readWeightFile, saveModel } from '../../../src/node/weights/index.js';
import { selectBackend } from '../../../src/node/backends/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { readTfjs, weightsOf } from '../../../src/weights/index.js';

const TINY = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 };
const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
let folder: string;

beforeAll(async () => {
  await selectBackend(['wasm']);
  folder = mkdtempSync(join(tmpdir(), 'effnet-files-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  'weights/state.safetensors',
  'weights/state.pth',
  'weights/state-legacy.pth',
  'keras/tiny_tf2.h5',
  'keras/tiny.weights.h5',
  'keras/tiny.keras',
])('%s is told by its first bytes, from a path and from bytes, whatever its name', async (name) => {
  const arrays = await readWeightFile(fixture(name));
  expect(arrays.size).toBeGreaterThan(10);
  cpSync(fixture(name), join(folder, 'file.bin'));
  expect([...(await readWeightFile(join(folder, 'file.bin'))).keys()]).toEqual([...arrays.keys()]);
  expect([...(await readWeightFile(readFileSync(fixture(name)))).keys()]).toEqual([...arrays.keys()]);
});

test('the folder of a saved model is a source of weights, its model.json too', async () => {
  const [from, to] = [efficientNet(TINY, { seed: 1 }), efficientNet(TINY, { seed: 2 })];
  await saveModel(from, join(folder, 'model'));
  for (const path of [join(folder, 'model'), join(folder, 'model', 'model.json')]) {
    expect((await loadWeights(to, path)).layout).toBe('keras');
    expect([...(await weightsOf(to))].map(([, array]) => array.values())).toEqual(
      [...(await weightsOf(from))].map(([, array]) => array.values()),
    );
  }
  from.dispose();
  to.dispose();
});

test('the sharded weights of Keras are read through their index, wherever they lie', async () => {
  for (const file of [
    'sequential.weights.json',
    'sequential_00000.weights.h5',
    'sequential_00001.weights.h5',
    'sequential_00002.weights.h5',
    'sequential_00003.weights.h5',
  ]) {
    writeFileSync(join(folder, file), gunzipSync(readFileSync(fixture(`keras/versions/keras-3.15.1-${file}.gz`))));
  }
  const arrays = await readWeightFile(join(folder, 'sequential.weights.json'));
  expect(arrays.get('efficientnet/stem_conv/kernel')?.shape).toEqual([3, 3, 3, 8]);
  expect(arrays.get('classifier/kernel')?.shape).toEqual([128, 5]);
  rmSync(join(folder, 'sequential_00002.weights.h5'));
  await expect(readWeightFile(join(folder, 'sequential.weights.json'))).rejects.toThrow(
    /received '.*sequential_00002\.weights\.h5', which does not exist/,
  );
});

describe('what cannot be read is refused in one sentence', () => {
  const refusal = async (path: string): Promise<string> =>
    readWeightFile(path).then(
      () => 'read',
      (error: unknown) => String(error).replaceAll(folder, 'FOLDER'),
    );
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  test('a TensorFlow checkpoint, by the name TensorFlow gives it', async () => {
    written('model.ckpt.index', '');
    expect(await refusal(join(folder, 'model.ckpt'))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: expected a weight file, received the TensorFlow checkpoint 'FOLDER/model.ckpt'. In Python, load it with \`model.load_weights\` into the Keras model it came from and save its weights: \`model.save_weights('model.weights.h5')\`."`,
    );
  });

  test('a file that is not there, a text, a model.json that is none', async () => {
    expect(await refusal(join(folder, 'nothing.h5'))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: expected a weight file, received 'FOLDER/nothing.h5', which does not exist."`,
    );
    expect(await refusal(written('text.h5', 'not weights'))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: 'FOLDER/text.h5' cannot be read: expected a file of safetensors, PyTorch or Keras, received bytes of another format."`,
    );
    expect(await refusal(written('a.json', '{'))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: 'FOLDER/a.json' is not valid JSON."`,
    );
    expect(await refusal(written('b.json', '{}'))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: expected the model.json of a TensorFlow.js model, received 'FOLDER/b.json' without a weights manifest."`,
    );
    expect(await refusal(written('c.json', '{"weightsManifest":[{"paths":["../x.bin"],"weights":[]}]}'))).toMatchInlineSnapshot(
      `"WeightsError: readWeightFile: 'FOLDER/c.json' names a file outside its folder: '../x.bin'."`,
    );
  });
});

test('the error for a damaged file names the file and the function that the user called', async () => {
  const model = efficientNet(TINY, { seed: 1 });
  const truncated = (name: string): string => {
    const path = join(folder, `truncated-${name.replaceAll('/', '-')}`);
    const bytes = readFileSync(fixture(name));
    writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
    return path;
  };
  for (const name of [
    'weights/state.safetensors',
    'weights/state.pth',
    'weights/state-legacy.pth',
    'keras/tiny_tf2.h5',
    'keras/tiny.keras',
  ]) {
    const path = truncated(name);
    const calls: readonly [string, () => Promise<unknown>][] = [
      ['loadWeights', () => loadWeights(model, path)],
      ['readWeightFile', () => readWeightFile(path)],
    ];
    for (const [where, act] of calls) {
      const message = await act().then(
        () => 'read',
        (error: unknown) => (error as Error).message,
      );
      expect(message).toContain(`${where}: '${path}' cannot be read: `);
      // The name of an inner function would look like a second error.
      expect(message.match(/\b(?:read[A-Z]\w+|loadWeights): /g)).toEqual([`${where}: `]);
    }
  }
  model.dispose();
});

test('the error for a damaged part of a folder names the part or the folder', async () => {
  const parts = ['sequential.weights.json', ...[0, 1, 2, 3].map((i) => `sequential_0000${i}.weights.h5`)];
  const path = mkdtempSync(join(folder, 'parts-'));
  for (const file of parts) writeFileSync(join(path, file), gunzipSync(readFileSync(fixture(`keras/versions/keras-3.15.1-${file}.gz`))));
  writeFileSync(join(path, parts[2]!), readFileSync(join(path, parts[2]!)).subarray(0, 900));
  await expect(readWeightFile(join(path, parts[0]!))).rejects.toThrow(
    `readWeightFile: '${join(path, parts[0]!)}' cannot be read: 'sequential_00001.weights.h5' cannot be read: `,
  );
  writeFileSync(
    join(path, 'model.json'),
    JSON.stringify({ weightsManifest: [{ paths: ['a.bin'], weights: [{ name: 'a', shape: [2], dtype: 'float32' }] }] }),
  );
  writeFileSync(join(path, 'a.bin'), new Uint8Array(4));
  await expect(readWeightFile(join(path, 'model.json'))).rejects.toThrow(
    `readWeightFile: '${join(path, 'model.json')}' cannot be read: 'a' ends at byte 8 of the data`,
  );
});

describe('readTfjs', () => {
  const spec = (name: string, shape: number[], quantization?: object) =>
    ({ name, shape, dtype: 'float32', ...(quantization === undefined ? {} : { quantization }) }) as never;

  test('reads weights of several buffers, and undoes quantization as TensorFlow.js does', () => {
    const arrays = readTfjs({
      weightSpecs: [
        spec('a', [2]),
        spec('b', [2, 1], { dtype: 'uint8', scale: 0.5, min: -1, original_dtype: 'float32' }),
        spec('c', [1], { dtype: 'float16', original_dtype: 'float32' }),
      ],
      weightData: [Float32Array.of(1.5, 2.5).buffer, Uint8Array.of(0, 6, 0x00, 0xc0).buffer],
    });
    expect([...arrays].map(([name, array]) => [name, array.shape, [...array.values()]])).toEqual([
      ['a', [2], [1.5, 2.5]],
      ['b', [2, 1], [-1, 2]],
      ['c', [1], [-2]],
    ]);
  });

  test('refuses specs and data that do not agree', () => {
    const data = Float32Array.of(1).buffer;
    expect(() => readTfjs({ weightSpecs: [spec('a', [2])], weightData: data })).toThrowErrorMatchingInlineSnapshot(
      `[WeightsError: readTfjs: 'a' ends at byte 8 of the data, there are 4. The model is truncated or damaged.]`,
    );
    expect(() => readTfjs({ weightSpecs: [], weightData: data })).toThrowErrorMatchingInlineSnapshot(
      `[WeightsError: readTfjs: expected 0 bytes of data, received 4. The model is truncated or damaged.]`,
    );
    expect(() => readTfjs({ weightSpecs: [spec('a', [1]), spec('a', [0])], weightData: data })).toThrowErrorMatchingInlineSnapshot(
      `[WeightsError: readTfjs: two weights are named 'a'. The model is truncated or damaged.]`,
    );
  });
});

test('a web address is refused with the way to fetch its bytes', async () => {
  for (const url of ['https://example.com/b0.h5', new URL('https://example.com/b0.h5')]) {
    for (const act of [() => readWeightFile(url as never), () => pretrained('b0', { weights: url as never })]) {
      await expect(act()).rejects.toThrow(
        /^\w+: expected a path or the bytes of a file, not a web address, for `\w+`, received 'https:\S+'\. Fetch its bytes: `new Uint8Array/,
      );
    }
  }
});
