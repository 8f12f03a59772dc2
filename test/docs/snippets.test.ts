// Every TypeScript snippet of the README and the guides, and every `@example` of a docstring, compiles against the sources.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { examplesOf, moduleOf, pages, ROOT, snippetsOf, sources } from './snippets.js';

test('every snippet of the guides and every example of the docstrings compiles against the sources', () => {
  const examples = sources.flatMap(examplesOf);
  expect(examples.length).toBeGreaterThan(170);
  const guides = pages.flatMap(snippetsOf);
  expect(guides.length).toBeGreaterThan(30);
  const snippets = [...guides, ...examples];
  const folder = path.join(ROOT, 'test', 'docs', 'generated');
  const texts = new Map(snippets.map((snippet, i) => [path.join(folder, `${i}.ts`), moduleOf(snippet)]));
  // What bundlers and packages of the reader's own bring.
  texts.set(
    path.join(folder, 'ambient.d.ts'),
    "declare module 'onnxruntime-web' { export * from 'onnxruntime-node'; }\ndeclare module '*?url' { const url: string; export default url; }",
  );
  const { config } = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), (file) => readFileSync(file, 'utf8')) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, noUnusedLocals: false, types: ['node'] }, ROOT);
  const host = ts.createCompilerHost(options);
  const plain = ts.createCompilerHost(options);
  host.readFile = (file) => texts.get(path.normalize(file)) ?? plain.readFile(file);
  host.fileExists = (file) => texts.has(path.normalize(file)) || plain.fileExists(file);
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = texts.get(path.normalize(file));
    return text === undefined ? plain.getSourceFile(file, languageVersion, ...rest) : ts.createSourceFile(file, text, languageVersion);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  const wrong = [...texts.keys()].flatMap((file, i) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map((diagnostic) => `${snippets[i]?.place ?? ''}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`),
  );
  expect(wrong).toEqual([]);
}, 300_000);
