import { expect, test } from 'vitest';
import { browserPixels } from '../../src/data/index.js';

test('outside of browsers the error names the function for Node', async () => {
  await expect(browserPixels(new Blob(['image']))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[EffnetError: browserPixels: expected a browser, received a runtime without createImageBitmap or OffscreenCanvas. In Node, use \`decodeImage\` of effnet-ts/node.]`,
  );
});
