// The floors: a folder of src/ may import only the folders that stand before it, through their index.ts.
const floors = [
  'core', 'scaling', 'image', 'layers', 'data', 'models', 'backends', 'weights', 'training', 'evaluation',
  'wasm', 'hdf5', 'imagenet', 'onnx', 'plots', 'node',
];

const noUpwardImport = floors.map((floor, level) => ({
  name: `${floor}-imports-only-lower-floors`,
  severity: 'error',
  from: { path: `^src/${floor}/` },
  to: { path: `^src/(?:(?:${floors.slice(level + 1).join('|') || '-'})/|[^/]+\\.ts$)` },
}));

module.exports = {
  forbidden: [
    ...noUpwardImport,
    {
      name: 'through-the-index',
      comment: 'Another folder is imported through its index.ts.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/.+', pathNot: ['^src/$1/', '/index\\.ts$'] },
    },
    {
      name: 'entries-through-the-index',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/[^/]+/.+', pathNot: '/index\\.ts$' },
    },
    {
      name: 'no-tensor-on-the-ground',
      severity: 'error',
      from: { path: '^src/(core|scaling|image)/' },
      to: { path: '@tensorflow' },
    },
    {
      name: 'node-only-in-node',
      comment: 'Only src/node may use Node built-ins; hdf5, onnx and plots stay isomorphic.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/node(/|\\.ts$)' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // AssemblyScript, compiled by scripts/buildKernels.ts.
    exclude: { path: '^src/(wasm|image)/assembly/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'], extensions: ['.ts', '.js'] },
  },
};
