// `effnet-ts serve`: answers HTTP requests with the classes of images.

import { classify } from '../node.js';
import type { CliCommand, CliContext } from './CliCommand.js';
import { runtimeOptions, wholeNumber, type RuntimeOptions } from './options.js';
import { openPredictor, startBackend } from './openModel.js';
import { openService } from './serve/openService.js';
import { stopSignal } from './serve/stopSignal.js';

interface ServeCommandOptions extends RuntimeOptions {
  readonly port: number;
  readonly host: string;
  readonly cors?: string | undefined;
  readonly queue: number;
  readonly maxMegabytes: number;
  readonly maxMegapixels: number;
  readonly timeout: number;
  readonly top: number;
}

export const serveCommand: CliCommand = {
  name: 'serve',
  summary: 'answer HTTP requests with the classes of images',
  examples: [
    ['serve models/clothes', 'serves a model of your own, with a page to try it on http://localhost:8080'],
    ['serve models/clothes --port 3000', 'uses another port'],
    ['serve models/clothes --host 0.0.0.0 --cors https://example.com', 'lets other machines and the pages of a site call it'],
  ],
  define(command, context) {
    command
      .argument('[model]', 'folder of a saved model, an .onnx file, or a published name', 'lite0')
      .option('-p, --port <number>', 'port; 0 takes any that is free', wholeNumber(0), 8080)
      .option('--host <address>', 'address to listen on; 0.0.0.0 is all addresses of this machine', 'localhost')
      .option('--cors <origin>', "origin whose pages may call the service, or '*'")
      .option('-k, --top <number>', 'classes per image', wholeNumber(1), 5)
      .option('--queue <number>', 'most images that wait; more are refused with 503', wholeNumber(1), 64)
      .option('--max-megabytes <number>', 'most megabytes of a request', wholeNumber(1), 8)
      .option('--max-megapixels <number>', 'most megapixels of an image', wholeNumber(1), 50)
      .option('--timeout <seconds>', 'most seconds for a request to arrive', wholeNumber(1), 30);
    for (const option of runtimeOptions()) command.addOption(option);
    command.action((model: string, options: ServeCommandOptions) => serveModel(model, options, context));
  },
};

async function serveModel(name: string, options: ServeCommandOptions, context: CliContext): Promise<void> {
  const { port, host, cors, queue, maxMegabytes, maxMegapixels, timeout, top, runtime, backend } = options;
  const stopped = stopSignal(context.signal);
  await startBackend(backend, context);
  const { predictor, dispose } = await openPredictor(name, runtime, context);
  try {
    // A model that cannot classify is refused now, and the first client does not wait for the kernels to be prepared.
    await classify(predictor, { width: 8, height: 8, channels: 3, data: new Uint8Array(3 * 64).fill(128) });
    const service = await openService(predictor, {
      port,
      host,
      cors,
      queue,
      bodyBytes: maxMegabytes * 2 ** 20,
      maxPixels: maxMegapixels * 1e6,
      topK: top,
      uploadSeconds: timeout,
      stopSeconds: 10,
      version: context.version,
      onFailure: context.note,
    });
    context.print(`${name} answers on ${service.url}`);
    context.note(`Try it: open the page, or run curl --data-binary @photo.jpg ${service.url}/classify`);
    await new Promise<void>((resolve) => {
      if (stopped.aborted) resolve();
      stopped.addEventListener('abort', () => {
        resolve();
      });
    });
    context.note('Stopping: no new requests are accepted.');
    context.note(`Stopped: ${await service.stop()}.`);
  } finally {
    await dispose();
  }
}
