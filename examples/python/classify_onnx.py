"""Classifies images with an ONNX file of effnet-ts, by its metadata alone: classify_onnx.py MODEL IMAGE ..."""

import json
import math
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

f32 = np.float32


def weights(old, new, interpolation, antialias):
    """The share of each old pixel in each new one, as tf.image.resize has it: [new, old]."""
    scale, pixels = f32(old / new), np.arange(old)
    if interpolation == "nearest":
        return np.eye(old)[np.minimum(old - 1, ((np.arange(new, dtype=f32) + f32(0.5)) * scale).astype(int))]
    if interpolation == "area":
        low, high = [(np.arange(new) + step)[:, None].astype(f32) * scale for step in (0, 1)]
        share = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, None)
    else:
        center = (np.arange(new, dtype=f32) + f32(0.5)) * scale - f32(0.5)
        if interpolation == "bicubic" and not antialias:  # TensorFlow takes these weights from a table of 1024 steps.
            center = np.floor(center) + np.round((center - np.floor(center)) * 1024) / 1024
        distance = np.abs(pixels - center[:, None]) / (max(scale, 1) if antialias else 1)
        near, far = (1.5 * distance - 2.5) * distance**2 + 1, ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
        cubic = np.where(distance < 1, near, np.where(distance < 2, far, 0))
        share = cubic if interpolation == "bicubic" else np.maximum(0, 1 - distance)
    return share / share.sum(axis=1, keepdims=True)


def resize(pixels, height, width, record):
    if record["resampler"] == "pillow":
        filters = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "area": Image.BOX}
        return np.asarray(Image.fromarray(pixels).resize((width, height), filters[record["interpolation"]]))
    rows, columns = [weights(old, new, record["interpolation"], record["antialias"]) for old, new in zip(pixels.shape, (height, width))]
    return np.einsum("yh,hwc,xw->yxc", rows, pixels.astype(np.float64), columns, optimize=True).astype(f32)


def crop(pixels, height, width, margins):
    rounded = {"floor": math.floor, "ceil": math.ceil, "even": round}[margins]
    top, left = rounded((pixels.shape[0] - height) / 2), rounded((pixels.shape[1] - width) / 2)
    return pixels[top : top + height, left : left + width]


def frame(pixels, height, width, top, left, fill):
    framed = np.empty((height, width, 3), pixels.dtype)
    framed[:] = fill
    framed[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return framed


def preprocess(image, record):
    """An image of Pillow as the model's input: float32 [height, width, 3]."""
    pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    (height, width), (tall, wide), fit, share = pixels.shape[:2], record["inputSize"], record["fit"], record["cropFraction"]
    margins, fill = record["margins"], record["fillValue"]
    # The largest box of the input's proportions within the image, and the smallest one around it.
    across, down = f32(f32(height * wide) / f32(tall)), f32(f32(width * tall) / f32(wide))
    if fit == "crop":
        box = [min(height, int(down)), min(width, int(across))]
        box = [max(1, side if share == 1 else int(f32(share) * f32(side))) for side in box]
        return resize(crop(pixels, *box, margins), tall, wide, record).astype(f32)
    whole = math.floor(tall / share), math.floor(wide / share)
    if fit == "stretch":
        pixels = resize(pixels, *whole, record)
    elif fit == "pad":
        across, down = f32(f32(height * whole[1]) / f32(whole[0])), f32(f32(width * whole[0]) / f32(whole[1]))
        top, left = (max(height, int(down)) - height) // 2, (max(width, int(across)) - width) // 2
        pixels = resize(frame(pixels, height + 2 * top, width + 2 * left, top, left, fill), *whole, record)
    elif fit == "resizeCrop":
        if whole[0] == whole[1]:
            side, shorter = whole[0], min(height, width)
            pixels = resize(pixels, side * height // shorter, side * width // shorter, record)
        else:
            ratio = min(height / whole[0], width / whole[1])
            pixels = resize(pixels, round(height / ratio), round(width / ratio), record)
    else:  # resizePad
        if margins == "even":
            ratio = max(height / whole[0], width / whole[1])
            exact = round(height / ratio), round(width / ratio)
        else:
            ratio = max(f32(width / whole[1]), f32(height / whole[0]))
            exact = f32(height / ratio), f32(width / ratio)
        pixels = resize(pixels, int(exact[0]), int(exact[1]), record)
        top, left = (max(0, math.floor(f32(side - inner) / 2)) for side, inner in zip((tall, wide), exact))
        pixels = frame(pixels, max(pixels.shape[0], tall), max(pixels.shape[1], wide), top, left, fill)
    return crop(pixels, tall, wide, margins).astype(f32)


if __name__ == "__main__":
    session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    record, classes = json.loads(metadata["preprocessing"]), json.loads(metadata.get("classes", "null"))
    for name in sys.argv[2:]:
        batch = preprocess(Image.open(name), record)[np.newaxis]
        (probabilities,) = session.run(None, {session.get_inputs()[0].name: batch})[0]
        best = int(np.argmax(probabilities))
        print(f"{name}: {classes[best] if classes else best} {probabilities[best]:.4f}")
