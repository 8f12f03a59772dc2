"""The real resizing as an oracle, for every pair of lengths up to 300 and every published evaluation.

tensorflow FOLDER: METHOD-ANTIALIAS.f32, the results of tf.image.resize for all lengths 1 to 300 and targets 1 to 300 on end.
pillow FOLDER: pillow.json, a digest of the results for targets 1 to 300 for each method and length.
timm FOLDER NAMES: timm.json, a digest of what each checkpoint's own transform makes of photos, before normalization; NAMES is a JSON list of names.
"""
import hashlib, json, os, pathlib, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np

here = pathlib.Path(__file__).resolve().parent
LIMIT = 300
digest = lambda pixels: hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()[:12]

def line(length):
    i = np.arange(length)
    return ((37 * i + 11 * i * i + 101 * (i // 4)) % 256).astype(np.uint8)

def tensorflow(folder):
    import tensorflow as tf
    for method, antialias in [("bilinear", False), ("bicubic", False), ("area", False), ("bilinear", True), ("bicubic", True)]:
        with open(folder / f"{method}-{str(antialias).lower()}.f32", "wb") as file:
            for length in range(1, LIMIT + 1):
                column = tf.constant(line(length).reshape(-1, 1, 1))
                for to in range(1, LIMIT + 1):
                    file.write(tf.image.resize(column, (to, 1), method=method, antialias=antialias).numpy().astype("<f4").tobytes())

def pillow(folder):
    from PIL import Image
    methods = dict(bilinear=Image.Resampling.BILINEAR, bicubic=Image.Resampling.BICUBIC, area=Image.Resampling.BOX, nearest=Image.Resampling.NEAREST)
    result = {}
    for name, method in methods.items():
        result[name] = []
        for length in range(1, LIMIT + 1):
            column = Image.fromarray(line(length).reshape(-1, 1))
            result[name].append(digest(np.concatenate([np.asarray(column.resize((1, to), method)).ravel() for to in range(1, LIMIT + 1)])))
    (folder / "pillow.json").write_text(json.dumps(result))

def timm(folder, names):
    from PIL import Image
    sys.argv[1:] = [names]
    sys.path.insert(0, str(here.parent / "fixtures" / "preprocessing"))
    os.environ["PREPROCESSING_OUT"] = str(folder / "fixture.json")
    import preprocessing
    root = here.parents[1] / "examples" / "data"
    photos = ["photos/panda.jpg", *sorted(str(p.relative_to(root)) for p in (root / "clothing/validation").glob("*/*"))[::40]]
    wanted = [name for name in json.loads(pathlib.Path(names).read_text()) if name.startswith(("timm/", "torchvision/"))]
    result = {}
    for photo in photos:
        image = Image.open(root / photo).convert("RGB")
        result[photo] = {name: digest(preprocessing.pixels(preprocessing.transform_of(name)(image))) for name in wanted}
    (folder / "timm.json").write_text(json.dumps(result))

{"tensorflow": tensorflow, "pillow": pillow, "timm": timm}[sys.argv[1]](pathlib.Path(sys.argv[2]), *sys.argv[3:])
