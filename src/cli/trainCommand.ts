// `effnet-ts train`: the options. trainModel.ts does the work.

import { Option } from 'commander';
import type { CliCommand } from './CliCommand.js';
import { fraction, labeledOptions, positiveNumber, runtimeOptions, wholeNumber } from './options.js';
import { trainModel } from './trainModel.js';
import type { TrainCommandOptions } from './trainCommandOptions.js';

export const trainCommand: CliCommand = {
  name: 'train',
  summary: 'train a classifier on your own images',
  examples: [
    ['train photos -o models/clothes', 'trains on a folder with one sub-folder per class'],
    ['train labels.csv --path-column image --label-column breed -o models/dogs', 'trains on the images of a table'],
    ['train photos -o models/clothes --base b0 --test 0.1', 'a larger network, measured on images that it never saw'],
    ['train photos -o models/clothes --fine-tune-epochs 0', 'trains the classifier only, in a fraction of the time'],
  ],
  define(command, context) {
    command
      .argument('<images>', 'folder with one sub-folder per class (or with train and validation folders of such), or a CSV file')
      .requiredOption('-o, --output <folder>', 'folder for the model, its history and its report')
      .option('--base <model>', "published name of the network to start from, such as 'lite0', 'b0' or 'v2-s', or a saved model", 'lite0')
      .option('--weights <file>', 'file with the weights of --base, instead of a download')
      .option('--input-size <pixels>', 'height and width of the input (default: that of the network)', wholeNumber(32))
      .option('--epochs <number>', 'epochs of the new classifier, with the network frozen', wholeNumber(1), 30)
      .option('--fine-tune-epochs <number>', 'epochs that train the upper part of the network as well. 0 for none', wholeNumber(0), 5)
      .option('--fine-tune-from <block>', 'first block that is fine-tuned', 'block5a')
      .option('--learning-rate <rate>', 'highest learning rate of fine-tuning, reached after a tenth of the steps', positiveNumber, 2e-4)
      .option('--batch-size <number>', 'images per step of fine-tuning', wholeNumber(1), 32)
      .addOption(
        new Option('--augment <recipe>', 'random changes of the images for fine-tuning')
          .choices(['default', 'imagenet', 'xray', 'resize', 'none'])
          .default('default'),
      )
      .option('--validation <fraction>', 'share of every class that is held out for validation', fraction, 0.2)
      .option('--test <fraction>', 'share of every class that is held out for the final measurement', fraction, 0)
      .option('--group-column <name>', 'for a CSV file: images of a group stay on one side of a split')
      .option('--seed <number>', 'seed of the splits, the order and the augmentation', wholeNumber(0), 1)
      .option('--threads <number>', 'threads for fine-tuning (default: one per physical core)', wholeNumber(1))
      .option('--no-report', 'write no report')
      .option('--overwrite', 'replace an earlier model in the output folder', false)
      .option('--restart', 'begin again instead of resuming a training that was interrupted', false);
    for (const option of [...labeledOptions(), ...runtimeOptions()]) command.addOption(option);
    command.action((images: string, options: TrainCommandOptions) => trainModel(images, options, context));
  },
};
