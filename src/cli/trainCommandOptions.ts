import type { RecipeName } from '../node.js';
import type { CsvOptions, RuntimeOptions } from './options.js';

/** The options of `effnet-ts train`. */
export interface TrainCommandOptions extends RuntimeOptions, CsvOptions {
  readonly output: string;
  readonly base: string;
  readonly weights?: string | undefined;
  readonly inputSize?: number | undefined;
  readonly epochs: number;
  readonly fineTuneEpochs: number;
  readonly fineTuneFrom: string;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly augment: RecipeName | 'none';
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
  readonly threads?: number | undefined;
  readonly report: boolean;
  readonly overwrite: boolean;
  readonly restart: boolean;
}
