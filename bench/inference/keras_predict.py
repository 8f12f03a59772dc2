"""Times Keras' network, which exists for B0-B7 and V2. Prints milliseconds as JSON. Arguments: VARIANT SIZE BATCH THREADS ROUNDS."""
import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

variant, (size, batch, threads, rounds) = sys.argv[1], map(int, sys.argv[2:])
tf.config.threading.set_intra_op_parallelism_threads(threads)
name = "EfficientNet" + variant.upper() if not variant.startswith("v2-") else "EfficientNetV2" + variant[3:].upper()
if not hasattr(keras.applications, name):
    sys.exit(f"Keras has no {name}")
model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))
x = (np.random.default_rng(1).random((batch, size, size, 3)) * 255).astype(np.float32)
wall, cpu = [], []
for step in range(-2, rounds):
    start, used = time.perf_counter(), time.process_time()
    model.predict_on_batch(x)
    if step >= 0:
        wall.append((time.perf_counter() - start) * 1000)
        cpu.append((time.process_time() - used) * 1000)
print(json.dumps({"wall": wall, "cpu": cpu}))
