"""Reads (`offline`) or downloads (`online`) the files of me/net with huggingface_hub, and prints their SHA-256 by name as JSON."""

import hashlib
import json
import sys

from huggingface_hub import hf_hub_download, scan_cache_dir

FILES = ["config.json", "preprocessor_config.json", "model.safetensors"]

paths = {file: hf_hub_download("me/net", file, local_files_only=sys.argv[1] == "offline") for file in FILES}
info = scan_cache_dir()
print(
    json.dumps(
        {
            "files": {file: hashlib.sha256(open(path, "rb").read()).hexdigest() for file, path in paths.items()},
            "warnings": [str(warning) for warning in info.warnings],
            "repositories": [repo.repo_id for repo in info.repos],
            "refs": sorted(ref for repo in info.repos for revision in repo.revisions for ref in revision.refs),
        }
    )
)
