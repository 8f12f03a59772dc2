// Reads the images of a request: the body itself, or the files of a form.

import type { IncomingMessage } from 'node:http';
import { refuse } from './refusal.js';

/** An image file that a client sent. */
export interface UploadedFile {
  /** `undefined` if the body is the file. */
  readonly name: string | undefined;
  readonly bytes: Uint8Array;
}

/** Memory for the bodies of all requests. */
export interface BodyMemory {
  /** Most bytes of one body. */
  readonly each: number;
  /** Most bytes of all bodies that are being received. */
  readonly all: number;
  /** Bytes in use. */
  used: number;
}

/**
 * Reads the images of a request.
 *
 * @throws {RefusedRequest} when the body is too large, is empty, is no form although its type says so, or the memory for bodies is in use.
 */
export async function readUpload(request: IncomingMessage, memory: BodyMemory): Promise<UploadedFile[]> {
  const bytes = await readBody(request, memory);
  const type = request.headers['content-type'] ?? '';
  if (bytes.length === 0) refuse(400, 'expected the bytes of an image or a form with files, received an empty body');
  if (!/^multipart\/form-data/i.test(type)) return [{ name: undefined, bytes }];
  const form = await new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { 'content-type': type } }).formData().catch(() => {
    refuse(400, 'expected a complete form (multipart/form-data), received one that cannot be read');
  });
  const files = [...form.values()].filter((value) => typeof value !== 'string');
  // A form without a chosen file has one without name and content.
  const chosen = files.filter((file) => file.size > 0 || file.name !== '');
  if (chosen.length === 0) refuse(400, 'expected at least one file in the form, received none');
  return Promise.all(chosen.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
}

async function readBody(request: IncomingMessage, memory: BodyMemory): Promise<Uint8Array> {
  const tooLarge = (): never => refuse(413, `expected at most ${memory.each} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > memory.each) tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      memory.used += chunk.length;
      if (size > memory.each) tooLarge();
      if (memory.used > memory.all) refuse(503, 'too many uploads at the same time', 1);
      chunks.push(chunk);
    }
  } finally {
    memory.used -= size;
  }
  return Buffer.concat(chunks);
}
