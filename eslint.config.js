import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['.ci', 'dist', 'node_modules', 'coverage', '.cache', 'docs/api', 'src/*/assembly', 'src/*/binary.ts', '**/*_pb.ts'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js', '*.cjs'] }, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Numbers and shapes are written into messages everywhere.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A static member (className) is how TensorFlow.js registers a class.
      '@typescript-eslint/no-extraneous-class': ['error', { allowStaticOnly: true }],
      // An index known to be in range is written `values[i] as number`, never `values[i]!`.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // fitDataset names a class and takes anything shaped like it.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Prettier breaks code at this width, but neither comments nor strings. A message stays on one line, so that it can be searched for.
      'max-len': ['error', { code: 140, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Name every export.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
        { selector: "CallExpression[callee.property.name='dataSync']", message: 'Await data() instead.' },
      ],
      'no-restricted-imports': ['error', { paths: [{ name: '@tensorflow/tfjs', message: 'Import tfjs-core and tfjs-layers.' }] }],
    },
  },
  { files: ['**/*.config.ts', '*.config.js', '*.cjs'], rules: { 'no-restricted-syntax': 'off', 'max-len': 'off' } },
  { files: ['**/*.js', '**/*.cjs'], extends: [tseslint.configs.disableTypeChecked], languageOptions: { globals: { module: 'writable' } } },
  { files: ['packages/**'], languageOptions: { globals: { URL: 'readonly' } } },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      'no-restricted-syntax': 'off',
    },
  },
);
