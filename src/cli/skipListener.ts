// Reports images that were left out.

import type { MapOptions } from '../node.js';
import type { CliContext } from './CliCommand.js';

/** Returns a listener that names the images that were left out, and counts them. */
export function skipListener(total: number, { note }: Pick<CliContext, 'note'>): NonNullable<MapOptions['onSkipped']> {
  return (errors) => {
    if (errors.length === 0) return;
    for (const error of errors) note(error instanceof Error ? error.message : String(error));
    note(`${errors.length} of ${total} images were left out.`);
  };
}
