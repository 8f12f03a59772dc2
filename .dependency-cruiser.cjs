// The order of the folders of src/: each imports only those before it, through their index.ts (what users get) and internal.ts (the rest).
const floors = [
  'core',
  'scaling',
  'image',
  'backends',
  'layers',
  'data',
  'models',
  'weights',
  'evaluation/metrics',
  'training',
  'evaluation/predict',
  'evaluation/explain',
  'evaluation/audit',
  'wasm',
  'hdf5',
  'imagenet',
  'onnx',
  'plots',
  'node/files',
  'node/backends',
  'node/images',
  'node/weights',
  'node/runs',
  'cli',
];

const noUpwardImport = floors.map((floor, level) => ({
  name: `${floor}-imports-only-earlier-folders`,
  severity: 'error',
  from: { path: `^src/${floor}/` },
  // The commands are users of the library: they import its entries.
  to: { path: floor === 'cli' ? '^src/cli\\.ts$' : `^src/(?:(?:${floors.slice(level + 1).join('|')})/|[^/]+\\.ts$)` },
}));

module.exports = {
  forbidden: [
    ...noUpwardImport,
    ...floors.map((floor) => ({
      name: `${floor}-through-its-index`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/${floor}/` },
      to: { path: `^src/${floor}/.+`, pathNot: `^src/${floor}/(index|internal)\\.ts$` },
    })),
    {
      name: 'entries-export-what-is-public',
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
      comment: 'Only src/node and src/cli may use Node built-ins; hdf5, onnx and plots stay isomorphic.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(node|cli)(/|\\.ts$)' },
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
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js'],
    },
  },
};
