"""A child whose decoder was taken over: it does as the picture says."""

import ctypes
import mmap
import os
import resource
import signal
import socket
import sys
from pathlib import Path

from workers.images import Limits, Rendered, Squares, child, ladder, squares


def obey(data: bytes, limits: Limits) -> Rendered | Squares:
    order, _, argument = data.partition(b" ")
    if order == b"mistake":
        return squares.render(argument, limits)
    if order in ORDERS:
        ORDERS[order](argument)
        raise RuntimeError("done as told")
    return ladder.render(data, limits)


def segfault(_: bytes) -> None:
    ctypes.string_at(0)


def spin(_: bytes) -> None:
    while True:
        pass


def hang(_: bytes) -> None:
    signal.pause()


def allocate(_: bytes) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(2**26))


def share(_: bytes) -> None:
    mmap.mmap(-1, 2**30)


def fork(_: bytes) -> None:
    if not os.fork():
        signal.pause()


def write(path: bytes) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT))


def remove(path: bytes) -> None:
    Path(os.fsdecode(path)).unlink()


def kill_the_parent(_: bytes) -> None:
    os.kill(os.getppid(), signal.SIGTERM)


def limit_the_parent(_: bytes) -> None:
    resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (0, 0))


def run_another(_: bytes) -> None:
    os.execve("/bin/true", ["true"], {})


def trace(_: bytes) -> None:
    if ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def connect(_: bytes) -> None:
    socket.socket()


def start_a_program(_: bytes) -> None:
    os.posix_spawn("/bin/true", ["true"], {})


def tell_secrets(_: bytes) -> None:
    raise RuntimeError(sorted(os.environ))


def babble(_: bytes) -> None:
    while True:
        sys.stdout.buffer.write(b"\xff" * 2**16)


def promise(_: bytes) -> None:
    header = b'{"is_worn": false, "rendered": {"width": 1e9}}'
    sys.stdout.buffer.write(len(header).to_bytes(4, "big") + header)
    sys.stdout.buffer.flush()


def leave(_: bytes) -> None:
    os._exit(3)


ORDERS = {
    function.__name__.encode(): function
    for function in (
        segfault,
        spin,
        hang,
        allocate,
        share,
        fork,
        write,
        remove,
        kill_the_parent,
        limit_the_parent,
        run_another,
        trace,
        connect,
        start_a_program,
        tell_secrets,
        babble,
        promise,
        leave,
    )
}

if __name__ == "__main__":
    child.main(obey)
