"""Training steps of Keras' EfficientNetB0. Prints the times of the steps as JSON. The argument is a StepCase as JSON."""
import json
import os
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

case = json.loads(sys.argv[1])
mode, size, batch = case["mode"], case["size"], case["batch"]
if isinstance(case.get("threads"), int):
    tf.config.threading.set_intra_op_parallelism_threads(case["threads"])
network = keras.applications.EfficientNetB0(weights=None, classes=10, input_shape=(size, size, 3))
if mode != "all-trained":
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
x = np.random.default_rng(1).uniform(0, 255, (batch, size, size, 3)).astype("float32")
y = np.eye(10, dtype="float32")[np.arange(batch) % 10]

model = network
if mode.startswith("block"):
    cut = network.get_layer(f"{mode}_expand_conv").input
    below, above = keras.Model(network.input, cut), keras.Model(cut, network.output)
    below.trainable = False
    if case.get("cached"):
        x, model = np.asarray(below.predict_on_batch(x)), above
    else:
        inputs = keras.Input((size, size, 3))
        model = keras.Model(inputs, above(below(inputs, training=False)))

model.compile(optimizer=keras.optimizers.SGD(0.001), loss="categorical_crossentropy")
milliseconds, processor = [], []
for step in range(case["warmup"] + case["steps"]):
    start, used = time.perf_counter(), time.process_time()
    model.train_on_batch(x, y)
    if step >= case["warmup"]:
        milliseconds.append((time.perf_counter() - start) * 1000)
        processor.append((time.process_time() - used) * 1000)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
version = f"keras {keras.__version__}, tensorflow {tf.__version__}"
print(json.dumps({"milliseconds": milliseconds, "processor": processor, "version": version, "peakMegabytes": peak}))
