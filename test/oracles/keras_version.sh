#!/usr/bin/env bash
# Installs one version of Keras on demand and writes its files with it: keras_version.sh NAME FOLDER [OPTION...]
# NAME is `keras3.N`, `tf_keras2.N` (both on the TensorFlow of ORACLE_KERAS_PYTHON) or `tensorflow2.N`, which gets an environment of its own (1 GB).
# ORACLE_KERAS_VERSIONS names the folder of the installations.
set -euo pipefail
name=$1
folder=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
installations=${ORACLE_KERAS_VERSIONS:-$here/../../.cache/oracles/keras}
target=$installations/$name
mkdir -p "$installations"
minor=${name##*.}
python=$ORACLE_KERAS_PYTHON
module=keras
if [[ $name == tensorflow* ]]; then
  python=$target/bin/python
  if [ ! -e "$target/ready" ]; then
    python3 -m venv "$target"
    "$target/bin/pip" install --quiet "tensorflow-cpu==2.$minor.*" 'numpy<2'
    touch "$target/ready"
  fi
else
  [[ $name == tf_keras* ]] && module=tf_keras
  if [ ! -e "$target/ready" ]; then
    "$python" -m pip install --quiet --no-deps --target "$target" "$module==${name#"$module"}.*" $([ "$name" = keras3.0 ] && echo dm-tree)
    touch "$target/ready"
  fi
  export PYTHONPATH=$target
fi
[[ $module == tf_keras ]] && export TF_USE_LEGACY_KERAS=1
exec "$python" "$here/keras_files.py" "$module" "$folder" "$@"
