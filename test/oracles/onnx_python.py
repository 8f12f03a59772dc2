"""Runs examples/python/classify_onnx.py on jobs: onnx_python.py JOBS.json. A job is a model or a record, and images."""

import json
import pathlib
import sys

import numpy as np
import onnxruntime
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "python"))
import classify_onnx
from classify_onnx import preprocess

numpy_resize = classify_onnx.resize


def pillow_resize(pixels, height, width, record):
    """Pillow's own resize on float channels, which it does not round."""
    method = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}[record["interpolation"]]
    channels = [Image.fromarray(pixels[:, :, i].astype(np.float32)).resize((width, height), method) for i in range(3)]
    return np.stack([np.asarray(channel) for channel in channels], axis=2)


with open(sys.argv[1]) as file:
    jobs = json.load(file)

results = []
for job in jobs:
    if "record" in job:
        # The inputs themselves, to compare pixels.
        preprocess(Image.open(job["images"][0]), job["record"]).tofile(job["out"])
        results.append(None)
        continue
    session = onnxruntime.InferenceSession(job["model"], providers=["CPUExecutionProvider"])
    record = json.loads(session.get_modelmeta().custom_metadata_map["preprocessing"])
    name = session.get_inputs()[0].name
    run = lambda image, record: session.run(None, {name: preprocess(image, record)[np.newaxis]})[0][0].tolist()
    answer = {"own": [run(Image.open(image), record) for image in job["images"]]}
    if record["antialias"] and record["resampler"] == "tensorflow":
        answer["rounded"] = [run(Image.open(image), {**record, "resampler": "pillow"}) for image in job["images"]]
        classify_onnx.resize = pillow_resize
        answer["floats"] = [run(Image.open(image), record) for image in job["images"]]
        classify_onnx.resize = numpy_resize
    results.append(answer)
print(json.dumps(results))
