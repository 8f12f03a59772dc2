import { defineConfig, type Options } from 'tsup';

const common: Options = {
  format: 'esm',
  target: 'es2022',
  // Dependencies and peers stay imports; nothing is bundled into the package.
  skipNodeModulesBundle: true,
};

export default defineConfig([
  {
    ...common,
    // imageWorker and trainingWorker are no entries of the package: threads start from them.
    entry: {
      // The program of `bin`.
      cli: 'src/cli.ts',
      imageWorker: 'src/node/images/imageWorker.ts',
      trainingWorker: 'src/node/runs/trainingWorker.ts',
      index: 'src/index.ts',
      hdf5: 'src/hdf5.ts',
      plots: 'src/plots.ts',
      node: 'src/node.ts',
      wasm: 'src/wasm.ts',
      onnx: 'src/onnx.ts',
    },
    // What is marked @internal is for this package's own modules.
    dts: {
      compilerOptions: { stripInternal: true },
      entry: {
        index: 'src/index.ts',
        hdf5: 'src/hdf5.ts',
        imagenet: 'src/imagenet.ts',
        plots: 'src/plots.ts',
        node: 'src/node.ts',
        wasm: 'src/wasm.ts',
        onnx: 'src/onnx.ts',
      },
    },
    splitting: true,
    sourcemap: true,
    // The second build writes imagenet.js at the same time.
    clean: ['!imagenet.js'],
  },
  // A source map would contain the thousand class names a second time.
  { ...common, entry: { imagenet: 'src/imagenet.ts' } },
]);
