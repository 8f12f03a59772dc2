import { defineConfig } from 'tsup';

export default defineConfig({
  // imageWorker is no entry of the package: threads start from it.
  entry: { imageWorker: 'src/node/imageWorker.ts', index: 'src/index.ts', hdf5: 'src/hdf5.ts', imagenet: 'src/imagenet.ts', plots: 'src/plots.ts', node: 'src/node.ts', wasm: 'src/wasm.ts', onnx: 'src/onnx.ts' },
  format: 'esm',
  target: 'es2022',
  // What is marked @internal is for this package's own modules.
  dts: { compilerOptions: { stripInternal: true } },
  splitting: true,
  sourcemap: true,
  clean: true,
  // Dependencies and peers stay imports; nothing is bundled into the package.
  skipNodeModulesBundle: true,
});
