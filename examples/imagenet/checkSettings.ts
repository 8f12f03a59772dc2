// Checks the settings of the ImageNet example before anything is read or downloaded.

import { OptionError } from 'effnet-ts/node';
import { SCALINGS } from './network.js';
import type { Settings } from './settings.js';

/** @throws {OptionError} when a setting is none of its values, or two settings exclude each other. */
export function checkSettings({ data, schema, start, scaling, trainRecords, validationRecords }: Settings): void {
  checkChoice('--schema', schema, ['official', 'flat'], schema === '');
  checkChoice('--start', start, ['random', 'imagenet']);
  checkChoice('--scaling', scaling, Object.keys(SCALINGS));
  const { width, depth } = SCALINGS[scaling] ?? {};
  if (start === 'imagenet' && (width !== 1 || depth !== 1))
    throw new OptionError(
      `--scaling: expected baseline or resolution with --start imagenet, received '${scaling}'. There are no such weights.`,
    );
  if (data === '' && trainRecords + validationRecords !== '')
    throw new OptionError('--train-records, --validation-records: expected nothing without --data, whose files they name.');
}

function checkChoice(flag: string, value: string, choices: readonly string[], accepted = false): void {
  if (!accepted && !choices.includes(value)) throw new OptionError(`${flag}: expected ${choices.join(' or ')}, received '${value}'.`);
}
