#!/usr/bin/env bash
# Compares with the real frameworks, large networks included: sets up Python environments (about 10 GB, once), then runs the oracles.
# ORACLE_KERAS_PYTHON, ORACLE_TORCH_PYTHON, ORACLE_ONNX_PYTHON, ORACLE_TFJS_PYTHON and ORACLE_TFJS_KERAS2_PYTHON name interpreters that have the packages already;
# ORACLE_IMAGES names folders of images. ORACLE_B0_WEIGHTS names a file with ImageNet weights of B0; without it, fineTunedB0 is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

environment() { # FOLDER REQUIREMENTS [PIP OPTION ...]
  local folder=.cache/$1
  if [ ! -e "$folder/ready" ]; then
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --requirement "test/oracles/$2"
    # The converter alone: what else it names is for other kinds of models.
    if [ $# -gt 2 ]; then "$folder/bin/pip" install --quiet "${@:3}"; fi
    touch "$folder/ready"
  fi
}

if [ -z "${ORACLE_KERAS_PYTHON:-}" ] || [ -z "${ORACLE_TORCH_PYTHON:-}" ]; then
  environment oracles requirements.txt
  export ORACLE_KERAS_PYTHON=${ORACLE_KERAS_PYTHON:-$PWD/.cache/oracles/bin/python}
  export ORACLE_TORCH_PYTHON=${ORACLE_TORCH_PYTHON:-$PWD/.cache/oracles/bin/python}
fi
if [ -z "${ORACLE_ONNX_PYTHON:-}" ]; then
  environment oracles-onnx requirements-onnx.txt
  export ORACLE_ONNX_PYTHON=$PWD/.cache/oracles-onnx/bin/python
fi
if [ -z "${ORACLE_TFJS_PYTHON:-}" ]; then
  environment oracles-tfjs requirements-tfjs.txt --no-deps tensorflowjs==4.22.0
  export ORACLE_TFJS_PYTHON=$PWD/.cache/oracles-tfjs/bin/python
fi
if [ -z "${ORACLE_TFJS_KERAS2_PYTHON:-}" ]; then
  environment oracles-tfjs-keras2 requirements-tfjs-keras2.txt --no-deps tensorflowjs==4.22.0
  export ORACLE_TFJS_KERAS2_PYTHON=$PWD/.cache/oracles-tfjs-keras2/bin/python
fi
# Folders of images, separated by colons.
if [ -z "${ORACLE_IMAGES:-}" ]; then
  for source in "python-pillow/Pillow Tests/images" "lovell/sharp test/fixtures"; do
    read -r repository folder <<< "$source"
    clone=.cache/oracles/$(basename "$repository")
    if [ ! -d "$clone/$folder" ]; then
      rm -rf "$clone"
      git clone --quiet --depth 1 --filter=blob:none --sparse "https://github.com/$repository" "$clone"
      git -C "$clone" sparse-checkout set "$folder"
    fi
    ORACLE_IMAGES=${ORACLE_IMAGES:+$ORACLE_IMAGES:}$PWD/$clone/$folder
  done
  export ORACLE_IMAGES
fi
exec npx vitest run --config test/oracles/vitest.config.ts "$@"
