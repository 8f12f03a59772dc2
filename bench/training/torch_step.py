"""Training steps of timm's efficientnet_b0, eager, channels last. Prints milliseconds as JSON. Arguments: SIZE BATCH WARMUP STEPS."""
import json, resource, sys, time

import timm
import torch

size, batch, warmup, steps = map(int, sys.argv[1:])
torch.manual_seed(1)
model = timm.create_model("efficientnet_b0", num_classes=10, drop_rate=0.2, drop_path_rate=0.2).train().to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loss_of = torch.nn.CrossEntropyLoss()
x = torch.rand(batch, 3, size, size).to(memory_format=torch.channels_last)
y = torch.arange(batch) % 10
milliseconds = []
for step in range(warmup + steps):
    start = time.perf_counter()
    optimizer.zero_grad()
    loss = loss_of(model(x), y)
    loss.backward()
    optimizer.step()
    loss.item()
    if step >= warmup:
        milliseconds.append((time.perf_counter() - start) * 1000)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
version = f"torch {torch.__version__}, timm {timm.__version__}, {torch.get_num_threads()} threads"
print(json.dumps({"milliseconds": milliseconds, "version": version, "peakMegabytes": peak}))
