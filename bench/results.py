"""Each part of the benchmark leaves its figures here, and the page is written from all of them."""

from pathlib import Path
from typing import Any

import orjson

from bench import machine

FOLDER = Path(__file__).parent / "results"


def keep(part: str, command: str, figures: dict[str, Any]) -> None:
    """Write down what one part found, with the machine and the command."""
    FOLDER.mkdir(exist_ok=True)
    found = {"command": command, "machine": machine.described(), **figures}
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    (FOLDER / f"{part}.json").write_bytes(orjson.dumps(found, option=options))


def kept(part: str) -> dict[str, Any] | None:
    """What that part found when it was last measured; None if it never was."""
    path = FOLDER / f"{part}.json"
    return orjson.loads(path.read_bytes()) if path.exists() else None
