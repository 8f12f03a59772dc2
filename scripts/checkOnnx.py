"""Checks one exported model: python checkOnnx.py PATH, for PATH.onnx and the answers in PATH.json. Called by checkOnnx.ts."""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime

path = sys.argv[1]
onnx.checker.check_model(f"{path}.onnx", full_check=True)
model = onnx.load(f"{path}.onnx")
with open(f"{path}.json") as file:
    expected = json.load(file)
session = onnxruntime.InferenceSession(f"{path}.onnx", providers=["CPUExecutionProvider"])
pixels = np.array(expected["pixels"], np.float32).reshape(expected["shape"])
outputs = session.run(None, {session.get_inputs()[0].name: pixels})
worst = 0.0
for output, answer in zip(outputs, expected["answers"], strict=True):
    answer = np.array(answer).reshape(output.shape)
    worst = max(worst, float(np.abs(output - answer).max() / (answer.max() - answer.min())))
print(f"{os.path.basename(path):12} accepted by onnx {onnx.__version__}, {len(model.graph.node):4} operators, differs by {worst:.1e} of the range")
sys.exit(0 if worst < expected["tolerance"] else 1)
