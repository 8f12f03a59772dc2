"""Classifies the images of a folder with an exported ONNX, on Ray Data: infer.py MODEL FOLDER OUT.

The file says how images become its input; examples/python/classify_onnx.py does it.

On a cluster the same, with RAY_ADDRESS naming it, a folder that every host reads, and one classifier a host instead of one.
"""

import io
import json
import os
import sys
import time

start = time.perf_counter()
import numpy
import onnxruntime
import ray
from PIL import Image

MODEL, FOLDER, OUT = (os.path.abspath(argument) for argument in sys.argv[1:])
PYTHON = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python")
CLASSIFIERS, BATCH = 1, 16


class Classifier:
    def __init__(self, model):
        # Ray's workers import it by themselves.
        sys.path.insert(0, PYTHON)
        from classify_onnx import preprocess

        self.session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        record = json.loads(self.session.get_modelmeta().custom_metadata_map["preprocessing"])
        self.preprocess = lambda data: preprocess(Image.open(io.BytesIO(data)), record)

    def __call__(self, batch):
        images = numpy.stack([self.preprocess(data) for data in batch["bytes"]])
        (probabilities,) = self.session.run(None, {self.input: images})
        return {"path": batch["path"], "probabilities": probabilities}


with open(MODEL, "rb") as file:
    model = file.read()

ray.init(logging_level="error", log_to_driver=False)
ray.data.DataContext.get_current().enable_progress_bars = False
rows = ray.data.read_binary_files(FOLDER, include_paths=True).map_batches(
    Classifier, fn_constructor_args=[model], batch_size=BATCH, compute=ray.data.ActorPoolStrategy(size=CLASSIFIERS)
)

probabilities, times = {}, []
for row in rows.iter_rows():
    probabilities[os.path.relpath(row["path"], FOLDER).replace(os.sep, "/")] = row["probabilities"].tolist()
    times.append(time.perf_counter())

with open(OUT, "w") as out:
    json.dump({"startSeconds": times[0] - start, "seconds": times[-1] - start, "probabilities": probabilities}, out)
