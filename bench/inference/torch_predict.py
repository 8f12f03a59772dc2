"""Times timm's network, eager, channels last. Prints milliseconds as JSON. Arguments: VARIANT SIZE BATCH THREADS ROUNDS."""
import json
import sys
import time

import timm
import torch

variant, (size, batch, threads, rounds) = sys.argv[1], map(int, sys.argv[2:])
torch.set_num_threads(threads)
name = "tf_efficientnet_" + variant if not variant.startswith("v2-") else "tf_efficientnetv2_" + variant[3:]
model = timm.create_model(name, pretrained=False).eval().to(memory_format=torch.channels_last)
x = torch.rand(batch, 3, size, size).to(memory_format=torch.channels_last)
wall, cpu = [], []
with torch.inference_mode():
    for step in range(-2, rounds):
        start, used = time.perf_counter(), time.process_time()
        model(x)
        if step >= 0:
            wall.append((time.perf_counter() - start) * 1000)
            cpu.append((time.process_time() - used) * 1000)
print(json.dumps({"wall": wall, "cpu": cpu}))
