"""One measurement of torchvision and DataLoader: python torch_loader.py FOLDER resize|augment [PROCESSES]. Measures four passes after a first, prints one line of JSON."""
import json, sys, time
import torch, torchvision
from torchvision import datasets, transforms

folder, task = sys.argv[1:3]
processes = next((int(word) for word in sys.argv[3:] if word.isdigit()), 2)
extra = [transforms.RandomHorizontalFlip(), transforms.ColorJitter(0.1, 0.2, 0.2), transforms.RandomAffine(10, interpolation=transforms.InterpolationMode.BILINEAR)] if task == "augment" else []
data = datasets.ImageFolder(folder, transforms.Compose([transforms.Resize((224, 224)), *extra, transforms.PILToTensor()]))
loader = torch.utils.data.DataLoader(data, batch_size=32, num_workers=processes, persistent_workers=True)
for _ in loader: pass
start = time.perf_counter()
count = sum(len(labels) for _ in range(4) for _, labels in loader)
elapsed = time.perf_counter() - start
print(json.dumps(dict(rate=count / elapsed, milliseconds=None, version=f"torchvision {torchvision.__version__}")))
