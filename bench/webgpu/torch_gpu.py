"""timm's networks in PyTorch on CUDA, at the shapes of the WebGPU benchmark: python torch_gpu.py [cuda|cpu]. Prints one line of JSON."""
import json, sys, time
import timm, torch

device = sys.argv[1] if len(sys.argv) > 1 else "cuda"
rows = []


def record(name, run):
    """At least five times, then for a second; each waits for its numbers on the CPU, as the other side does."""
    run().cpu(), run().cpu()
    milliseconds, begun = [], time.perf_counter()
    while len(milliseconds) < 5 or (time.perf_counter() - begun < 1 and len(milliseconds) < 40):
        start = time.perf_counter()
        run().cpu()
        milliseconds.append(1000 * (time.perf_counter() - start))
    rows.append(dict(name=name, milliseconds=milliseconds))


def predict(variant, size, batches):
    model = timm.create_model(f"tf_efficientnet_{variant}", pretrained=False).eval().to(device)
    for batch in batches:
        x = torch.rand(batch, 3, size, size, device=device)
        with torch.inference_mode():
            record(f"predict {variant} {size} {batch}", lambda: model(x))


def train(size, batches):
    for batch in batches:
        model = timm.create_model("tf_efficientnet_b0", pretrained=False, num_classes=10, drop_rate=0.2, drop_path_rate=0.2).train().to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        x, y = torch.rand(batch, 3, size, size, device=device), (torch.arange(batch) % 10).to(device)

        def step():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        record(f"train b0 {size} {batch}", step)


# float32 throughout, as TensorFlow.js computes.
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
predict("b0", 224, [1, 8, 128])
predict("b4", 380, [1, 8])
predict("lite0", 224, [1, 32])
train(96, [8, 32])
train(224, [8, 32])
print(json.dumps(dict(torch=torch.__version__, timm=timm.__version__, device=torch.cuda.get_device_name() if device == "cuda" else device, rows=rows)))
