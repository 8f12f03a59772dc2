"""Converts Google's TensorFlow 1 checkpoints to safetensors, which `loadWeights` reads (layout `tf1`, moving averages preferred).

    pip install tensorflow-cpu safetensors
    python convert_google_checkpoint.py b0.safetensors ckptsaug/efficientnet-b0.tar.gz     # an archive's path below Google's folder, a URL,
    python convert_google_checkpoint.py b0.safetensors efficientnet-b0/                    # or a folder that holds an unpacked one

Archives of a background class (EdgeTPU: 1001 outputs) keep it: build the model with `classes: 1001`.
"""
import os, sys, tarfile, tempfile, urllib.request

BASE = "https://storage.googleapis.com/cloud-tpu-checkpoints/efficientnet/"

def folder_of(source, scratch):
    if os.path.isdir(source): return source
    url = source if "://" in source else BASE + source
    archive, _ = urllib.request.urlretrieve(url, os.path.join(scratch, "archive"))
    with tarfile.open(archive) as tar: tar.extractall(scratch, filter="data")
    return scratch

def checkpoint_in(folder):
    for root, _, files in os.walk(folder):
        for file in sorted(files):
            if file.endswith(".index"): return os.path.join(root, file[: -len(".index")])
    sys.exit(f"no TensorFlow checkpoint in {folder}")

def main(target, source):
    import numpy as np, tensorflow as tf
    from safetensors.numpy import save_file
    with tempfile.TemporaryDirectory() as scratch:
        reader = tf.train.load_checkpoint(checkpoint_in(folder_of(source, scratch)))
        names = reader.get_variable_to_shape_map()
        arrays = {name: np.ascontiguousarray(reader.get_tensor(name)) for name in names if reader.get_tensor(name).dtype == np.float32}
    save_file(arrays, target)
    print(f"{len(arrays)} arrays in {target}")

if __name__ == "__main__":
    if len(sys.argv) != 3: sys.exit(__doc__)
    main(*sys.argv[1:])
