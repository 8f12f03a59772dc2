#!/usr/bin/env bash
# Sets up the rivals of the pipeline benchmark in .cache/bench: tf.data and torchvision's DataLoader. Needs Python 3.11 or later.
# KERAS_PYTHON and TORCH_PYTHON name existing environments to use instead of a new one.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=.cache/bench
[ -x "${KERAS_PYTHON:-$folder/venv/bin/python}" ] && [ -x "${TORCH_PYTHON:-$folder/venv/bin/python}" ] && exit 0
python3 -m venv $folder/venv
$folder/venv/bin/pip install --quiet tensorflow-cpu==2.21.* torch torchvision
