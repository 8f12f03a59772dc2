"""A common recipe in PyTorch, to compare bench/fine-tuning/accuracy.ts with: timm's Lite0 with the same weights and a new classifier, all
layers, AdamW at 3e-4 along a cosine, label smoothing .1, random crops and flips. Prints the accuracy on the validation images per epoch.
Arguments: EPOCHS SEED frozen|trained, the last for BatchNormalization. Example: python bench/fine-tuning/torch_recipe.py 6 1 trained"""
import json
import os
import sys
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import v2

epochs, seed, normalization = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
data = Path(__file__).parents[2] / "examples/data"
SIZE, BATCH = 224, 16
torch.manual_seed(seed)
to_tensor = [v2.ToImage(), v2.ToDtype(torch.float32), v2.Normalize([127] * 3, [128] * 3)]
crops = v2.Compose([v2.RandomResizedCrop(SIZE, scale=(0.5, 1)), v2.RandomHorizontalFlip(), *to_tensor])
whole = v2.Compose([v2.Resize((SIZE, SIZE)), *to_tensor])


def loader(part, transform, shuffle):
    images = datasets.ImageFolder(data / "clothing" / part, transform)
    return DataLoader(images, BATCH, shuffle=shuffle, num_workers=len(os.sched_getaffinity(0)), persistent_workers=True)


train, validation = loader("train", crops, True), loader("validation", whole, False)
model = timm.create_model("tf_efficientnet_lite0", num_classes=len(train.dataset.classes), drop_rate=0.2, drop_path_rate=0.2)
model.load_state_dict(load_file(data / "weights/efficientnet-lite0.safetensors"), strict=False)
model.to(memory_format=torch.channels_last)
frozen = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)] if normalization == "frozen" else []
for layer in frozen:
    layer.requires_grad_(False)
optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=3e-4)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(train))
loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
accuracies = []
for epoch in range(epochs):
    model.train()
    for layer in frozen:
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
    print(json.dumps({"seed": seed, "normalization": normalization, "accuracies": accuracies}), flush=True)
