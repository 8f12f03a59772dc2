// `effnet-ts classify`: names the classes of images.

import { Option } from 'commander';
import { classifyMany, Dataset, decodeImage, type Classification, type Pixels } from '../node.js';
import { csvLine, trackProgress } from '../core/internal.js';
import type { CliCommand, CliContext } from './CliCommand.js';
import { imagePaths } from './imagePaths.js';
import { runtimeOptions, wholeNumber, type RuntimeOptions } from './options.js';
import { openPredictor, requireModel, startBackend } from './openModel.js';

interface ClassifyCommandOptions extends RuntimeOptions {
  readonly model: string;
  readonly top: number;
  readonly batchSize: number;
  readonly json?: true | undefined;
  readonly csv?: true | undefined;
  readonly skipBroken: boolean;
}

export const classifyCommand: CliCommand = {
  name: 'classify',
  summary: 'name the classes of images',
  examples: [
    ['classify photo.jpg', 'names one image with the 1000 classes of ImageNet'],
    ['classify photos "more/*.png" --model models/clothes', 'names all images of a folder and a pattern with a model of your own'],
    ['classify photos --model models/clothes --csv > answers.csv', 'writes a table'],
  ],
  define(command, context) {
    command
      .argument('<images...>', 'files, folders, or patterns such as "photos/*.jpg"')
      .option('-m, --model <model>', 'folder of a saved model, an .onnx file, or a published name', 'lite0')
      .option('-k, --top <number>', 'classes per image', wholeNumber(1), 5)
      .addOption(new Option('--json', 'print JSON').conflicts('csv'))
      .option('--csv', 'print a table with a row per image and class')
      .option('--skip-broken', 'exit with 0 although images cannot be decoded', false)
      .option('--batch-size <number>', 'images at once', wholeNumber(1), 8);
    for (const option of runtimeOptions()) command.addOption(option);
    command.action((images: string[], options: ClassifyCommandOptions) => classifyImages(images, options, context));
  },
};

/** The answer for one image. */
interface Answer {
  readonly file: string;
  readonly classes: readonly Classification[];
}

async function classifyImages(inputs: readonly string[], options: ClassifyCommandOptions, context: CliContext): Promise<void> {
  const { model, top, batchSize, json, csv, skipBroken, runtime, backend } = options;
  await requireModel(model);
  const files = await imagePaths(inputs);
  await startBackend(backend, context);
  const { predictor, dispose } = await openPredictor(model, runtime, context);
  const broken: string[] = [];
  try {
    const decoded: string[] = [];
    const progress = files.length > 1 ? trackProgress(context.onProgress, 'classify', 'images', files.length) : undefined;
    const answers: Answer[] = [];
    if (csv) context.print('file,rank,index,class,probability');
    for await (const classes of classifyMany(predictor, decodedImages(), { topK: top, batchSize, signal: context.signal })) {
      const answer = { file: decoded.shift() as string, classes };
      answers.push(answer);
      if (csv) context.print(csvOf(answer));
      else if (!json) context.print(textOf(answer));
      progress?.(answers.length + broken.length);
    }
    if (json)
      context.print(JSON.stringify([...answers.map(jsonOf), ...broken.map((file) => ({ file, error: 'cannot be decoded' }))], null, 2));

    async function* decodedImages(): AsyncGenerator<Pixels> {
      const images = Dataset.from(files).map(
        (file) =>
          decodeImage(file).then(
            (pixels) => ({ file, pixels }),
            (error: unknown) => ({ file, error }),
          ),
        {
          concurrency: 'auto',
        },
      );
      for await (const image of images) {
        if ('error' in image) {
          broken.push(image.file);
          context.note(image.error instanceof Error ? image.error.message : String(image.error));
          continue;
        }
        decoded.push(image.file);
        yield image.pixels;
      }
    }
  } finally {
    await dispose();
  }
  if (broken.length === 0) return;
  context.note(`${broken.length} of ${files.length} images could not be decoded.`);
  if (!skipBroken) context.fail();
}

function textOf({ file, classes }: Answer): string {
  const lines = classes.map(
    ({ index, className, probability }) => `  ${(probability * 100).toFixed(1).padStart(5)} %  ${className ?? `class ${index}`}`,
  );
  const unknown = classes[0]?.unknown === true ? '  (unlike any class: below the threshold of the model)' : '';
  return [`${file}${unknown}`, ...lines].join('\n');
}

function csvOf({ file, classes }: Answer): string {
  return classes
    .map(({ index, className = '', probability }, rank) => csvLine([file, rank + 1, index, className, probability.toFixed(6)]))
    .join('\n');
}

function jsonOf({ file, classes }: Answer): object {
  return { file, classes };
}
