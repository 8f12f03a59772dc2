"""Saves arrays as Google's training saved them: google_checkpoint.py ARRAYS.safetensors FOLDER.

The weights themselves are zeros; the given arrays are their moving averages. State of the optimizer and a step counter lie beside them.
"""
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf
from safetensors.numpy import load_file

arrays, folder = sys.argv[1:]
v1 = tf.compat.v1
with tf.Graph().as_default(), v1.Session() as session:
    for name, value in load_file(arrays).items():
        name = f"efficientnet-lite0/{name}"
        v1.get_variable(name, initializer=np.zeros_like(value))
        v1.get_variable(f"{name}/ExponentialMovingAverage", initializer=value)
        if "kernel" in name: v1.get_variable(f"{name}/RMSProp", initializer=np.ones_like(value))
    v1.get_variable("global_step", initializer=np.int64(5))
    session.run(v1.global_variables_initializer())
    v1.train.Saver().save(session, os.path.join(folder, "model.ckpt"))
