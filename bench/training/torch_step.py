"""Training steps of timm's efficientnet_b0, eager, channels last. Prints the times of the steps as JSON. The argument is a StepCase as JSON."""
import json
import resource
import sys
import time

import timm
import torch
from torch import nn

case = json.loads(sys.argv[1])
mode, size, batch = case["mode"], case["size"], case["batch"]
if isinstance(case.get("threads"), int):
    torch.set_num_threads(case["threads"])
torch.manual_seed(1)
model = timm.create_model("efficientnet_b0", num_classes=10, drop_rate=0.2, drop_path_rate=0.2).train().to(memory_format=torch.channels_last)
if mode != "all-trained":
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval().requires_grad_(False)

# The frozen layers run in evaluation mode and without a graph.
first = int(mode[len("block")]) - 1 if mode.startswith("block") else None
if first is None:
    below, above = nn.Identity(), model
else:
    below = nn.Sequential(model.conv_stem, model.bn1, *model.blocks[:first]).eval().requires_grad_(False)
    above = nn.Sequential(*model.blocks[first:], model.conv_head, model.bn2, model.global_pool, nn.Dropout(0.2), model.classifier)

optimizer = torch.optim.SGD([weight for weight in model.parameters() if weight.requires_grad], lr=0.001)
loss_of = nn.CrossEntropyLoss()
x = torch.rand(batch, 3, size, size).to(memory_format=torch.channels_last)
y = torch.arange(batch) % 10


def features():
    with torch.no_grad():
        return below(x)


kept = features() if case.get("cached") else None
milliseconds, processor = [], []
for step in range(case["warmup"] + case["steps"]):
    start, used = time.perf_counter(), time.process_time()
    optimizer.zero_grad()
    loss = loss_of(above(features() if kept is None else kept), y)
    loss.backward()
    optimizer.step()
    loss.item()
    if step >= case["warmup"]:
        milliseconds.append((time.perf_counter() - start) * 1000)
        processor.append((time.process_time() - used) * 1000)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
version = f"torch {torch.__version__}, timm {timm.__version__}, threads: {torch.get_num_threads()}"
print(json.dumps({"milliseconds": milliseconds, "processor": processor, "version": version, "peakMegabytes": peak}))
