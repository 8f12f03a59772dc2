"""Repositories of the Hugging Face hub at full size, as transformers and timm write them.

python hub.py make NAME FOLDER [PHOTO ...]: writes the repository and FOLDER/reference.json:
  input, output   pixels (`fill.uniform`) and the network's probabilities
  photos          for each image file the probabilities after the library's own preprocessing: with Pillow, and in transformers also with torchvision
python hub.py shapes: prints the names and shapes of the state dict of every network, one JSON line each, without allocating weights
"""
import json, os, sys
import numpy as np, torch, timm
from PIL import Image
from timm.data import create_transform, resolve_model_data_config
from timm.models import save_for_hf
from transformers import EfficientNetConfig, EfficientNetForImageClassification, EfficientNetImageProcessor, EfficientNetModel
from transformers.models.efficientnet.image_processing_pil_efficientnet import EfficientNetImageProcessorPil
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "golden"))
from fill import uniform

torch.set_num_threads(2)
# As of google/efficientnet-b0 to -b7: width, depth, size, dropout, filters of the top, blocks with symmetric padding.
GOOGLE = {"b0": (1.0, 1.0, 224, .2, 1280, []), "b1": (1.0, 1.1, 240, .2, 1280, [16]), "b2": (1.1, 1.2, 260, .3, 1408, [5, 8, 16]), "b3": (1.2, 1.4, 300, .3, 1536, [5, 18]),
          "b4": (1.4, 1.8, 380, .4, 1792, [6]), "b5": (1.6, 2.2, 456, .4, 2048, [13, 27]), "b6": (1.8, 2.6, 528, .5, 2304, [31]), "b7": (2.0, 3.1, 600, .5, 2560, [18])}
NAMES = {0: "hat", 1: "shoes", 2: "dress", 3: "shirt"}
STATISTICS = {"image_mean": [.485, .456, .406], "image_std": [.47853944, .4732864, .47434163]}
# Variant, size of the images, settings of the configuration and of the processor.
TRANSFORMERS = {
    "transformers-b0": ("b0", 224, {}, {"resample": 0}),
    "transformers-b0-small": ("b0", 96, {"id2label": NAMES}, {"resample": 2}),
    "transformers-b2-odd": ("b2", 132, {"id2label": NAMES, "depthwise_padding": [5, 8, 16]}, {"resample": 3}),
    "transformers-b2-even": ("b2", 128, {"id2label": NAMES}, {"resample": 3, "size": {"height": 146, "width": 146}, "do_center_crop": True, "crop_size": {"height": 128, "width": 128}}),
    "transformers-b4": ("b4", 160, {"id2label": NAMES, "problem_type": "multi_label_classification", "depthwise_padding": []}, {"resample": 3, "rescale_offset": True, "rescale_factor": 1 / 127.5, "include_top": False, "image_mean": [0, 0, 0], "image_std": [1, 1, 1]}),
    "transformers-b0-features": ("b0", 64, {}, {"resample": 2}),
}
TIMM = {
    "timm-tf_efficientnet_b0": {"crop_pct": .875}, "timm-efficientnet_b1": {"input_size": (3, 128, 128), "crop_pct": 1.0}, "timm-tf_efficientnet_lite0": {"input_size": (3, 160, 160)},
    "timm-efficientnet_es": {"input_size": (3, 128, 128), "crop_mode": "squash", "crop_pct": .9}, "timm-tf_efficientnetv2_b0": {"input_size": (3, 128, 128), "crop_mode": "border"},
    "timm-efficientnetv2_s": {"input_size": (3, 96, 96), "interpolation": "bilinear"},
}

def configuration(variant, **settings):
    width, depth, size, dropout, hidden, padding = GOOGLE[variant]
    return EfficientNetConfig(**{"width_coefficient": width, "depth_coefficient": depth, "image_size": size, "dropout_rate": dropout, "hidden_dim": hidden,
                                 "depthwise_padding": padding, "id2label": {i: f"class {i}" for i in range(1000)}, **settings})

def settle(model):
    """Random weights whose activations neither vanish nor explode, and a classifier that decides."""
    generator = torch.Generator().manual_seed(1)
    draw = lambda shape: torch.randn(shape, generator=generator)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name.endswith("num_batches_tracked"): continue
            if value.ndim > 1: value.copy_(draw(value.shape) * (1.6 / np.prod(value.shape[1:])) ** .5)
            elif name.endswith("running_var"): value.copy_(torch.rand(value.shape, generator=generator) * .2 + .9)
            elif name.endswith("weight"): value.copy_(1 + draw(value.shape) * .1)
            else: value.copy_(draw(value.shape) * .05)
    return model.eval()

def pixels(name, size):
    return (uniform(f"input/{name}", size * size * 3) * 255).astype(np.uint8).reshape(size, size, 3)

def run(model, x, sigmoid=False):
    with torch.no_grad(): y = model(x)
    if hasattr(y, "pooler_output"): return y.pooler_output.flatten().tolist()
    y = getattr(y, "logits", y)
    return (y.sigmoid() if sigmoid else y.softmax(-1)).flatten().tolist()

def make(name, folder, photos):
    if name in TRANSFORMERS:
        variant, size, config, settings = TRANSFORMERS[name]
        kind = EfficientNetModel if name.endswith("features") else EfficientNetForImageClassification
        model = settle(kind(configuration(variant, **({"image_size": size} if size != 224 else {}), **config)))
        settings = {"size": {"height": size, "width": size}, **STATISTICS, **settings}
        processor, exact = EfficientNetImageProcessor(**settings), EfficientNetImageProcessorPil(**settings)
        model.save_pretrained(folder); processor.save_pretrained(folder)
        sigmoid = config.get("problem_type") is not None
        plain = lambda image: processor(images=[image], do_resize=False, do_center_crop=False, return_tensors="pt")["pixel_values"]
        ways = {"pillow": lambda image: exact(images=[image], return_tensors="pt")["pixel_values"], "torchvision": lambda image: processor(images=[image], return_tensors="pt")["pixel_values"]}
    else:
        model, sigmoid = settle(timm.create_model(name.removeprefix("timm-"), num_classes=len(NAMES))), False
        data = TIMM[name]
        # The last network is only in the file of torch.save.
        save_for_hf(model, folder, model_config={"label_names": list(NAMES.values())}, data_config=data, safe_serialization=name != list(TIMM)[-1])
        config = {**resolve_model_data_config(model), **json.load(open(os.path.join(folder, "config.json")))["pretrained_cfg"]}
        keys = ("input_size", "interpolation", "mean", "std", "crop_pct", "crop_mode")
        transform, size = create_transform(**{key: config[key] for key in keys}, is_training=False), config["input_size"][1]
        plain = lambda image: torch.from_numpy(((image.astype(np.float32) / 255 - np.array(config["mean"], "f")) / np.array(config["std"], "f")).transpose(2, 0, 1)[None].copy())
        ways = {"pillow": lambda image: transform(Image.fromarray(image))[None]}
    reference = {"input": {"seed": f"input/{name}", "shape": [1, size, size, 3]}, "output": run(model, plain(pixels(name, size)), sigmoid),
                 "photos": [{"file": photo, **{way: run(model, use(np.asarray(Image.open(photo).convert("RGB"))), sigmoid) for way, use in ways.items()}} for photo in photos]}
    json.dump(reference, open(os.path.join(folder, "reference.json"), "w"))

def shapes():
    with torch.device("meta"):
        for variant in GOOGLE:
            config = configuration(variant)
            state = EfficientNetForImageClassification(config).state_dict()
            print(json.dumps({"config": config.to_dict(), "tensors": [[k, list(v.shape)] for k, v in state.items()]}))
        for name in timm.list_models("*efficientnet*"):
            try: state = timm.create_model(name).state_dict()
            except Exception as failure: print(name, failure, file=sys.stderr); continue
            print(json.dumps({"architecture": name, "tensors": [[k, list(v.shape)] for k, v in state.items()]}))

command, *arguments = sys.argv[1:]
make(arguments[0], arguments[1], arguments[2:]) if command == "make" else shapes()
