// Question: how do weights go from one format and naming to another, and how does one know that they arrived?
// Command:  npm run example:convert-weights                                             (Lite0 into every format and back)
//           npm run example:convert-weights -- --variant b0 --from efficientnetb0.h5 --to b0.safetensors --layout timm
//           ... -- --variant b0 --checkpoint timm/efficientnet_b0.ra_in1k --from model.safetensors --to b0.onnx
// Expect:   a line a format, each with the same answer for the panda photo as the original.
// Minutes:  less than one.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  PRETRAINED,
  modelOptionsOf,
  classify,
  decodeImage,
  efficientNet,
  isEffnetError,
  LAYOUTS,
  loadWeights,
  saveModel,
  selectBackend,
  VARIANTS,
  weightsOf,
  writeSafetensors,
  type LayoutName,
  type Variant,
} from 'effnet-ts/node';
import { writeKeras, writeKerasWeights } from 'effnet-ts/hdf5';
import { exportOnnx } from 'effnet-ts/onnx';

const DATA = path.join(import.meta.dirname, '..', 'data');
const { values } = parseArgs({
  options: {
    variant: { type: 'string', default: 'lite0' },
    checkpoint: { type: 'string' },
    from: { type: 'string', default: path.join(DATA, 'weights', 'efficientnet-lite0.safetensors') },
    to: { type: 'string' },
    layout: { type: 'string', default: 'keras' },
  },
});

try {
  await selectBackend();
  if (!Object.hasOwn(VARIANTS, values.variant))
    throw new Error(`--variant: expected one of ${Object.keys(VARIANTS).join(', ')}, received '${values.variant}'.`);
  // Padding, epsilon and normalization are the checkpoint's: no file says them, and a network with others loads and answers worse.
  const checkpoint = values.checkpoint === undefined ? undefined : PRETRAINED[values.checkpoint];
  if (values.checkpoint !== undefined && checkpoint === undefined)
    throw new Error(`--checkpoint: expected a name of PRETRAINED, received '${values.checkpoint}'.`);
  const build = (): LayersModel => efficientNet(values.variant as Variant, checkpoint === undefined ? {} : modelOptionsOf(checkpoint));
  const model = build();
  const { layout, loaded, skipped } = await loadWeights(model, values.from);
  console.log(`${values.from}: ${loaded.length} weights, names as ${layout} has them, ${skipped.length} arrays left out`);
  if (values.to === undefined) await everyFormat(model, build);
  else await writeFile(values.to, await bytesFor(model, values.to, values.layout as LayoutName));
} catch (error) {
  console.error(isEffnetError(error) ? error.message : error instanceof Error && error.message.startsWith('--') ? error.message : error);
  process.exitCode = 1;
}

/** The ending tells the format; in safetensors, the layout tells the names. */
async function bytesFor(model: LayersModel, file: string, layout: LayoutName): Promise<Uint8Array> {
  if (file.endsWith('.weights.h5')) return writeKerasWeights(model);
  if (file.endsWith('.keras')) return writeKeras(model);
  if (file.endsWith('.onnx')) return exportOnnx(model);
  if (file.endsWith('.safetensors')) return writeSafetensors(await weightsOf(model, { layout }));
  throw new Error(`--to: expected an ending of .safetensors, .weights.h5, .keras or .onnx, received '${file}'.`);
}

async function everyFormat(model: LayersModel, build: () => LayersModel): Promise<void> {
  const folder = path.join('runs', 'convert-weights');
  await mkdir(folder, { recursive: true });
  const photo = await decodeImage(path.join(DATA, 'photos', 'panda.jpg'));
  const answer = async (network: LayersModel): Promise<string> => {
    const [best] = await classify(network, photo, { topK: 1 });
    return `class ${best?.index ?? NaN} with ${best?.probability.toFixed(6) ?? ''}`;
  };
  console.log(`the original says ${await answer(model)}`);
  // transformers only has networks of the first generation.
  const isFirst = /^(b\d|l2)/.test(values.variant);
  const layouts = LAYOUTS.filter((layout) => layout !== 'tf1' && (layout !== 'transformers' || isFirst));
  for (const [file, layout] of [
    ...layouts.map((name) => [`${name}.safetensors`, name] as const),
    ['keras.weights.h5', 'keras'] as const,
    ['model.keras', 'keras'] as const,
  ]) {
    const target = path.join(folder, file);
    const bytes = await bytesFor(model, target, layout);
    await writeFile(target, bytes);
    const again = build();
    const report = await loadWeights(again, target);
    console.log(
      `${file.padEnd(24)} ${(bytes.length / 1e6).toFixed(1).padStart(5)} MB, ` +
        `read as ${report.layout.padEnd(11)} says ${await answer(again)}`,
    );
    again.dispose();
  }
  await saveModel(model, path.join(folder, 'tfjs'));
  const again = build();
  await loadWeights(again, path.join(folder, 'tfjs', 'model.json'));
  console.log(`tfjs/model.json                    says ${await answer(again)}`);
}
