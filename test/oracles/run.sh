#!/usr/bin/env bash
# Compares with the real frameworks, large networks included: sets up a Python environment (about 8 GB, once), then runs the oracles.
# ORACLE_KERAS_PYTHON and ORACLE_TORCH_PYTHON name interpreters that have the packages already.
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
exec npx vitest run --config test/oracles/vitest.config.ts "$@"
