"""Writes EfficientNets in every form a version of Keras saves, with what that version predicts.

keras_files.py MODULE FOLDER [--tiny] [--only CASE,...]: MODULE is `keras` or `tf_keras`, found on PYTHONPATH first. FOLDER gets the files,
`pixels.f32` and `expected.json`: for each file the network, the name of its classifier and the predictions.
"""
import argparse, importlib, inspect, json, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("module"); parser.add_argument("folder"); parser.add_argument("--tiny", action="store_true"); parser.add_argument("--only")
arguments = parser.parse_args()
keras = importlib.import_module(arguments.module)
VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])
IS_3 = VERSION[0] == 3
SIZE, CLASSES, BATCH = (32 if arguments.tiny else 64), 5, 2
L = keras.layers
os.makedirs(arguments.folder, exist_ok=True)
random = np.random.RandomState(0)
pixels = random.randint(0, 256, (BATCH, SIZE, SIZE, 3)).astype("float32")
pixels.tofile(os.path.join(arguments.folder, "pixels.f32"))
record = {"version": keras.__version__, "size": SIZE, "classes": CLASSES, "files": {}, "refused": {}}


def networks():
    """The module of `EfficientNet(width_coefficient, ...)`, whose place differs from version to version."""
    for package in (f"{arguments.module}.src.applications", f"{arguments.module}.applications"):
        try:
            return importlib.import_module(f"{package}.efficientnet"), importlib.import_module(f"{package}.efficientnet_v2")
        except (ImportError, AttributeError):
            continue


def efficient_net(v2=False, **options):
    options = {"weights": None, "input_shape": (SIZE, SIZE, 3), **options}
    if not arguments.tiny:
        return (keras.applications.EfficientNetV2B0 if v2 else keras.applications.EfficientNetB0)(**options)
    first, second = networks()
    if v2:
        named = {} if options.get("name") else {"name" if "name" in inspect.signature(second.EfficientNetV2).parameters else "model_name": "efficientnetv2-b0"}
        return second.EfficientNetV2(width_coefficient=.1, depth_coefficient=.2, default_size=SIZE, **{**named, **options})
    return first.EfficientNet(width_coefficient=.1, depth_coefficient=.2, default_size=SIZE, **options)


def flat_layers(model):
    for layer in model.layers:
        yield from flat_layers(layer) if hasattr(layer, "layers") else [layer]


def predict(model):
    return np.asarray(model.predict(pixels, verbose=0), "float32")


def few(values):
    """Few different numbers, all exact in 8 bits, so that small files stay small when they are compressed."""
    return np.round(np.asarray(values, "float32") * 16) / 16


def fill(model):
    """Fills a network so that no two layers agree and the predictions spread: random weights, then the classifier scaled."""
    scale = few if arguments.tiny else np.asarray
    for layer in flat_layers(model):
        kind, weights = type(layer).__name__, layer.get_weights()
        if kind == "BatchNormalization":
            n = weights[0].shape
            layer.set_weights([scale(w) for w in (random.uniform(.75, 1.5, n), random.uniform(-.25, .25, n), random.uniform(-.25, .25, n), random.uniform(.75, 1.25, n))])
        elif kind == "Normalization":
            if len(weights):
                layer.set_weights([np.array([.4375, .5, .375]), np.array([.0625, .078125, .09375]), np.array(0)])
                layer.finalize_state()
        elif kind in ("Conv2D", "DepthwiseConv2D", "Dense"):
            fan = np.prod(weights[0].shape[:2] if kind == "DepthwiseConv2D" else weights[0].shape[:-1])
            kernel = np.clip(random.standard_normal(weights[0].shape), -3, 3) * (2 / fan) ** .5
            layer.set_weights([scale(kernel)] + [scale(random.uniform(-.25, .25, w.shape)) for w in weights[1:]])
    head = next((layer for layer in reversed(list(flat_layers(model))) if type(layer).__name__ == "Dense"), None)
    if head is not None:
        kernel, bias = head.get_weights()
        bias = bias * 0
        head.set_weights([kernel, bias])
        while predict(model).min() < 1e-6:
            kernel = kernel / 16
            head.set_weights([kernel, bias])
        spread = np.ptp(np.log(predict(model)), axis=-1).max()
        factor = 2. ** np.round(np.log2(3 / spread))
        head.set_weights([kernel * factor, bias])
    return model


def compiled(model):
    """Optimizer state beside the weights, as after training."""
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


def save(model, name, predictions, forms, **facts):
    for form in forms:
        file = f"{name}.{form}"
        path = os.path.join(arguments.folder, file)
        try:
            if form == "weights.json": model.save_weights(path, max_shard_size=.0001 if arguments.tiny else .005)
            elif form in ("weights.h5", "legacy.h5"): model.save_weights(path)
            elif form == "tf": model.save_weights(os.path.join(arguments.folder, f"{name}.ckpt"), save_format="tf")
            elif form == "v3.keras": model.save(path, save_format="keras_v3")
            else: model.save(path)
        except Exception as error:
            record["refused"][file] = f"{type(error).__name__}: {str(error)[:120]}"
            continue
        record["files"][file] = {"predictions": predictions.tolist(), **facts}


FORMS = ["keras", "weights.h5", "h5"] + ([] if IS_3 else ["legacy.h5", "tf"])
# There `.keras` is HDF5 unless asked for.
if VERSION == (2, 12): FORMS.append("v3.keras")
SHARDED = ["weights.json"] if VERSION >= (3, 10) else []


def augmentation():
    return keras.Sequential([L.RandomFlip("horizontal"), L.RandomRotation(.1), L.RandomZoom(.1)], name="data_augmentation")


def full():
    model = fill(efficient_net(classes=CLASSES))
    save(model, "full", predict(model), FORMS + SHARDED, network="b0")


def notop():
    model = fill(efficient_net(include_top=False))
    save(model, "notop", predict(model), FORMS, network="b0", top=False)


def sequential():
    base = efficient_net(include_top=False)
    model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), augmentation(), base, L.GlobalAveragePooling2D(), L.Dropout(.2), L.Dense(CLASSES, activation="softmax", name="classifier")])
    model = compiled(fill(model))
    save(model, "sequential", predict(model), FORMS + SHARDED, network="b0", classifier="classifier")


def auto_named():
    keras.backend.clear_session()
    base = efficient_net(include_top=False, pooling="avg")
    model = fill(keras.Sequential([keras.Input((SIZE, SIZE, 3)), base, L.Dropout(.2), L.Dense(CLASSES, activation="softmax")]))
    save(model, "auto_named", predict(model), FORMS, network="b0", classifier="dense")


def flat():
    keras.backend.clear_session()
    base = efficient_net(include_top=False, pooling="avg")
    model = keras.Model(base.input, L.Dense(CLASSES, activation="softmax", name="pred")(L.Dropout(.3)(base.output)))
    model = compiled(fill(model))
    save(model, "flat", predict(model), FORMS, network="b0", classifier="pred")


def nested(batch_norm=False, name="nested"):
    keras.backend.clear_session()
    base = efficient_net(include_top=False)
    base.trainable = False
    inputs = keras.Input((SIZE, SIZE, 3))
    h = L.GlobalAveragePooling2D(name="avg_pool")(base(augmentation()(inputs), training=False))
    if batch_norm: h = L.BatchNormalization()(h)
    outputs = L.Dense(CLASSES, activation="softmax", name="pred")(L.Dropout(.2, name="top_dropout")(h))
    model = compiled(fill(keras.Model(inputs, outputs, name="EfficientNet")))
    save(model, name, predict(model), FORMS, network="b0", classifier="pred", batchNorm=batch_norm)


def head_norm(): nested(True, "head_norm")


def v2():
    keras.backend.clear_session()
    base = efficient_net(v2=True, include_top=False)
    model = fill(keras.Sequential([keras.Input((SIZE, SIZE, 3)), L.RandomFlip(), base, L.GlobalAveragePooling2D(), L.Dense(CLASSES, activation="softmax", name="logits")]))
    save(model, "v2", predict(model), FORMS, network="v2-b0", classifier="logits")


def v2_full():
    model = fill(efficient_net(v2=True, classes=CLASSES))
    save(model, "v2_full", predict(model), FORMS, network="v2-b0")


def two_dense():
    keras.backend.clear_session()
    base = efficient_net(include_top=False, pooling="avg")
    model = fill(keras.Sequential([keras.Input((SIZE, SIZE, 3)), base, L.Dense(8, activation="relu"), L.Dense(CLASSES, activation="softmax")]))
    save(model, "two_dense", predict(model), FORMS, network="b0", impossible=True)


def subclassed():
    keras.backend.clear_session()
    class Flowers(keras.Model):
        def __init__(self):
            super().__init__()
            self.backbone = efficient_net(include_top=False, pooling="avg")
            self.head = L.Dense(CLASSES, activation="softmax")
        def call(self, x, training=False): return self.head(self.backbone(x, training=training))
    model = Flowers()
    # Built without `predict`, whose compiled function would keep the first statistics of the Normalization.
    model(pixels)
    fill(model)
    # Its class is not known to a `.keras` file's reader, and `.h5` takes no such model.
    save(model, "subclassed", predict(model), ["weights.h5"], network="b0", classifier="head")


def in_type(name, policy=None, floatx=None):
    keras.backend.clear_session()
    config = keras.config if IS_3 else keras.backend
    set_policy = keras.config.set_dtype_policy if hasattr(getattr(keras, "config", None), "set_dtype_policy") else keras.mixed_precision.set_global_policy
    before = config.floatx()
    model = fill(efficient_net(classes=CLASSES))
    try:
        if policy: set_policy(policy)
        if floatx:
            config.set_floatx(floatx)
            set_policy(floatx)
        typed = efficient_net(classes=CLASSES)
        typed.set_weights(model.get_weights())
        save(typed, name, np.zeros(0), FORMS, network="b0")
        weights = [np.asarray(w, "float32") for w in typed.get_weights()]
    finally:
        set_policy("float32")
        config.set_floatx(before)
    # What the stored numbers predict in float32.
    model.set_weights(weights)
    for layer in flat_layers(model):
        if hasattr(layer, "finalize_state"): layer.finalize_state()
    predictions = predict(model).tolist()
    for file, facts in record["files"].items():
        if file.startswith(f"{name}."): facts["predictions"] = predictions


def mixed_float16(): in_type("mixed_float16", policy="mixed_float16")
def float16(): in_type("float16", floatx="float16")
def bfloat16(): in_type("bfloat16", floatx="bfloat16")


CASES = [full, notop, sequential, auto_named, flat, nested, head_norm, v2, v2_full, two_dense, subclassed, mixed_float16, float16] + ([bfloat16] if IS_3 else [])
for case in CASES:
    if arguments.only and case.__name__ not in arguments.only.split(","): continue
    keras.backend.clear_session()
    keras.utils.set_random_seed(3)
    try:
        case()
    except Exception as error:
        record["refused"][case.__name__] = f"{type(error).__name__}: {str(error)[:200]}"
with open(os.path.join(arguments.folder, "expected.json"), "w") as file: json.dump(record, file)
print(keras.__version__, len(record["files"]), "files;", record["refused"])
