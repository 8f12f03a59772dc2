"""Checkpoints as PyTorch's tools write them, with the answers of their networks.

python checkpoints.py FOLDER: writes the files and cases.json, a list of
  file      the file, within FOLDER
  options   of `loadWeights`
  variant, classes, inputChannels   of the network
  logits    the network's answer to the input; absent where the file holds no whole classifier
  features  the pooled features of its backbone
  skipped   arrays that must be in the report's `skipped`, with a part of their reason
The input is one image of 64 x 64 pixels, `fill.uniform("input/checkpoints")`.
"""
import argparse, collections, datetime, io, json, os, pathlib, sys, zipfile
import numpy as np, torch, timm, torchvision
from huggingface_hub import save_torch_state_dict
from timm.utils import ModelEmaV2, ModelEmaV3
from timm.utils.checkpoint_saver import CheckpointSaver
from torch import nn
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "golden"))
from fill import uniform

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
path = lambda name: os.path.join(folder, name)
torch.set_num_threads(2)
torch.manual_seed(0)
SIZE, CLASSES = 64, 7
pixels = (uniform("input/checkpoints", SIZE * SIZE * 3) * 255).astype(np.float32).reshape(1, SIZE, SIZE, 3)
mean, std = np.array([.485, .456, .406], "f"), np.array([.229, .224, .225], "f")
x = torch.from_numpy(((pixels / np.float32(255) - mean) / std).transpose(0, 3, 1, 2).copy())
cases = []

def settle(model, seed=1):
    """Statistics as after training, so that activations neither vanish nor explode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1: parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"): buffer.copy_(torch.randn(buffer.shape, generator=generator) * 0.05)
            if name.endswith("running_var"): buffer.copy_(torch.rand(buffer.shape, generator=generator) * 0.2 + 0.9)
    return model.eval()

def network(seed=1, **options):
    torch.manual_seed(seed)
    return settle(timm.create_model("efficientnet_b0", num_classes=CLASSES, **options), seed)

def answers(model, x=x):
    """Logits and pooled features of a network of timm or torchvision."""
    with torch.no_grad():
        maps = model.forward_features(x) if hasattr(model, "forward_features") else model.features(x)
        return {"logits": model(x).flatten().tolist(), "features": maps.mean((2, 3)).flatten().tolist()}

def case(file, answer, options=None, head=True, skipped=(), **network):
    record = {"file": file, "options": options or {}, "variant": "b0", "classes": CLASSES, "skipped": [list(item) for item in skipped], **network, **answer}
    if not head: del record["logits"]
    cases.append(record)

def save(file, value, answer, options=None, head=True, skipped=(), network=None, **how):
    torch.save(value, path(file), **how)
    case(file, answer, options, head, skipped, **(network or {}))

model = network()
plain, own = model.state_dict(), answers(model)
# A trained network, its optimizer, and an average of it.
trained = network(2)
optimizer = torch.optim.AdamW(trained.parameters(), 1e-3, amsgrad=True)
trained.train(); trained(torch.rand(2, 3, SIZE, SIZE)).sum().backward(); optimizer.step(); settle(trained, 3)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10)
scaler = torch.amp.GradScaler("cpu")
state, answer = trained.state_dict(), answers(trained)
other = network(4)
other_state, other_answer = other.state_dict(), answers(other)

# 1. Names and containers.
save("plain.pth", plain, own)
for name, prefix in (("dp", "module."), ("compiled", "_orig_mod."), ("ddp-compiled", "module._orig_mod."), ("net", "net."), ("hf-wrapper", "timm_model.")):
    save(f"{name}.pth", {prefix + key: value for key, value in plain.items()}, own)
save("parameters.pth", {**dict(model.named_parameters()), **dict(model.named_buffers())}, own)
save("legacy.pth", plain, own, _use_new_zipfile_serialization=False)
for protocol in (1, 3, 4, 5): save(f"protocol{protocol}.pth", {"state_dict": plain, "big": 2**70, "set": {1}, "bytes": b"\x00\xff", "array": bytearray(b"\x01")}, own, pickle_protocol=protocol)
save("legacy-protocol1.pth", {"state_dict": plain, "flag": True}, own, _use_new_zipfile_serialization=False, pickle_protocol=1)

# 2. Training checkpoints.
checkpoint = {"epoch": 3, "arch": "efficientnet_b0", "state_dict": {"module." + key: value for key, value in state.items()}, "best_acc1": torch.tensor(71.3),
              "optimizer": optimizer.state_dict(), "scheduler": schedule.state_dict()}
save("imagenet-example.pth.tar", checkpoint, answer, skipped=[["best_acc1", "single number"], ["optimizer.state.0.exp_avg", "optimizer"]])
save("imagenet-example-legacy.pth.tar", checkpoint, answer, _use_new_zipfile_serialization=False)
save("tutorial.pth", {"epoch": 3, "model_state_dict": state, "optimizer_state_dict": optimizer.state_dict(), "loss": torch.tensor(0.3)}, answer,
     skipped=[["loss", "single number"], ["optimizer_state_dict.state.0.max_exp_avg_sq", "optimizer"]])
reference = {"model": state, "optimizer": optimizer.state_dict(), "lr_scheduler": schedule.state_dict(), "epoch": 3, "scaler": scaler.state_dict(),
             "args": argparse.Namespace(lr=0.1, device="cuda", path=pathlib.PurePosixPath("/a"), out=None),
             "model_ema": {"n_averaged": torch.tensor(5), **{"module." + key: value for key, value in other_state.items()}}}
torch.save(reference, path("torchvision-reference.pth"))
case("torchvision-reference.pth", answer, {"prefix": "model."}, skipped=[["model_ema.module.conv_stem.weight", "another copy"], ["model_ema.n_averaged", "single number"]])
case("torchvision-reference.pth", other_answer, {"prefix": "model_ema.module."}, skipped=[["model.conv_stem.weight", "another copy"]])
args = argparse.Namespace(model="efficientnet_b0", lr=0.1, mean=None, img_size=224, aa="rand-m9", started=datetime.datetime(2024, 1, 2))
for name, ema in (("timm-train", ModelEmaV2(other, 0.9)), ("timm-train-v3", ModelEmaV3(other, 0.9))):
    CheckpointSaver(model=trained, optimizer=optimizer, args=args, model_ema=ema, amp_scaler=None, checkpoint_dir=folder, recovery_dir=folder)._save(path(f"{name}.pth.tar"), 3, metric=np.float64(71.2))
    case(f"{name}.pth.tar", answer, {"prefix": "state_dict."}, skipped=[["state_dict_ema.conv_stem.weight", "another copy"], ["optimizer.state.0.exp_avg", "optimizer"]])
    case(f"{name}.pth.tar", other_answer, {"prefix": "state_dict_ema."}, skipped=[["state_dict.conv_stem.weight", "another copy"]])
average = torch.optim.swa_utils.AveragedModel(trained)
save("swa.pth", average.state_dict(), answer, skipped=[["n_averaged", "single number"]])
save("ema-module.pth", {"ema": average.state_dict(), "updates": torch.tensor(4)}, answer)
save("fastai.pth", {"model": state, "opt": {"hypers": [{"lr": 0.1}], "state": [{"grad_avg": torch.zeros(3)}]}}, answer, skipped=[["opt.state.0.grad_avg", "optimizer"]])
teacher = {"student": {"backbone." + key: value for key, value in state.items()}, "teacher": {"backbone." + key: value for key, value in other_state.items()}, "center": torch.zeros(1, 9)}
torch.save(teacher, path("student-teacher.pth"))
case("student-teacher.pth", answer, {"prefix": "student.backbone."})
case("student-teacher.pth", other_answer, {"prefix": "teacher.backbone."})
flat = {**state, **{"ema." + key: value for key, value in other_state.items()}}
torch.save(flat, path("ema-within.pth"))
case("ema-within.pth", answer, {"prefix": ""}, skipped=[["ema.conv_stem.weight", "another copy"]])
case("ema-within.pth", other_answer, {"prefix": "ema."}, skipped=[["conv_stem.weight", "another copy"]])

# 3. Lightning and ignite, by their own hands where they are installed.
try:
    import lightning.pytorch as pl, torchmetrics
    class Lit(pl.LightningModule):
        def __init__(self, lr=0.1, where=pathlib.Path("/data"), **rest):
            super().__init__()
            self.save_hyperparameters()
            self.model = network(2)
            self.criterion = nn.CrossEntropyLoss(weight=torch.ones(CLASSES))
            self.confusion = torchmetrics.ConfusionMatrix(task="multiclass", num_classes=CLASSES)
            self.confusion.persistent(True)
        def training_step(self, batch, _):
            loss = self.criterion(self.model(batch[0]), batch[1])
            self.log("val_loss", loss)
            return loss
        def configure_optimizers(self):
            optimizer = torch.optim.Adam(self.parameters(), 1e-4)
            return {"optimizer": optimizer, "lr_scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 1)}
    lit = Lit(classes=collections.Counter("ab"), names={"cat", "dog"})
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.rand(4, 3, SIZE, SIZE), torch.tensor([0, 1, 2, 3])), 2)
    trainer = pl.Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False, default_root_dir=folder,
                         callbacks=[pl.callbacks.ModelCheckpoint(monitor="val_loss", dirpath=folder), pl.callbacks.EarlyStopping(monitor="val_loss")])
    trainer.fit(lit, data)
    trainer.save_checkpoint(path("lightning.ckpt"))
    case("lightning.ckpt", answers(lit.model.eval()), skipped=[["state_dict.criterion.weight", "outside the network"], ["optimizer_states.0.state.0.exp_avg", "optimizer"]])
except ImportError as missing:
    print("without", missing, file=sys.stderr)
try:
    from ignite.handlers import Checkpoint, DiskSaver
    from ignite.engine import Engine
    engine = Engine(lambda *_: None)
    engine.state.epoch = 1
    Checkpoint({"model": trained, "optimizer": optimizer, "trainer": engine}, DiskSaver(folder, require_empty=False), filename_pattern="ignite.pt")(engine)
    case("ignite.pt", answer)
except ImportError as missing:
    print("without", missing, file=sys.stderr)
try:
    from efficientnet_pytorch import EfficientNet
    luke = settle(EfficientNet.from_name("efficientnet-b0", num_classes=CLASSES))
    with torch.no_grad(): luke_answer = {"logits": luke(x).flatten().tolist(), "features": luke.extract_features(x).mean((2, 3)).flatten().tolist()}
    torch.save(luke, path("lukemelas-module.pt"))
    # Its padding is TensorFlow's, and its epsilon.
    case("lukemelas-module.pt", luke_answer, padding="same", batchNormEpsilon=1e-3)
    luke._fc = nn.Sequential(nn.Linear(1280, 64), nn.ReLU(), nn.Linear(64, CLASSES))
    torch.save(luke.state_dict(), path("lukemelas-head.pt"))
    case("lukemelas-head.pt", luke_answer, {"head": "skip"}, head=False, padding="same", batchNormEpsilon=1e-3)
except ImportError as missing:
    print("without", missing, file=sys.stderr)

# 4. Shards, as huggingface_hub and accelerate write them.
for name, safe in (("shards-safetensors", True), ("shards-bin", False)):
    os.makedirs(path(name))
    save_torch_state_dict(state, path(name), max_shard_size="4MB", safe_serialization=safe)
    index = next(file for file in os.listdir(path(name)) if file.endswith("index.json"))
    case(os.path.join(name, index), answer)
    case(name, answer)
os.makedirs(path("whole-safetensors"))
save_torch_state_dict(state, path("whole-safetensors"))
case("whole-safetensors", answer)

# 5. What the safe loader allows besides tensors, and what it allows once asked.
extras = {
    "set": {"cat", "dog"}, "frozen": frozenset([1]), "device": torch.device("cuda", 1), "counter": collections.Counter("abca"), "ordered": collections.OrderedDict(a=1),
    "size": torch.Size([1, 2]), "dtype": torch.bfloat16, "layout": torch.sparse_coo, "bytes": b"\x00\xffabc", "bytearray": bytearray(b"\x00\x80"), "complex": 1 + 2j,
    "none": None, "float": float("nan"), "long": -(2**90), "tuple": ((), [[]], {}), "defaultdict": collections.defaultdict(dict, a={}), "qscheme": torch.per_tensor_affine,
    "numpy": [np.float64(0.5), np.int64(3), np.bool_(True), np.float32(1)], "class": collections.OrderedDict, "optimizer_class": torch.optim.Adam, "path": pathlib.Path("/a/b"),
    "date": datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc), "\ufeffkey": 1, 3: 4, (1, 2): 5, "long key " * 300: 1,
}
save("extras.pth", {"state_dict": plain, **extras}, own)
save("extras-legacy.pth", {"state_dict": plain, **extras}, own, _use_new_zipfile_serialization=False)
save("extras-protocol4.pth", {"state_dict": plain, **extras}, own, pickle_protocol=4)
odd = {
    "complex": torch.tensor([1 + 2j]), "complex128": torch.tensor([1j], dtype=torch.complex128), "complex32": torch.tensor([1j]).to(torch.complex32),
    "sparse": torch.eye(3).to_sparse(), "csr": torch.eye(3).to_sparse_csr(), "nested": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 3, torch.qint8), "channels": torch.quantize_per_channel(torch.ones(2, 3), torch.ones(2), torch.zeros(2), 0, torch.quint8),
    "meta": torch.empty(2, 3, device="meta"), "uint16": torch.tensor([1], dtype=torch.uint16), "uint64": torch.tensor([2**63], dtype=torch.uint64),
    "e4m3": torch.ones(2).to(torch.float8_e4m3fn), "e8m0": torch.ones(2).to(torch.float8_e8m0fnu), "numpy": np.arange(6.0).reshape(2, 3), "objects": np.array(["a", None], dtype=object),
    "expanded": torch.ones(1).expand(50), "empty": torch.zeros(0), "empty64": torch.zeros(0, dtype=torch.float64), "zero": torch.tensor(1.5), "neg": torch.tensor([1 + 2j]).conj().imag,
}
tagged = nn.Parameter(torch.ones(2)); tagged.tag = "a"
hooked = torch.ones(2, requires_grad=True)
save("odd-tensors.pth", {"state_dict": plain, "odd": {**odd, "tagged": tagged, "hooked": hooked}}, own,
     skipped=[["odd.sparse", "outside"], ["odd.complex", "outside"], ["odd.meta", "outside"], ["odd.numpy", "outside"]])

# 6. Types and strides.
def rounded(dtype, **options):
    values = {key: value.to(dtype) if value.is_floating_point() else value for key, value in plain.items()}
    copy = network(); copy.load_state_dict({key: value.to(plain[key].dtype) for key, value in values.items()}); copy.eval()
    return values, answers(copy)
for dtype in (torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2):
    values, of_dtype = rounded(dtype)
    name = str(dtype)[6:]
    save(f"{name}.pth", values, of_dtype)
    from safetensors.torch import save_file
    save_file({key: value.contiguous() for key, value in values.items()}, path(f"{name}.safetensors"))
    case(f"{name}.safetensors", of_dtype)
values, of_dtype = rounded(torch.float8_e4m3fnuz)
save("float8_e4m3fnuz-legacy.pth", values, of_dtype, _use_new_zipfile_serialization=False)
save("channels-last.pth", {key: value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value for key, value in plain.items()}, own)
floats = [key for key, value in plain.items() if value.is_floating_point()]
buffer = torch.cat([torch.zeros(5), *[plain[key].flatten() for key in floats]])
views, at = {}, 5
for key in floats:
    views[key] = buffer[at:at + plain[key].numel()].view(plain[key].shape)
    at += plain[key].numel()
save("one-buffer.pth", views, own)
save("transposed.pth", {key: value.transpose(0, -1).contiguous().transpose(0, -1) if value.ndim > 1 else value for key, value in plain.items()}, own)
save("numpy-arrays.pth", {key: np.asfortranarray(value.numpy()) for key, value in plain.items()}, own)
save("big-endian-numpy.pth", {key: value.numpy().astype(value.numpy().dtype.newbyteorder(">")) for key, value in plain.items()}, own)

def big_endian(source, target):
    """The file a big-endian machine writes: PyTorch reads either on either."""
    archive = zipfile.ZipFile(path(source))
    with zipfile.ZipFile(path(target), "w") as swapped:
        kinds = {}
        class Reader(torch._weights_only_unpickler.Unpickler): pass
        reader = Reader(io.BytesIO(archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))))
        def remember(pid):
            kinds[pid[2]] = pid[1].dtype
            return torch.storage.TypedStorage(pid[4], dtype=pid[1].dtype, _internal=True)
        reader.persistent_load = remember
        reader.load()
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith("/byteorder"): content = b"big"
            if "/data/" in name: content = np.frombuffer(content, f"V{torch.empty(0, dtype=kinds[name.rsplit('/', 1)[1]]).element_size()}").view(f">u{torch.empty(0, dtype=kinds[name.rsplit('/', 1)[1]]).element_size()}").byteswap().tobytes() if content else content
            swapped.writestr(name, content)
    read = torch.load(path(target), weights_only=True)
    assert all(torch.equal(read[key], value) for key, value in torch.load(path(source), weights_only=True).items())
for name in ("plain", "bfloat16"):
    big_endian(f"{name}.pth", f"{name}-big-endian.pth")
    case(f"{name}-big-endian.pth", next(item for item in ({"logits": c["logits"], "features": c["features"]} for c in cases if c["file"] == f"{name}.pth")))

# 7. Whole modules and TorchScript.
save("module.pth", model, own)
save("module-legacy.pth", model, own, _use_new_zipfile_serialization=False)
save("module-dp.pth", nn.DataParallel(model), own)
save("module-in-checkpoint.pth", {"epoch": 3, "model": trained, "optimizer": optimizer.state_dict()}, answer)
torch.jit.trace(model, x).save(path("traced.pt")); case("traced.pt", own)
vision = settle(torchvision.models.efficientnet_b0(num_classes=CLASSES))
vision_answer = answers(vision)
save("torchvision.pth", vision.state_dict(), vision_answer)
save("torchvision-module.pth", vision, vision_answer)
torch.jit.script(vision).save(path("torchvision-scripted.pt")); case("torchvision-scripted.pt", vision_answer)
v2 = settle(torchvision.models.efficientnet_v2_s(num_classes=CLASSES))
save("torchvision-v2-s.pth", {"state_dict": v2.state_dict(), "acc": np.float64(0.9)}, answers(v2), network={"variant": "v2-s", "batchNormEpsilon": 1e-3})
gray = network(in_chans=1)
with torch.no_grad(): gray_answer = answers(gray, torch.from_numpy(((pixels[..., :1] / np.float32(255) - np.float32(.449)) / np.float32(.226)).transpose(0, 3, 1, 2).copy()))
save("gray.pth", gray.state_dict(), gray_answer, network={"inputChannels": 1})

# 8. Heads.
def headless(state, prefix=""): return {prefix + key: value for key, value in state.items() if not key.startswith("classifier")}
skip = {"head": "skip"}
body = headless(plain)
for name, head in (
    ("two-layers", nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 256), nn.ReLU(), nn.Linear(256, 7))), ("linear", nn.Linear(1280, 3)), ("no-bias", nn.Linear(1280, 7, bias=False)),
    ("norm-first", nn.Sequential(nn.BatchNorm1d(1280), nn.Linear(1280, 7))), ("many", nn.ModuleDict({"breed": nn.Linear(1280, 12), "age": nn.Linear(1280, 1)})),
    ("square", nn.Sequential(nn.Linear(1280, 1280), nn.ReLU(), nn.Linear(1280, 7))), ("prelu", nn.Sequential(nn.Linear(1280, 9), nn.PReLU(), nn.Linear(9, 7)))):
    save(f"head-timm-{name}.pth", {**body, **{f"classifier.{key}": value for key, value in head.state_dict().items()}}, own, skip, head=False)
    save(f"head-beside-{name}.pth", {**headless(plain, "backbone."), **{f"head.{key}": value for key, value in head.state_dict().items()}, "bn1.weight": torch.ones(1280)}, own, skip, head=False)
    vision.classifier = head
    save(f"head-torchvision-{name}.pth", {"state_dict": {f"model.{key}": value for key, value in vision.state_dict().items()}}, vision_answer, skip, head=False)
save("head-fc.pth", {**headless(plain, "backbone."), "fc.weight": plain["classifier.weight"], "fc.bias": plain["classifier.bias"]}, own, {"classifier": "fc"})
save("head-fc-deep.pth", {"state_dict": {**headless(plain, "model.backbone."), "model.fc.weight": plain["classifier.weight"], "model.fc.bias": plain["classifier.bias"]}, "loss": torch.ones(1)}, own, {"classifier": "fc"},
     skipped=[["loss", "outside"]])
save("head-pooling.pth", {**body, "global_pool.p": torch.ones(1) * 3, "fc.weight": torch.ones(7, 1280), "arc.weight": torch.ones(7, 512)}, own, skip, head=False)
save("segmentation.pth", {**headless(plain, "encoder."), "decoder.blocks.0.conv1.weight": torch.ones(3, 3), "segmentation_head.0.weight": torch.ones(1)}, own, skip, head=False)

json.dump(cases, open(path("cases.json"), "w"))
