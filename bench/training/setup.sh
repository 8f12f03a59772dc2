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
package=$folder/node_modules/@tensorflow/tfjs-node
tensorflow=$("$keras" -c 'import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec("tensorflow").origin).parent)')
headers=$(node -p 'require("path").join(require("path").dirname(require("fs").realpathSync(process.execPath)), "../include/node")')
mkdir -p $package/lib/napi-v8
g++ -O2 -std=c++17 -shared -fPIC -DNAPI_VERSION=8 -DNODE_GYP_MODULE_NAME=tfjs_binding \
  -I"$headers" -I$package -I"$tensorflow/include" \
  $package/binding/tfjs_backend.cc $package/binding/tfjs_binding.cc \
  "$tensorflow/libtensorflow_cc.so.2" "$tensorflow/libtensorflow_framework.so.2" -Wl,-rpath,"$tensorflow" \
  -o $package/lib/napi-v8/tfjs_binding.node
echo "Ready: tfjs-node on the libtensorflow in $tensorflow."
