"""Training steps of Keras' EfficientNetB0. Prints milliseconds as JSON. Arguments: SIZE BATCH WARMUP STEPS."""
import json, os, resource, sys, time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

size, batch, warmup, steps = map(int, sys.argv[1:])
model = keras.applications.EfficientNetB0(weights=None, classes=10, input_shape=(size, size, 3))
model.compile(optimizer=keras.optimizers.SGD(0.01), loss="categorical_crossentropy")
x = np.random.default_rng(1).uniform(0, 255, (batch, size, size, 3)).astype("float32")
y = np.eye(10, dtype="float32")[np.arange(batch) % 10]
milliseconds = []
for step in range(warmup + steps):
    start = time.perf_counter()
    model.train_on_batch(x, y)
    if step >= warmup:
        milliseconds.append((time.perf_counter() - start) * 1000)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"milliseconds": milliseconds, "version": f"keras {keras.__version__}", "peakMegabytes": peak}))
