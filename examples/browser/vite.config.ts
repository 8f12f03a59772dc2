// Serves and builds the page. The aliases stand for the installed package; an application of your own has none.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const source = path.join(import.meta.dirname, '../../src');

/** With these a page is cross-origin isolated, and wasm may use threads. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** Writes a service worker that keeps every file of the build. */
function offline(): Plugin {
  let folder = '';
  return {
    name: 'offline',
    apply: 'build',
    configResolved({ root, build }) {
      folder = path.resolve(root, build.outDir);
    },
    closeBundle() {
      const files = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));
      const version = files
        .reduce((hash, file) => hash.update(readFileSync(path.join(folder, file))), createHash('sha256'))
        .digest('hex')
        .slice(0, 16);
      const program = readFileSync(path.join(import.meta.dirname, 'serviceWorker.js'), 'utf8');
      writeFileSync(
        path.join(folder, 'serviceWorker.js'),
        `const VERSION = '${version}';\nconst FILES = ${JSON.stringify(['./', ...files])};\n${program}`,
      );
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  resolve: {
    alias: [
      { find: /^effnet-ts$/, replacement: `${source}/index.ts` },
      { find: /^effnet-ts\/(.*)$/, replacement: `${source}/$1.ts` },
    ],
  },
  assetsInclude: ['**/*.safetensors'],
  worker: { format: 'es' },
  server: { headers, fs: { allow: ['../..'] } },
  preview: { headers },
  build: { target: 'es2022', outDir: '../../runs/browser', emptyOutDir: true, chunkSizeWarningLimit: 2000 },
  plugins: [offline()],
});
