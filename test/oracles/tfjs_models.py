"""Models of Keras, converted by the real `tensorflowjs` converter, with Keras' own answers.

make KERAS NAME WAY FOLDER [CONVERTER OPTION ...]: builds the model NAME with `keras` or `tf_keras`, fills it, saves it in the format WAY (`h5`, `keras`,
`saved_model`, `weights_h5`), converts it and writes FOLDER/tfjs and FOLDER/reference.json with the answer to one image. With an option
`--quantize_...` it is the answer of the model that the converter reads back from FOLDER/tfjs.
open FOLDER INPUT: prints the answer of the model.json in FOLDER, read by the converter, to the image INPUT.
"""
import json, os, shutil, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import importlib
from unittest import mock
# The converter imports these whatever it converts; none is needed here, and some have no wheel for every Python.
for name in ("tensorflow_decision_forests", "tensorflow_hub", "jax", "jax.experimental"):
    try: importlib.import_module(name)
    except Exception: sys.modules[name] = mock.MagicMock()
import numpy as np
from tensorflowjs.converters import converter
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "golden"))
from fill import uniform


def tiny(K, size=32, include_top=True, name="tiny"):
    """Every kind of layer that EfficientNet has, and the range it takes."""
    L = K.layers
    x = inputs = K.Input((size, size, 3), name="image")
    x = L.Rescaling(1 / 255)(x)
    x = L.Normalization(axis=-1, name="normalization")(x)
    x = L.ZeroPadding2D(((0, 1), (0, 1)), name="stem_conv_pad")(x)
    x = L.Conv2D(8, 3, strides=2, padding="valid", use_bias=False, kernel_initializer={"class_name": "VarianceScaling", "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"}}, name="stem_conv")(x)
    x = L.BatchNormalization(axis=3, name="stem_bn")(x)
    x = y = L.Activation("swish", name="stem_activation")(x)
    y = L.DepthwiseConv2D(3, padding="same", use_bias=False, name="dwconv")(y)
    y = L.BatchNormalization(name="bn")(y)
    y = L.Activation("silu", name="activation")(y)
    se = L.GlobalAveragePooling2D(name="se_squeeze")(y)
    se = L.Reshape((1, 1, 8), name="se_reshape")(se)
    se = L.Conv2D(2, 1, activation="swish", name="se_reduce")(se)
    se = L.Conv2D(8, 1, activation="sigmoid", name="se_expand")(se)
    y = L.multiply([y, se], name="se_excite")
    y = L.Conv2D(8, 1, use_bias=False, name="project_conv")(y)
    y = L.Dropout(0.2, noise_shape=(None, 1, 1, 1), name="drop")(y)
    x = L.add([y, x], name="add")
    if include_top:
        x = L.GlobalAveragePooling2D(name="avg_pool")(x)
        x = L.Dropout(0.2, name="top_dropout")(x)
        x = L.Dense(5, activation="softmax", kernel_regularizer="l2", name="predictions")(x)
    return K.Model(inputs, x, name=name)

def augmented(K):
    L = K.layers
    augmentation = K.Sequential([L.RandomFlip("horizontal"), L.RandomRotation(0.1), L.RandomZoom(0.1), L.RandomContrast(0.1), L.RandomTranslation(0.1, 0.1)], name="augmentation")
    return K.Sequential([K.Input((32, 32, 3)), augmentation, tiny(K, include_top=False), L.GlobalAveragePooling2D(), L.Dropout(0.2), L.Dense(4, activation="relu"), L.Dense(5, activation="softmax")])

def nested(K):
    L = K.layers
    inputs = K.Input((32, 32, 3))
    x = L.RandomFlip("horizontal")(inputs)
    x = tiny(K, include_top=False)(x, training=False)
    x = L.GlobalAveragePooling2D()(x)
    x = L.Dropout(0.2)(x)
    return K.Model(inputs, L.Dense(5, activation="softmax")(x))

def siblings(K):
    """What TensorFlow.js has by another name or with fewer options."""
    L = K.layers
    x = inputs = K.Input((32, 32, 3))
    x = L.Rescaling(1 / 127.5, offset=-1)(x)
    x = L.SeparableConv2D(6, 3, padding="same")(x)
    x = L.LeakyReLU(0.1)(x)
    x = L.SpatialDropout2D(0.2)(x)
    x = L.Conv2D(6, 3, activation="relu6", kernel_regularizer=K.regularizers.L1(0.1))(x)
    x = L.ReLU(negative_slope=0.2)(x)
    x = L.PReLU(shared_axes=[1, 2])(x)
    x = L.LayerNormalization()(x)
    x = L.GaussianNoise(0.1)(x)
    x = L.Activation("tanh")(x)
    x = L.MaxPooling2D(2)(x)
    x = L.GlobalAveragePooling2D(keepdims=True)(x)
    x = L.Conv2D(5, 1, name="logits")(x)
    x = L.Flatten()(x)
    return K.Model(inputs, L.Softmax()(x))

def application(name, **options):
    def build(K): return getattr(K.applications, name)(weights=None, **options)
    return build

def arithmetic(K):
    """`preprocess_input` on symbolic tensors, as the transfer learning guide has it, and other arithmetic with numbers and tensors."""
    L = K.layers
    inputs = K.Input((32, 32, 3))
    x = K.applications.mobilenet_v2.preprocess_input(inputs)
    x = 1.0 - x * 0.5
    x = y = L.Conv2D(6, 3, padding="same", activation="hard_sigmoid")(x + 0.25)
    x = x + L.DepthwiseConv2D(3, padding="same", activation="gelu")(y)
    x = L.GlobalAveragePooling2D()(x)
    return K.Model(inputs, L.Dense(5, activation="softmax")(x))

def unknown(K):
    L = K.layers
    return K.Sequential([K.Input((8, 8, 3)), L.Conv2D(4, 3), L.GroupNormalization(2, name="groups"), L.GlobalAveragePooling2D(), L.Dense(2)])

def mixed(K):
    """Weights are float32, arithmetic is float16."""
    K.mixed_precision.set_global_policy("mixed_float16")
    return tiny(K)

def half(K):
    """Weights are float16."""
    (K.config.set_dtype_policy if hasattr(K, "config") else K.mixed_precision.set_global_policy)("float16")
    return tiny(K)

def classifier(K):
    """Transfer learning as Keras' guide has it: augmentation, EfficientNetB0, a new head."""
    L = K.layers
    inputs = K.Input((224, 224, 3))
    x = L.RandomRotation(0.15)(inputs)
    x = L.RandomFlip()(x)
    x = K.applications.EfficientNetB0(include_top=False, weights=None, input_shape=(224, 224, 3))(x, training=False)
    x = L.GlobalAveragePooling2D(name="avg_pool")(x)
    x = L.BatchNormalization()(x)
    x = L.Dropout(0.2, name="top_dropout")(x)
    return K.Model(inputs, L.Dense(5, activation="softmax", name="pred")(x))

def imagenet(K):
    """As `weights="imagenet"` builds it: one more layer corrects the published statistics. The weights are ours; nothing is downloaded."""
    import inspect, tempfile
    module = inspect.getmodule(inspect.unwrap(K.applications.EfficientNetB0))
    path = os.path.join(tempfile.mkdtemp(), "b0.weights.h5")
    plain = K.applications.EfficientNetB0(weights=None)
    fill(K, plain, published=True)
    plain.save_weights(path)
    with mock.patch.object(getattr(module, "file_utils", None) or module.data_utils, "get_file", lambda *a, **k: path):
        return K.applications.EfficientNetB0(weights="imagenet")

MODELS = {
    "tiny": tiny, "augmented": augmented, "nested": nested, "siblings": siblings, "arithmetic": arithmetic, "unknown": unknown, "mixed": mixed, "half": half,
    "classifier": classifier, "imagenet": imagenet,
    "b0": application("EfficientNetB0"), "v2-b0": application("EfficientNetV2B0"), "v2-s": application("EfficientNetV2S"),
    "mobilenet": application("MobileNet", alpha=0.25),
    "mobilenet-v2": application("MobileNetV2", input_shape=(224, 224, 3), alpha=0.35, include_top=False),
}


def fill(K, model, published=False):
    # The published ImageNet files have the standard deviation where the variance belongs; one more layer of `weights="imagenet"` corrects it.
    for at, layer in enumerate(flat(K, model)):
        values = []
        is_norm = isinstance(layer, K.layers.Normalization)
        if is_norm and layer.weights:
            layer.set_weights([np.float32([.485, .456, .406]), np.float32([.229, .224, .225]) ** (1 if published else 2), np.array(0, "int64")][:len(layer.weights)])
            if hasattr(layer, "finalize_state"): layer.finalize_state()
            continue
        weights = [v for v in layer.weights if "seed" not in v.name]
        for i, v in enumerate(weights):
            u, shape, kind = uniform(f"{at}/{i}", int(np.prod(v.shape))), tuple(v.shape), v.name.split(":")[0].split("/")[-1]
            if "variance" in kind or kind == "gamma": value = 0.5 + u
            elif "kernel" in kind:
                fan = np.prod(shape[:-1]) if "depthwise" not in kind and not isinstance(layer, K.layers.DepthwiseConv2D) else np.prod(shape[:2])
                value = (2 * u - 1) * np.sqrt(4.5 / fan) * (6 if isinstance(layer, K.layers.Dense) else 1)
            else: value = 0.2 * u - 0.1
            values.append(value.astype("f").reshape(shape))
        if values: layer.set_weights(values if len(values) == len(layer.get_weights()) else values + layer.get_weights()[len(values):])

def flat(K, model):
    for layer in model.layers:
        if hasattr(layer, "layers"): yield from flat(K, layer)
        else: yield layer

def make(keras_name, name, way, folder, *options):
    K = importlib.import_module(keras_name)
    model = MODELS[name](K)
    fill(K, model, published=name == "imagenet")
    shape = (1, *model.input_shape[1:])
    # MobileNet takes [-1, 1], the others [0, 255].
    centered = name == "mobilenet"
    image = (uniform(f"input/{name}", int(np.prod(shape))) * 255).astype("f").reshape(shape)
    answer = model.predict(image / 127.5 - 1 if centered else image, verbose=0)
    os.makedirs(folder, exist_ok=True)
    saved = os.path.join(folder, {"h5": "model.h5", "keras": "model.keras", "weights_h5": "weights_only.h5", "saved_model": "saved_model"}[way])
    if way == "weights_h5": model.save_weights(saved)
    elif way == "saved_model": model.save(saved, save_format="tf")
    else: model.save(saved)
    kind = {"h5": "keras", "keras": "keras_keras", "weights_h5": "keras", "saved_model": "keras_saved_model"}[way]
    output = [] if any(option.startswith("--output_format") for option in options) else ["--output_format=tfjs_layers_model"]
    # `.keras` files are unpacked beside themselves.
    converter.convert([f"--input_format={kind}", *output, *options, saved, os.path.join(folder, "tfjs")])
    if any(option.startswith("--quantize") for option in options):
        answer = read_back(os.path.join(folder, "tfjs")).predict(image, verbose=0)
    with open(os.path.join(folder, "reference.json"), "w") as file:
        json.dump({"input": f"input/{name}", "shape": shape, "answer": np.asarray(answer, np.float64).reshape(-1).tolist(),
                   "keras": K.__version__, "tensorflowjs": importlib.import_module("tensorflowjs").__version__}, file)
    print(json.dumps({"ok": name}))


def read_back(folder):
    from tensorflowjs.converters import keras_tfjs_loader
    return keras_tfjs_loader.load_keras_model(os.path.join(folder, "model.json"))

def open_model(folder, name):
    model = read_back(folder)
    shape = (1, *model.input_shape[1:])
    image = (uniform(name, int(np.prod(shape))) * 255).astype("f").reshape(shape)
    print(json.dumps(np.asarray(model.predict(image, verbose=0), np.float64).reshape(-1).tolist()))


if __name__ == "__main__":
    {"make": make, "open": open_model}[sys.argv[1]](*sys.argv[2:])
