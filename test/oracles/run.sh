#!/usr/bin/env bash
# Compares with the real frameworks, large networks included: sets up a Python environment (about 8 GB, once), then runs the oracles.
# ORACLE_KERAS_PYTHON and ORACLE_TORCH_PYTHON name interpreters that have the packages already; ORACLE_IMAGES names folders of images.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -z "${ORACLE_KERAS_PYTHON:-}" ] || [ -z "${ORACLE_TORCH_PYTHON:-}" ]; then
  environment=.cache/oracles
  if [ ! -e "$environment/ready" ]; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --requirement test/oracles/requirements.txt
    touch "$environment/ready"
  fi
  export ORACLE_KERAS_PYTHON=${ORACLE_KERAS_PYTHON:-$PWD/$environment/bin/python}
  export ORACLE_TORCH_PYTHON=${ORACLE_TORCH_PYTHON:-$PWD/$environment/bin/python}
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
