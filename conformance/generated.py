"""What client teams generate from the schema, made afresh by the tools they use."""

import json
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
GENERATED = HERE / "generated"
BIN = HERE / "node_modules" / ".bin"
# Each is an argument of the tool that reads it.
RELAY_CONFIGS = ("relay.config.json", "relay.persisted.config.json", "relay.typescript.config.json")


def codegen() -> dict[str, str]:
    """What graphql-codegen's client preset makes; its trusted documents by their ids."""
    _emptied(GENERATED / "codegen")
    _run("graphql-codegen", "--config", "codegen.mjs", "--errors-only")
    return _manifest(GENERATED / "codegen" / "persisted-documents.json")


def relay() -> dict[str, str]:
    """What relay-compiler makes, with text, with ids and in TypeScript; its trusted documents."""
    _emptied(GENERATED / "relay")
    persisted = GENERATED / "relay" / "persisted.json"
    # Node.js reads the modules that are made for bundlers as those of before ES modules.
    (GENERATED / "relay" / "package.json").write_text('{"type": "commonjs"}')
    for config in RELAY_CONFIGS:
        directory = json.loads((HERE / config).read_text())["artifactDirectory"]
        (HERE / directory).mkdir()
        if "persisted" in config:
            # relay-compiler adds to a file that it wants to find.
            persisted.write_text("{}")
        _run("relay-compiler", config)
    return _manifest(persisted)


def types_are_sound() -> None:
    """The TypeScript of both tools, in strict mode."""
    _run("tsc", "--project", "tsconfig.json")


def _emptied(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)


def _manifest(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _run(tool: str, *arguments: str) -> None:
    done = subprocess.run(
        [BIN / tool, *arguments],
        cwd=HERE,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
