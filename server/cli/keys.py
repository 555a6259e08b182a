"""Secrets that `picshare dev` makes once and keeps in the data directory."""

import json
import os
import secrets
from pathlib import Path

from server.embedded.processes import CannotStart

NAMES = ("secret_key", "s3_access_key", "s3_secret_key")


def kept(path: Path) -> dict[str, str]:
    """The secrets in *path*, which only its owner can read; made if there are none."""
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return _made(path)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in NAMES):
        raise CannotStart(f"{path} is damaged; remove it to have new secrets made")
    return {name: found[name] for name in NAMES}


def _made(path: Path) -> dict[str, str]:
    made = {name: secrets.token_hex(32) for name in NAMES}
    made["s3_access_key"] = secrets.token_hex(10)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(made, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return made
