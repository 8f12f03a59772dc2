// What the check of the published types finds; `npm run api` runs it on the build.

import ts from 'typescript';
import { expect, test } from 'vitest';
import { typeFaults } from '../../scripts/typeFaults.js';

/** The faults of a package of one file. Every package that it imports is optional. */
function faultsOf(source: string): string[] {
  const files: Readonly<Record<string, string>> = {
    '/index.d.ts': source,
    '/vega.d.ts': 'declare module "vega" { export interface Spec { readonly mark: string } }',
  };
  const host = ts.createCompilerHost({});
  const program = ts.createProgram(
    Object.keys(files),
    { strict: true, exactOptionalPropertyTypes: true, noLib: true, types: [] },
    {
      ...host,
      fileExists: (file) => file in files,
      readFile: (file) => files[file],
      getSourceFile: (file, target) => (files[file] === undefined ? undefined : ts.createSourceFile(file, files[file], target)),
    },
  );
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile('/index.d.ts')!)!;
  const symbols = new Set(checker.getExportsOfModule(module));
  return typeFaults({ checker, symbols, optionalPackages: ['vega'], isOwn: ({ fileName }) => fileName === '/index.d.ts' });
}

test.each([
  [
    'an optional property that does not accept undefined',
    'export interface A { readonly b?: number }',
    ['A has an optional `b` that does not accept undefined.'],
  ],
  [
    'a type of an optional package',
    "import type { Spec } from 'vega'; export declare function draw(spec: Spec): void;",
    ['draw names a type of the optional package vega.'],
  ],
  [
    'a type that nobody can import',
    'interface Hidden { readonly a: number } export declare function make(): Hidden; export {};',
    ['make names `Hidden`, which no entry exports.'],
  ],
  [
    'a type that is read off a value',
    'declare const table: { readonly a: 1 }; export declare type Name = keyof typeof table; export {};',
    ['Name is written as `keyof typeof table`. Write the type out.'],
  ],
  [
    'a parameter without a name',
    'export interface A { readonly a: number } export declare function take({ a }: A): void;',
    ['take takes an unnamed parameter `{ a }`. Name it.'],
  ],
  [
    'options without a name',
    'export declare function take(options: { readonly a: number }): void;',
    ['take takes `{ readonly a: number }`. Give the type a name.'],
  ],
  [
    'options with the name of something else',
    'export interface DrawOptions { readonly a: number } export declare function render(options: DrawOptions): void;',
    ['render takes `DrawOptions`. Name it after the function.'],
  ],
])('finds %s', (_, source, faults) => {
  expect(faultsOf(source)).toEqual(faults);
});

test('finds no fault in types that are exported and named', () => {
  expect(
    faultsOf(`
    export interface DrawOptions { readonly size?: number | undefined }
    export interface SharedOptions { readonly size?: number | undefined }
    export declare function draw(options?: DrawOptions): void;
    export declare function first(options: SharedOptions): void;
    export declare function second(options: SharedOptions): void;
  `),
  ).toEqual([]);
});
