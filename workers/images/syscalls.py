"""A filter in the kernel: a child may compute, and ask the system for nothing else.

The filter is a program of classic BPF, as the manual page seccomp(2) describes it.
"""

import ctypes
import errno
import os
import platform
import struct
from typing import Final

_PR_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2
_CLONE_THREAD: Final = 0x10000

# Codes of instructions: load a word, jump if equal, jump if a bit is set, return.
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_REFUSE: Final = 0x00050000

_MACHINES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Reading and writing what is open already, memory, signals to itself, clocks, its own end.
_NUMBERS: Final = {
    "x86_64": {
        *(0, 1, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 20, 24, 25, 28, 34, 35, 39, 60),
        *(96, 97, 98, 130, 131, 160, 186, 201, 202, 204, 219, 228, 230, 231, 262, 271, 273),
        *(318, 324, 334),
    },
    "aarch64": {
        *(57, 62, 63, 64, 65, 66, 67, 73, 79, 80, 93, 94, 98, 99, 101, 113, 115, 123, 124, 128),
        *(132, 133, 134, 135, 139, 163, 164, 165, 169, 172, 178, 214, 215, 216, 222, 226, 233),
        *(278, 283, 293),
    },
}
_CLONE: Final = {"x86_64": 56, "aarch64": 220}
_TGKILL: Final = {"x86_64": 234, "aarch64": 131}
_PRLIMIT: Final = {"x86_64": 302, "aarch64": 261}
_CLONE3: Final = 435


def confine(*, needs_threads: bool) -> bool:
    """Refuse every call but those of a process that only computes; False where that is unknown.

    What is refused fails with EPERM: files, sockets, programs, processes, signals to others.
    The right to this has to be given up before: PR_SET_NO_NEW_PRIVS.
    """
    machine = platform.machine()
    if machine not in _MACHINES:
        return False
    program = _program(machine, needs_threads=needs_threads)
    length = len(program) // 8
    code = ctypes.create_string_buffer(program)
    # struct sock_fprog: how many instructions, and where they are.
    given = ctypes.create_string_buffer(struct.pack("@HP", length, ctypes.addressof(code)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    unsigned = ctypes.c_ulong
    return bool(
        prctl(_PR_SET_SECCOMP, unsigned(_MODE_FILTER), given, unsigned(0), unsigned(0)) == 0
    )


def _program(machine: str, *, needs_threads: bool) -> bytes:
    refused, unknown = _REFUSE | errno.EPERM, _REFUSE | errno.ENOSYS
    steps = [
        _step(_LOAD, _MACHINE),
        _step(_EQUAL, _MACHINES[machine], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    for number in sorted(_NUMBERS[machine]):
        steps += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _ALLOW)]
    # The flags of clone3 lie in memory, out of reach; told that there is none, libraries use clone.
    steps += [_step(_EQUAL, _CLONE3, 0, 1), _step(_RETURN, unknown)]
    steps += _if_argument(_TGKILL[machine], _EQUAL, os.getpid(), refused)
    steps += _if_argument(_PRLIMIT[machine], _EQUAL, 0, refused)
    if needs_threads:
        steps += _if_argument(_CLONE[machine], _ANY_BIT, _CLONE_THREAD, refused)
    return b"".join([*steps, _step(_RETURN, refused)])


def _if_argument(number: int, test: int, value: int, otherwise: int) -> list[bytes]:
    """Allow a call only when its first argument passes a test."""
    return [
        _step(_EQUAL, number, 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(test, value, 0, 1),
        _step(_RETURN, _ALLOW),
        _step(_RETURN, otherwise),
    ]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
