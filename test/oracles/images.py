"""Decodes every image of folders with TensorFlow and Pillow. Run: python images.py TARGET FOLDER...

Writes TARGET/index.json: for each file the shape and the raw RGB of "tensorflow" (JPEG, INTEGER_ACCURATE), "fast" (JPEG, INTEGER_FAST) and "pillow"
(transparency composed on white), all upright as EXIF says, and Pillow's mode. What a framework refuses is left out.
"""
import io, json, os, sys, warnings
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf
from PIL import Image, ImageOps
warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None

ENDINGS = (".jpg", ".jpeg", ".jfif", ".mpo", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff", ".bmp", ".ppm", ".pgm", ".pbm", ".pnm")
TURNS = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a, 2).transpose(1, 0, 2), 8: np.rot90}
target, *folders = sys.argv[1:]
index = {}

def keep(entry, key, pixels):
    name = f"{len(index)}.{key}"
    np.ascontiguousarray(pixels).tofile(os.path.join(target, name))
    entry[key] = dict(height=pixels.shape[0], width=pixels.shape[1], file=name)

def on_white(image):
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    image = image.convert("RGBA")
    canvas = Image.new("RGBA", image.size, "white")
    canvas.alpha_composite(image)
    return canvas.convert("RGB")

for folder in folders:
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(place, name)
            if not name.lower().endswith(ENDINGS): continue
            data = open(path, "rb").read()
            entry, orientation = {}, 1
            try:
                image = Image.open(io.BytesIO(data))
                if image.size[0] * image.size[1] > 60e6: continue
                entry["mode"] = image.mode
                orientation = image.getexif().get(274, 1)
                keep(entry, "pillow", np.asarray(on_white(ImageOps.exif_transpose(image))))
            except Exception: pass
            for key, method in (("tensorflow", "INTEGER_ACCURATE"), ("fast", "INTEGER_FAST")):
                if data[:2] != b"\xff\xd8": continue
                try: keep(entry, key, TURNS.get(orientation, TURNS[1])(tf.io.decode_jpeg(data, channels=3, dct_method=method).numpy()))
                except tf.errors.InvalidArgumentError: pass
            index[path] = entry
json.dump(index, open(os.path.join(target, "index.json"), "w"))
