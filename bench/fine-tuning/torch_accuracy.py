"""Fine-tunes timm's Lite0 in PyTorch: all layers but BatchNormalization, AdamW at 3e-4 along a cosine, label smoothing 0.1, random crops
and flips, from an untrained classifier.
Prints the validation accuracy after every epoch as JSON. Arguments: FOLDER WEIGHTS EPOCHS SEED."""
import json
import os
import sys
import time

import timm
import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import v2

folder, weights, epochs, seed = *sys.argv[1:3], int(sys.argv[3]), int(sys.argv[4])
SIZE, BATCH = 224, 16
torch.manual_seed(seed)
start = time.perf_counter()
to_tensor = [v2.ToImage(), v2.ToDtype(torch.float32), v2.Normalize([127] * 3, [128] * 3)]
crops = v2.Compose([v2.RandomResizedCrop(SIZE, scale=(0.5, 1)), v2.RandomHorizontalFlip(), *to_tensor])
whole = v2.Compose([v2.Resize((SIZE, SIZE)), *to_tensor])
workers = len(os.sched_getaffinity(0))


def loader(part, transform, shuffle):
    images = datasets.ImageFolder(f"{folder}/{part}", transform)
    return DataLoader(images, BATCH, shuffle=shuffle, num_workers=workers, persistent_workers=True)


train, validation = loader("train", crops, True), loader("validation", whole, False)
model = timm.create_model("tf_efficientnet_lite0", num_classes=len(train.dataset.classes), drop_rate=0.2)
missing, unexpected = model.load_state_dict(load_file(weights), strict=False)
assert not unexpected and {name for name in missing if "num_batches_tracked" not in name} == {"classifier.weight", "classifier.bias"}
model.to(memory_format=torch.channels_last)
# As fineTune does by default.
normalizations = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
for layer in normalizations:
    layer.requires_grad_(False)
optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=3e-4)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(train))
loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
accuracies = []
for epoch in range(epochs):
    model.train()
    for layer in normalizations:
        layer.eval()
    for x, y in train:
        optimizer.zero_grad()
        loss_of(model(x.to(memory_format=torch.channels_last)), y).backward()
        optimizer.step()
        schedule.step()
    model.eval()
    with torch.no_grad():
        correct = sum((model(x.to(memory_format=torch.channels_last)).argmax(1) == y).sum().item() for x, y in validation)
    accuracies.append(round(correct / len(validation.dataset), 4))
    print(f"epoch {epoch}: {accuracies[-1]}, {time.perf_counter() - start:.0f} s", file=sys.stderr)
print(json.dumps({"seed": seed, "epochs": accuracies, "accuracy": accuracies[-1], "seconds": round(time.perf_counter() - start)}))
