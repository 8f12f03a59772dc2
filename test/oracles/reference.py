"""The real frameworks as oracles.

make FRAMEWORK NAME FOLDER: fills a network by the names of its weights, writes its weights as the framework does, and what it answers.
check FRAMEWORK NAME FOLDER: opens what this library wrote of it and prints how far its answer is from the first one, as a share of the range.
"""
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "golden"))
from fill import fill, uniform

SIZE = 224
GAINS = (2.0, 1.7, 1.45, 1.2, 1.0, 0.8, 0.6, 0.45)
MEAN, STD = np.array([.485, .456, .406], "f"), np.array([.229, .224, .225], "f")

def picture(name):
    return (uniform(f"input/{name}", SIZE * SIZE * 3) * 255).astype(np.float32).reshape(1, SIZE, SIZE, 3)

def answer_of(outputs):
    values = np.asarray(outputs, np.float64).reshape(-1)
    return values, float(values.max() - values.min())

class Keras:
    def __init__(self, name):
        import keras
        self.keras, self.name = keras, name
    def build(self):
        self.keras.backend.clear_session()
        self.model = getattr(self.keras.applications, self.name)(weights=None, input_shape=(SIZE, SIZE, 3), classifier_activation=None)
        return self.model
    def set(self, gain):
        L = self.keras.layers
        for layer in self.model.layers:
            if isinstance(layer, L.Normalization):
                if layer.weights:
                    layer.set_weights([MEAN, STD**2, np.array(0, "int64")])
                    layer.finalize_state()
            elif layer.weights:
                key = lambda v: "depthwise_kernel" if isinstance(layer, L.DepthwiseConv2D) else v.name
                layer.set_weights([fill(f"{layer.name}/{key(v)}", tuple(v.shape), gain) for v in layer.weights])
    def run(self): return self.model.predict(picture(self.name), verbose=0)
    def write(self, folder): self.model.save_weights(os.path.join(folder, "reference.weights.h5"))
    def check(self, folder):
        self.model = self.keras.saving.load_model(os.path.join(folder, "ours.keras"))
        yield "ours.keras", self.run()
        self.build().load_weights(os.path.join(folder, "ours.weights.h5"))
        yield "ours.weights.h5", self.run()

class Torch:
    def __init__(self, name):
        import torch
        torch.set_num_threads(2)
        self.torch, self.name = torch, name
    def build(self):
        library, name = self.name.split("/")
        if library == "timm":
            import timm
            self.model = timm.create_model(name, pretrained=False)
            self.mean, self.std = self.model.pretrained_cfg["mean"], self.model.pretrained_cfg["std"]
        else:
            import torchvision
            self.model, self.mean, self.std = getattr(torchvision.models, name)(), tuple(MEAN.tolist()), tuple(STD.tolist())
        self.model.eval()
        return self.model
    def set(self, gain):
        def values(name, shape):
            kind, u = name.rsplit(".", 1)[-1], uniform(name, int(np.prod(shape)))
            if kind == "num_batches_tracked": return np.zeros(shape, np.int64)
            if kind == "weight" and len(shape) > 1: v = (2 * u - 1) * np.sqrt(3 * gain / int(np.prod(shape[1:])))
            elif kind in ("weight", "running_var"): v = 0.5 + u
            else: v = 0.2 * u - 0.1
            return v.astype(np.float32).reshape(shape)
        state = self.model.state_dict()
        self.model.load_state_dict({k: self.torch.from_numpy(values(k, tuple(v.shape))).reshape(v.shape).to(v.dtype) for k, v in state.items()})
    def run(self):
        x = (picture(self.name) / np.float32(255) - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        with self.torch.no_grad(): return self.model(self.torch.from_numpy(x.transpose(0, 3, 1, 2).copy())).numpy()
    def write(self, folder): self.torch.save(self.model.state_dict(), os.path.join(folder, "reference.pth"))
    def check(self, folder):
        from safetensors.torch import load_file
        state = load_file(os.path.join(folder, "ours.safetensors"))
        missing, unexpected = self.build().load_state_dict(state, strict=False)
        assert not unexpected and all(k.endswith("num_batches_tracked") for k in missing), (missing, unexpected)
        yield "ours.safetensors", self.run()

def main(command, framework, name, folder):
    oracle = (Keras if framework == "keras" else Torch)(name)
    path = os.path.join(folder, "reference.json")
    if command == "check":
        expected = np.array(json.load(open(path))["logits"])
        for file, outputs in oracle.check(folder):
            values, _ = answer_of(outputs)
            print(json.dumps({"file": file, "error": float(np.abs(values - expected).max() / (expected.max() - expected.min()))}))
        return
    oracle.build()
    for gain in GAINS:  # activations must neither vanish nor explode
        oracle.set(gain)
        values, spread = answer_of(oracle.run())
        if 0.05 < spread < 500: break
    oracle.write(folder)
    record = {"logits": values.tolist(), "gain": gain, "size": SIZE, "input": f"input/{name}"}
    if framework != "keras":
        batch_norm = next(m for m in oracle.model.modules() if isinstance(m, oracle.torch.nn.BatchNorm2d))
        record.update(mean=list(oracle.mean), std=list(oracle.std), epsilon=batch_norm.eps)
    json.dump(record, open(path, "w"))

main(*sys.argv[1:])
