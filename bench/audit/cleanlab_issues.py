"""Reads [{labels, probabilities}] as JSON and prints the positions of the label issues that cleanlab finds in each."""

import json
import sys

import numpy as np
from cleanlab.filter import find_label_issues

print(
    json.dumps(
        [
            find_label_issues(
                np.array(case["labels"]),
                np.array(case["probabilities"]),
                filter_by="confident_learning",
                return_indices_ranked_by="self_confidence",
                n_jobs=1,
            ).tolist()
            for case in json.load(sys.stdin)
        ]
    )
)
