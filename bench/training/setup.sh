#!/usr/bin/env bash
# Sets up the rivals of the training benchmark in .cache/bench: tfjs-node, compiled against TensorFlow's own wheel, Keras and PyTorch.
# Needs g++ and Python 3.11 or later. KERAS_PYTHON and TORCH_PYTHON name existing environments to use instead of a new one.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=.cache/bench
mkdir -p $folder
keras=${KERAS_PYTHON:-$folder/venv/bin/python}
torch=${TORCH_PYTHON:-$folder/venv/bin/python}

if [ ! -x "$keras" ] || [ ! -x "$torch" ]; then
  python3 -m venv $folder/venv
  $folder/venv/bin/pip install --quiet tensorflow-cpu==2.21.* keras==3.15.* torch timm
fi

# tfjs-node's own install fetches a libtensorflow of 2022; its source compiles against today's.
[ -f $folder/package.json ] || echo '{ "private": true }' > $folder/package.json
npm install --prefix $folder --ignore-scripts --no-audit --no-fund @tensorflow/tfjs-node@4.22.0
npx tsx scripts/buildTensorFlow.ts --unproven --project $folder --python "$keras"
