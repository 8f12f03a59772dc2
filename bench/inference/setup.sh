#!/usr/bin/env bash
# Sets up the rivals of the inference benchmark: other packages of npm in .cache/bench/node, and in .cache/bench/venv Keras on TensorFlow,
# timm on PyTorch, and onnx for timm's export.
# Needs Python 3.11 or later and about 6 GB.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .cache/bench
python3 -m venv .cache/bench/venv
.cache/bench/venv/bin/pip install --quiet tensorflow-cpu==2.21.* keras==3.15.* torch timm onnx onnxscript
mkdir -p .cache/bench/node
ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix .cache/bench/node --no-audit --no-fund --silent @huggingface/transformers@4 \
  @tensorflow-models/mobilenet@2 @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-converter@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0
