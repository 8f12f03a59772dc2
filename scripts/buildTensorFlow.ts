// Builds the native part of @tensorflow/tfjs-node against the libtensorflow of a pip wheel, where its own install fails:
// its binaries are for old systems, CUDA 11.2 and Node up to 22 only. Works with the CPU and the CUDA wheel, on Linux.
// usage: npx tsx scripts/buildTensorFlow.ts --help

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const HELP = `Builds the native part of @tensorflow/tfjs-node against a pip wheel of TensorFlow (Linux, g++).

  python3 -m venv .venv && .venv/bin/pip install tensorflow-cpu      (with a GPU: tensorflow[and-cuda])
  npm install --ignore-scripts @tensorflow/tfjs-node
  npx tsx scripts/buildTensorFlow.ts --python .venv/bin/python

  --python FILE     the Python that has tensorflow; default python3
  --project FOLDER  the project that has @tensorflow/tfjs-node and effnet-ts; default this one
  --headers FOLDER  where node_api.h is; default beside this Node, then /usr/include/node
  --unproven        only build, for a project without effnet-ts
  --remove          take the built file away again
`;

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    project: { type: 'string', default: '.' },
    headers: { type: 'string' },
    unproven: { type: 'boolean', default: false },
    remove: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Prints an error message without a stack trace and exits. */
function stop(message: string): never {
  console.error(`buildTensorFlow: ${message}`);
  process.exit(1);
}

function bindingPackage(project: string): string {
  const { resolve: find } = createRequire(join(project, 'package.json'));
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      return dirname(find(`${name}/package.json`));
    } catch {
      // The other package may be installed.
    }
  }
  return stop(`${project} has no @tensorflow/tfjs-node. Run: npm install --ignore-scripts @tensorflow/tfjs-node`);
}

function wheelFolder(python: string): string {
  const question = "import importlib.util as u; s = u.find_spec('tensorflow'); print(s.submodule_search_locations[0] if s else '')";
  let folder: string;
  try {
    folder = execFileSync(python, ['-c', question], { encoding: 'utf8' }).trim();
  } catch {
    return stop(`'${python}' does not run. Name another with --python.`);
  }
  if (folder === '') stop(`'${python}' has no tensorflow. Run: ${python} -m pip install tensorflow-cpu (with a GPU: tensorflow[and-cuda])`);
  return folder;
}

function headerFolder(given: string | undefined): string {
  const candidates = given === undefined ? [resolve(process.execPath, '../../include/node'), '/usr/include/node'] : [resolve(given)];
  return (
    candidates.find((folder) => existsSync(join(folder, 'node_api.h'))) ??
    stop(`no node_api.h in ${candidates.join(' or ')}. Name its folder with --headers.`)
  );
}

/** The libraries of the CUDA wheel are separate packages, next to tensorflow. */
function cudaFolders(wheel: string): string[] {
  const nvidia = join(dirname(wheel), 'nvidia');
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .map((name) => join(nvidia, name, 'lib'))
    .filter((folder) => existsSync(folder));
}

function compile(source: string, wheel: string, headers: string, output: string): void {
  const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
  for (const name of libraries)
    if (!existsSync(join(wheel, name))) stop(`${wheel} does not contain ${name}. Use TensorFlow 2.16 or later for Linux.`);
  const parameters = [
    '-std=c++17',
    '-O2',
    '-shared',
    '-fPIC',
    '-DNAPI_VERSION=8',
    '-DNODE_GYP_MODULE_NAME=tfjs_binding',
    `-I${headers}`,
    `-I${source}`,
    `-I${join(wheel, 'include')}`,
    join(source, 'binding/tfjs_backend.cc'),
    join(source, 'binding/tfjs_binding.cc'),
    `-L${wheel}`,
    ...libraries.map((name) => `-l:${name}`),
    ...[wheel, ...cudaFolders(wheel)].map((folder) => `-Wl,-rpath,${folder}`),
  ];
  mkdirSync(dirname(output), { recursive: true });
  try {
    execFileSync('g++', [...parameters, '-o', `${output}.new`], { stdio: 'inherit' });
  } catch {
    rmSync(`${output}.new`, { force: true });
    stop('g++ failed; its messages stand above. Debian: apt install g++ libnode-dev');
  }
  renameSync(`${output}.new`, output);
}

/** Probes the built backend and its gradients in the project. */
function prove(project: string): void {
  const script = `
    const { selectBackend, probeBackend } = await import('effnet-ts/node');
    await selectBackend(['tensorflow'], { gradients: true });
    const { largestError } = await probeBackend({ gradients: true });
    console.log('The tensorflow backend computes the probe and its gradients; largest error ' + largestError.toExponential(1) + '.');
  `;
  try {
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] });
  } catch {
    stop('the built backend does not pass the probe, see the message above. Undo with --remove.');
  }
}

if (options.help) {
  console.log(HELP);
} else {
  const project = resolve(options.project);
  const source = bindingPackage(project);
  const output = join(source, 'lib/napi-v8/tfjs_binding.node');
  if (options.remove) {
    rmSync(output, { force: true });
    console.log(`Removed ${output}. Run npm rebuild @tensorflow/tfjs-node to restore the original.`);
  } else {
    compile(source, wheelFolder(options.python), headerFolder(options.headers), output);
    console.log(`Built ${output}. Run the same command with --remove to undo.`);
    if (!options.unproven) prove(project);
  }
}
