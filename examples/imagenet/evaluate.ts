// Question: does a published checkpoint reach its published accuracy here?
// Command:  npm run example:imagenet-evaluate -- --data path/to/validation --checkpoint keras/b0
//           ... --data path/to/images --labels path/to/val.txt --checkpoint timm/tf_efficientnet_lite0.in1k --limit 5000
// Expect:   a line with top-1 and top-5, and the published top-1.
// Minutes:  depends on the network; 50,000 images through Lite0 take about half an hour on two cores.

import { parseArgs } from 'node:util';
import { OptionError, progressBar, selectBackend } from 'effnet-ts/node';
import { interruption, runExample } from '../shared/run.js';
import { evaluateCheckpoint } from './evaluateCheckpoint.js';

await runExample(async () => {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: '' },
      labels: { type: 'string', default: '' },
      checkpoint: { type: 'string', default: 'keras/b0' },
      weights: { type: 'string', default: '' },
      skip: { type: 'string', default: '0' },
      limit: { type: 'string', default: '0' },
      'batch-size': { type: 'string', default: '32' },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.data === '') throw new OptionError('--data: expected the folder of the validation images or TFRecords, received none.');
  const numberOf = (flag: 'skip' | 'limit' | 'batch-size', least: number): number => {
    const value = Number(values[flag]);
    if (Number.isInteger(value) && value >= least) return value;
    throw new OptionError(`--${flag}: expected an integer of at least ${least}, received '${values[flag]}'.`);
  };
  const [skip, limit, batchSize] = [numberOf('skip', 0), numberOf('limit', 0), numberOf('batch-size', 1)];
  await selectBackend();
  const measured = await evaluateCheckpoint({
    data: values.data,
    labels: values.labels,
    checkpoint: values.checkpoint,
    weights: values.weights,
    skip,
    limit,
    batchSize,
    onProgress: progressBar(),
    signal: interruption(false),
  });
  if (values.json) {
    console.log(JSON.stringify(measured));
    return;
  }
  const { checkpoint, images, broken, top1, top5, interval, published } = measured;
  const [low, high] = interval.map((value) => value.toFixed(1));
  console.log(
    `${checkpoint}: top-1 ${top1.toFixed(2)} % (95 % interval ${low} to ${high}), top-5 ${top5.toFixed(2)} % of ${images} images; ` +
      `published top-1 ${published === null ? 'none' : `${published.toFixed(1)} %`}`,
  );
  if (broken.length > 0) console.log(`${broken.length} images cannot be decoded and are not counted, for example ${broken[0]}`);
});
