"""The same job in PyTorch: timm's Lite0 with the same weights, frozen below block5a. Prints the accuracy on the validation images as JSON.
Arguments: FOLDER WEIGHTS TARGET EPOCHS SEED."""
import json
import os
import resource
import sys

import timm
import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import v2

folder, weights, target, epochs, seed = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
SIZE, BATCH = 224, 16
torch.manual_seed(seed)
to_tensor = [v2.ToImage(), v2.ToDtype(torch.float32), v2.Normalize([127] * 3, [128] * 3)]
crops = v2.Compose([v2.RandomResizedCrop(SIZE, scale=(0.5, 1)), v2.RandomHorizontalFlip(), *to_tensor])
whole = v2.Compose([v2.Resize((SIZE, SIZE)), *to_tensor])
workers = len(os.sched_getaffinity(0))


def loader(part, transform, shuffle):
    images = datasets.ImageFolder(f"{folder}/{part}", transform)
    return DataLoader(images, BATCH, shuffle=shuffle, num_workers=workers, persistent_workers=True)


train, validation = loader("train", crops, True), loader("validation", whole, False)
model = timm.create_model("tf_efficientnet_lite0", num_classes=len(train.dataset.classes), drop_rate=0.2, drop_path_rate=0.2)
missing, unexpected = model.load_state_dict(load_file(weights), strict=False)
assert not unexpected and {name for name in missing if "num_batches_tracked" not in name} == {"classifier.weight", "classifier.bias"}
model.to(memory_format=torch.channels_last)
below = nn.Sequential(model.conv_stem, model.bn1, *model.blocks[:4]).requires_grad_(False)
above = nn.Sequential(*model.blocks[4:], model.conv_head, model.bn2, model.global_pool, nn.Dropout(0.2), model.classifier)
normalizations = [layer for layer in above.modules() if isinstance(layer, nn.BatchNorm2d)]
for layer in normalizations:
    layer.requires_grad_(False)
optimizer = torch.optim.Adam([weight for weight in above.parameters() if weight.requires_grad], lr=2e-4)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(train))
loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
below.eval()
for epoch in range(epochs):
    above.train()
    for layer in normalizations:
        layer.eval()
    for x, y in train:
        with torch.no_grad():
            features = below(x.to(memory_format=torch.channels_last))
        optimizer.zero_grad()
        loss_of(above(features), y).backward()
        optimizer.step()
        schedule.step()
    above.eval()
    with torch.no_grad():
        correct = sum((above(below(x.to(memory_format=torch.channels_last))).argmax(1) == y).sum().item() for x, y in validation)
    accuracy = correct / len(validation.dataset)
torch.save(model.state_dict(), f"{target}.pt")
# Without the memory of the processes of the DataLoader.
print(json.dumps({"accuracy": accuracy, "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
