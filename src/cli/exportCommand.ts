// `effnet-ts export`: writes a model for other programs.

import path from 'node:path';
import { Option } from 'commander';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  exportTransformers,
  imageBatches,
  imageFiles,
  saveModel,
  weightsOf,
  writeSafetensors,
  type ExportTransformersOptions,
} from '../node.js';
import { exportOnnx } from '../onnx.js';
import { replaceFile } from '../node/files/internal.js';
import type { CliCommand, CliContext } from './CliCommand.js';
import { labeledFiles } from './labeledFiles.js';
import { labeledOptions, type CsvOptions } from './options.js';
import { kindOf, openLayersModel, requireModel, startBackend } from './openModel.js';
import { UsageError } from './UsageError.js';

type Dtype = 'float32' | 'float16' | 'int8' | 'uint8';
type Format = 'onnx' | 'keras' | 'safetensors' | 'tfjs' | 'transformers';

interface ExportCommandOptions extends CsvOptions {
  readonly to: Format;
  readonly dtype?: Dtype | undefined;
  readonly output?: string | undefined;
  readonly calibration?: string | undefined;
  readonly overwrite: boolean;
  readonly backend?: string | undefined;
}

/** What a format is written as, and the number types it can store. */
const FORMATS: Readonly<Record<Format, { readonly ending: string; readonly dtypes: readonly Dtype[] }>> = {
  onnx: { ending: '.onnx', dtypes: ['float32', 'float16', 'int8'] },
  keras: { ending: '.keras', dtypes: ['float32'] },
  safetensors: { ending: '.safetensors', dtypes: ['float32', 'float16'] },
  tfjs: { ending: '-tfjs', dtypes: ['float32', 'float16', 'uint8'] },
  transformers: { ending: '-transformers', dtypes: ['float32', 'float16', 'int8'] },
};

export const exportCommand: CliCommand = {
  name: 'export',
  summary: 'write a model for other programs',
  examples: [
    ['export models/clothes --to onnx', 'writes clothes.onnx'],
    ['export models/clothes --to tfjs --dtype uint8 -o public/clothes', 'writes a small folder for a web page'],
    ['export models/clothes --to onnx --dtype int8 --calibration photos', 'stores and computes in int8, calibrated on images'],
    ['export models/clothes --to transformers', 'writes a folder that transformers.js and Python open'],
  ],
  define(command, context) {
    command
      .argument('<model>', 'folder of a saved model, or a published name')
      .addOption(new Option('--to <format>', 'format').choices(Object.keys(FORMATS)).makeOptionMandatory())
      .addOption(
        new Option('--dtype <type>', 'type of the stored numbers (default: float32)').choices(['float32', 'float16', 'int8', 'uint8']),
      )
      .option('-o, --output <path>', 'file, or folder for tfjs and transformers (default: name of the model, in the current folder)')
      .option('--calibration <images>', 'with --to onnx --dtype int8: also compute in int8, with ranges measured on these images')
      .option('--overwrite', 'replace an earlier export', false)
      .option('--backend <name>', 'backend of TensorFlow.js (default: wasm, or cpu if it is not installed)');
    for (const option of labeledOptions()) command.addOption(option);
    command.action((model: string, options: ExportCommandOptions) => exportModel(model, options, context));
  },
};

async function exportModel(name: string, options: ExportCommandOptions, context: CliContext): Promise<void> {
  const { to, dtype, calibration, overwrite, backend } = options;
  const { ending, dtypes } = FORMATS[to];
  if (dtype !== undefined && !dtypes.includes(dtype)) {
    throw new UsageError(`--dtype: expected ${dtypes.join(' or ')} with --to ${to}, received ${dtype}.`);
  }
  if (calibration !== undefined && (to !== 'onnx' || dtype !== 'int8')) {
    throw new UsageError('--calibration: expected --to onnx --dtype int8 beside it.');
  }
  await requireModel(name);
  const output = options.output ?? `${path.basename(path.resolve(name))}${ending}`;
  if (!overwrite && (await kindOf(output)) !== undefined) {
    throw new UsageError(`'${output}' exists already. Choose another name with --output, or add --overwrite.`);
  }
  await startBackend(backend, context);
  const model = await openLayersModel(name, context);
  try {
    await write(model, output, options, context);
    context.print(output);
  } finally {
    model.dispose();
  }
}

async function write(model: LayersModel, output: string, options: ExportCommandOptions, context: CliContext): Promise<void> {
  const { to, dtype = 'float32' } = options;
  switch (to) {
    case 'onnx': {
      const batches =
        options.calibration === undefined ? undefined : await calibrationBatches(model, options.calibration, options, context);
      await replaceFile(
        output,
        await exportOnnx(
          model,
          batches === undefined ? { dtype: dtype as 'float32' | 'float16' | 'int8' } : { compute: 'int8', calibration: batches },
        ),
      );
      return;
    }
    case 'keras': {
      const { writeKeras } = await import('../hdf5.js');
      await replaceFile(output, await writeKeras(model));
      return;
    }
    case 'safetensors':
      await replaceFile(output, writeSafetensors(await weightsOf(model), { dtype: dtype as 'float32' | 'float16' }));
      return;
    case 'tfjs':
      await saveModel(model, output, { dtype: dtype as 'float32' | 'float16' | 'uint8' });
      return;
    case 'transformers': {
      const dtypes = options.dtype === undefined ? {} : { dtypes: [options.dtype] as NonNullable<ExportTransformersOptions['dtypes']> };
      const { differences } = await exportTransformers(model, output, dtypes);
      for (const difference of differences)
        context.note(`The image processor of transformers differs from this model's preprocessing: ${difference}.`);
    }
  }
}

async function calibrationBatches(model: LayersModel, source: string, options: CsvOptions, context: CliContext) {
  const { files, classNames } = await labeledFiles(source, options, context);
  return imageBatches(imageFiles(files, { preprocessing: model, classes: classNames.length, seed: 0 }).take(128), { batchSize: 16 });
}
