"""Classifies the pictures of a folder with an exported ONNX, on Ray Data: infer.py MODEL FOLDER OUT.

On a cluster the same, with RAY_ADDRESS naming it, a folder that every host reads, and one classifier a host instead of one.
"""

import json
import os
import sys
import time

start = time.perf_counter()
import onnxruntime
import ray

MODEL, FOLDER, OUT = (os.path.abspath(argument) for argument in sys.argv[1:])
CLASSIFIERS, BATCH = 1, 16


class Classifier:
    def __init__(self, model):
        self.session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name

    def __call__(self, batch):
        (probabilities,) = self.session.run(None, {self.input: batch["image"].astype("float32")})
        return {"path": batch["path"], "probabilities": probabilities}


with open(MODEL, "rb") as file:
    model = file.read()
height, width = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).get_inputs()[0].shape[1:3]

ray.init(logging_level="error", log_to_driver=False)
ray.data.DataContext.get_current().enable_progress_bars = False
rows = ray.data.read_images(FOLDER, size=(height, width), mode="RGB", include_paths=True).map_batches(
    Classifier, fn_constructor_args=[model], batch_size=BATCH, compute=ray.data.ActorPoolStrategy(size=CLASSIFIERS)
)

probabilities, times = {}, []
for row in rows.iter_rows():
    probabilities[os.path.relpath(row["path"], FOLDER).replace(os.sep, "/")] = row["probabilities"].tolist()
    times.append(time.perf_counter())

with open(OUT, "w") as out:
    json.dump({"startSeconds": times[0] - start, "seconds": times[-1] - start, "probabilities": probabilities}, out)
