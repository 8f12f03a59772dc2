"""Logistic regression of scikit-learn, for bench/frozen-head/penalty.ts.
`digits FOLDER` writes scikit-learn's handwritten digits as PNG files: FOLDER/train/CLASS and FOLDER/validation/CLASS.
`fit FEATURES` prints accuracy, log loss and the chosen C of LogisticRegressionCV as JSON."""
import json
import os
import sys
import time

import numpy as np

mode, path = sys.argv[1:]
if mode == "digits":
    from PIL import Image
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(np.arange(len(labels)), test_size=500, random_state=0, stratify=labels)
    for name, rows in zip(("train", "validation"), parts):
        for row in rows:
            os.makedirs(f"{path}/{name}/{labels[row]}", exist_ok=True)
            pixels = (images[row].reshape(8, 8) / 16 * 255).astype(np.uint8)
            Image.fromarray(pixels).convert("RGB").save(f"{path}/{name}/{labels[row]}/{row:04}.png")
    print(json.dumps({"train": len(parts[0]), "validation": len(parts[1])}))
else:
    from safetensors.numpy import load_file
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedKFold

    arrays = load_file(path)
    mean = arrays["train"].mean(0)
    scale = np.sqrt(arrays["train"].var(0).mean())
    train, validation = ((arrays[name] - mean) / scale for name in ("train", "validation"))
    start = time.perf_counter()
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = LogisticRegressionCV(Cs=np.logspace(-3, 2, 11), cv=folds, scoring="neg_log_loss", max_iter=2000, tol=1e-3)
    model.fit(train, arrays["trainLabels"])
    probabilities = model.predict_proba(validation)
    labels = arrays["validationLabels"]
    result = {
        "accuracy": float((model.classes_[probabilities.argmax(1)] == labels).mean()),
        "loss": float(log_loss(labels, probabilities)),
        "l2": float(1 / (2 * np.ravel(model.C_)[0] * len(train))),
        "seconds": time.perf_counter() - start,
    }
    print(json.dumps(result))
