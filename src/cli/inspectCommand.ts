// `effnet-ts inspect`: says what a model, a weight file or a published name is.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  classNamesOf,
  describePlan,
  modelSummary,
  planModel,
  preprocessingOf,
  readWeightFile,
  summaryTable,
  VARIANTS,
  type PreprocessingSource,
  type Variant,
} from '../node.js';
import { describePreprocessing } from '../image/internal.js';
import { createRuntime } from '../onnx.js';
import type { CliCommand, CliContext } from './CliCommand.js';
import { describeWeights } from './describeWeights.js';
import { table, type Description } from './description.js';
import { kindOf, openLayersModel, startBackend, unknownModel, weightsNamed } from './openModel.js';

export const inspectCommand: CliCommand = {
  name: 'inspect',
  summary: 'say what a model, a weight file or a published name is',
  examples: [
    ['inspect b0', 'prints the blocks of a variant, what it costs, and its published weights'],
    ['inspect models/clothes', 'prints the stages, the preprocessing and the classes of a model'],
    ['inspect weights.safetensors', 'prints which network the weights belong to, and in which framework they were saved'],
    ['inspect weights.safetensors --arrays', 'also lists every array'],
  ],
  define(command, context) {
    command
      .argument('<thing>', 'folder of a saved model, an .onnx file, a weight file of any format, or a published name')
      .option('--json', 'print JSON')
      .option('--arrays', 'list the arrays of a weight file', false)
      .action(async (thing: string, options: { readonly json?: true; readonly arrays: boolean }) => {
        const { text, json } = await inspect(thing, options.arrays, context);
        context.print(options.json ? JSON.stringify(json, null, 2) : text);
      });
  },
};

async function inspect(thing: string, arrays: boolean, context: CliContext): Promise<Description> {
  const kind = await kindOf(thing);
  if (kind === undefined) {
    if (Object.hasOwn(VARIANTS, thing) || weightsNamed(thing) !== undefined) return describePublished(thing);
    if (thing.startsWith('hf:')) return describeModel(thing, context);
    throw unknownModel(thing, ', a weight file');
  }
  if (kind === 'file' && /\.onnx$/i.test(thing)) return describeOnnx(thing);
  const isModel = path.basename(thing) === 'model.json' || (await kindOf(path.join(thing, 'model.json'))) === 'file';
  if (isModel) return describeModel(thing, context);
  return describeWeights(thing, await readWeightFile(thing), arrays);
}

function describePublished(name: string): Description {
  const weights = weightsNamed(name);
  const variant = weights?.variant ?? (name as Variant);
  const plan = planModel(variant);
  const lines = [describePlan(plan)];
  if (weights !== undefined) {
    const { top1, license, classes, preprocessing, sources } = weights;
    lines.push(
      table([
        ['published weights', weights.name],
        ['accuracy on ImageNet', top1 === null ? 'not published' : `${top1} %`],
        ['classes', String(classes)],
        ['preprocessing', describePreprocessing(preprocessing)],
        ['license', license],
        ['source', sources[0]?.url ?? ''],
      ]),
    );
  }
  return {
    text: lines.join('\n\n'),
    json: { variant, parameters: plan.parameters, multiplyAdds: plan.multiplyAdds, weights: weights ?? null },
  };
}

async function describeModel(name: string, context: CliContext): Promise<Description> {
  await startBackend(undefined, context);
  const model = await openLayersModel(name, context);
  try {
    const summary = modelSummary(model);
    const notes = notesOf(model, classNamesOf(model));
    return { text: `${summaryTable(summary)}\n\n${notes.text}`, json: { ...summary, ...notes.json } };
  } finally {
    model.dispose();
  }
}

async function describeOnnx(file: string): Promise<Description> {
  const runtime = await createRuntime(await readFile(file));
  try {
    const { inputShape, outputNames } = runtime;
    const notes = notesOf(runtime, runtime.classNames);
    const rows = table([
      ['input', inputShape.map((side) => side ?? 'any').join(' x ')],
      ['outputs', outputNames.join(', ')],
    ]);
    return {
      text: `${path.basename(file)}\n${rows}\n${notes.text}`,
      json: { name: path.basename(file), inputShape, outputNames, ...notes.json },
    };
  } finally {
    await runtime.dispose();
  }
}

function notesOf(source: PreprocessingSource, classNames: readonly string[] | undefined): Description {
  const preprocessing = preprocessingOf(source);
  return {
    text: table([
      ['preprocessing', preprocessing === undefined ? 'not stored' : describePreprocessing(preprocessing)],
      ['classes', classNames === undefined ? 'not stored' : `${classNames.length}: ${shortList(classNames)}`],
    ]),
    json: { preprocessing: preprocessing ?? null, classNames: classNames ?? null },
  };
}

function shortList(names: readonly string[]): string {
  return names.length <= 20 ? names.join(', ') : `${names.slice(0, 10).join(', ')}, ...`;
}
