// An HTTP server on this machine, for tests of downloads.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running server. */
export interface LocalServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** The paths that were asked for, in order. */
  readonly requests: string[];
  /** Ends all connections, also unfinished ones. */
  readonly stop: () => Promise<void>;
}

/** Starts a server on a free port. The caller must stop it. */
export async function startServer(listener: RequestListener): Promise<LocalServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () =>
      new Promise((done) => {
        server.close(() => {
          done();
        });
        server.closeAllConnections();
      }),
  };
}
