// What servers answer instead of a model's files.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from '../../src/models/index.js';
import { startWasm } from '../support/wasm.js';

const PAGE = '<!doctype html>\n<html><body>The application</body></html>';
const MODEL = JSON.stringify({
  modelTopology: {},
  weightsManifest: [{ paths: ['weights.bin'], weights: [{ name: 'w', shape: [2], dtype: 'float32' }] }],
});

/** By the folder in the URL: the answer for the model.json, and for its weights. */
const ANSWERS: Readonly<Record<string, readonly [json: string, weights: string | number]>> = {
  page: [PAGE, ''],
  comment: ['\n<!-- an application -->\n<html></html>', ''],
  weights: [MODEL, PAGE],
  missing: [MODEL, 404],
  short: [MODEL, 'four'],
};

let server: Server;
let origin: string;
beforeAll(async () => {
  await startWasm();
  server = createServer(({ url = '' }, response) => {
    const [json, weights] = ANSWERS[url.split('/')[1]!] ?? [PAGE, 404];
    const answer = url.endsWith('.json') ? json : weights;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

test.each([
  [
    'page',
    "DataError: loadModel: expected a saved model at 'URL', received a web page. Servers send one if the file is not at that URL.",
  ],
  [
    'comment',
    "DataError: loadModel: expected a saved model at 'URL', received a web page. Servers send one if the file is not at that URL.",
  ],
  [
    'weights',
    "WeightsError: loadModel: expected the weight file 'weights.bin' beside 'URL', received a web page. Servers send one if the file is not at that URL.",
  ],
  [
    'missing',
    "WeightsError: loadModel: expected the weight file 'weights.bin' beside 'URL', received nothing: the server answered 404 Not Found.",
  ],
  ['short', 'WeightsError: loadModel: expected 8 bytes of weights, received 4. The weight file is truncated or belongs to another model.'],
])('a server that answers with another thing than the model, %s, is told so', async (name, message) => {
  const url = `${origin}/${name}/model.json`;
  const error: unknown = await loadModel(url).catch((cause: unknown) => cause);
  expect(String(error).replace(url, 'URL')).toBe(message);
});

test('a server that is not there is named with the reason', async () => {
  await expect(loadModel('http://127.0.0.1:9/model.json')).rejects.toThrow(
    /^loadModel: expected a saved model at 'http:\/\/127\.0\.0\.1:9\/model\.json', received nothing: the server did not answer \(.+\)\.$/,
  );
});
