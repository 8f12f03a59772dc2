#!/usr/bin/env bash
# Sets up the Python rivals of the inference benchmark in .cache/bench/venv: Keras on TensorFlow, timm on PyTorch, and onnx for timm's export.
# Needs Python 3.11 or later and about 6 GB.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .cache/bench
python3 -m venv .cache/bench/venv
.cache/bench/venv/bin/pip install --quiet tensorflow-cpu==2.21.* keras==3.15.* torch timm onnx onnxscript
