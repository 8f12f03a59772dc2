"""Opens exports with transformers: export_transformers.py JOBS.json. A job is a folder and images. Prints the probabilities of each."""

import json
import sys

import onnxruntime
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification, pipeline

with open(sys.argv[1]) as file:
    jobs = json.load(file)

results = []
for job in jobs:
    model, info = AutoModelForImageClassification.from_pretrained(job["folder"], output_loading_info=True)
    processor = AutoImageProcessor.from_pretrained(job["folder"])
    classify = pipeline("image-classification", job["folder"], device="cpu")
    onnx = {
        name: onnxruntime.InferenceSession(f"{job['folder']}/onnx/{name}.onnx", providers=["CPUExecutionProvider"])
        for name in job["onnx"]
    }
    answers = {"torch": [], "pipeline": [], **{name: [] for name in onnx}}
    for path in job["images"]:
        image = Image.open(path).convert("RGB")
        pixels = processor(image, return_tensors="pt")
        with torch.no_grad():
            answers["torch"].append(model(**pixels).logits.softmax(-1)[0].tolist())
        scores = {row["label"]: row["score"] for row in classify(image, top_k=len(model.config.id2label))}
        answers["pipeline"].append([scores[label] for label in model.config.id2label.values()])
        for name, session in onnx.items():
            logits = session.run(["logits"], {"pixel_values": pixels["pixel_values"].numpy()})[0]
            answers[name].append(torch.from_numpy(logits).softmax(-1)[0].tolist())
    results.append(
        {
            "class": type(model).__name__,
            "missing": sorted(info["missing_keys"]),
            "unexpected": sorted(info["unexpected_keys"]),
            "labels": list(model.config.id2label.values()),
            "answers": answers,
        }
    )
print(json.dumps(results))
