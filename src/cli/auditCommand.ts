// `effnet-ts audit`: looks for problems in labeled images.

import { auditImages, type AuditFinding } from '../node.js';
import { createRuntime } from '../onnx.js';
import type { CliCommand, CliContext } from './CliCommand.js';
import { labeledFiles, requireLabeled } from './labeledFiles.js';
import { openLayersModel, requireModel, startBackend, usesOnnx } from './openModel.js';
import { labeledOptions, runtimeOptions, wholeNumber, type CsvOptions, type RuntimeOptions } from './options.js';

interface AuditCommandOptions extends RuntimeOptions, CsvOptions {
  readonly validation?: string | undefined;
  readonly base: string;
  readonly show: number;
  readonly json?: true | undefined;
}

export const auditCommand: CliCommand = {
  name: 'audit',
  summary: 'look for problems in labeled images before training',
  examples: [
    ['audit photos', 'lists wrong labels, copies, broken and bad images, each with advice'],
    ['audit photos/train --validation photos/validation', 'also finds copies of training images among the validation images'],
    ['audit photos --json > audit.json', 'writes all findings with all images'],
  ],
  define(command, context) {
    command
      .argument('<images>', 'folder with one sub-folder per class, or a CSV file')
      .option('--validation <images>', 'validation images with the same classes')
      .option('--base <model>', 'network whose features the images are compared by: a folder, or a published name', 'lite0')
      .option('--show <number>', 'images to list per finding', wholeNumber(1), 10)
      .option('--json', 'print all findings as JSON');
    // Broken images are a finding here.
    const options = [...labeledOptions().filter(({ long }) => long !== '--skip-broken'), ...runtimeOptions()];
    for (const option of options) command.addOption(option);
    command.action((images: string, given: AuditCommandOptions) => audit(images, given, context));
  },
};

async function audit(source: string, options: AuditCommandOptions, context: CliContext): Promise<void> {
  const { validation, base, show, json, runtime, backend } = options;
  await requireModel(base);
  await requireLabeled(source);
  if (validation !== undefined) await requireLabeled(validation);
  const train = await labeledFiles(source, options, context);
  const held = validation === undefined ? undefined : await labeledFiles(validation, options, context, train.classNames);
  await startBackend(backend, context);
  const onnx = await usesOnnx(runtime, context);
  const features = await openLayersModel(base, context);
  try {
    const { images, accuracy, findings, learningCurve } = await auditImages(train, {
      features,
      validation: held,
      runtime: onnx ? createRuntime : undefined,
      onProgress: context.onProgress,
      signal: context.signal,
    });
    if (json) {
      context.print(JSON.stringify({ images, accuracy, findings, learningCurve }, null, 2));
      return;
    }
    for (const finding of findings) context.print(textOf(finding, show));
    const known =
      accuracy === undefined ? '' : ` A quickly computed classifier is right on ${percent(accuracy)} of images it has not seen.`;
    context.print(`${findings.length} findings in ${images} images.${known}`);
    if (learningCurve?.expected !== undefined) {
      const { imagesPerClass, accuracy: expected } = learningCurve.expected;
      context.print(`With ${Math.round(imagesPerClass)} images per class, about ${percent(expected)} are expected.`);
    }
  } finally {
    features.dispose();
  }
}

function textOf({ severity, kind, images, advice }: AuditFinding, show: number): string {
  const shown = images
    .slice(0, show)
    .map(({ origin, label, suggested }) => `  ${origin}  (${label}${suggested === undefined ? '' : ` → ${suggested}`})`);
  const more = images.length > show ? [`  and ${images.length - show} more`] : [];
  return [`${severity}: ${kind}${images.length === 0 ? '' : ` (${images.length})`}. ${advice}`, ...shown, ...more, ''].join('\n');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
