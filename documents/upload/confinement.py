"""Landlock and seccomp: what the kernel itself refuses the child that parses an upload.

Landlock limits the files that a process can open, and the TCP ports it can use; seccomp limits its
system calls. Neither needs privileges or a program, both hold for all later processes of the child,
and neither can be undone. `sandbox_child` applies them to itself before it reads any input.

They are set through ctypes: the bindings on PyPI are early releases or no longer maintained, and
those for seccomp need a library of the system that the sandbox would have to show the child.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NamedTuple

_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2

# --- Landlock (linux/landlock.h) ------------------------------------------------------------------

# The same numbers on all architectures.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_VERSION: Final = 1
"""The flag that asks for the version of Landlock."""
_PATH_BENEATH: Final = 1
_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_READ: Final = _READ_FILE | _READ_DIR
_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 5: 16}
"""Version → how many rights on files it knows, from the lowest bit."""
_NET_VERSION: Final = 4
_BIND_AND_CONNECT: Final = 0b11
_SCOPE_VERSION: Final = 6
_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 0b11


class Unavailable(Exception):
    """The kernel lacks Landlock or seccomp, or refuses to apply them."""


class Files(NamedTuple):
    """The folders and files that a child may use. Paths that do not exist are left out."""

    read: tuple[str, ...] = ()
    execute: tuple[str, ...] = ()
    """Read too."""
    write: tuple[str, ...] = ()
    """Everything, except to execute."""


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    libc = _libc()
    libc.syscall.restype = ctypes.c_long
    result = int(libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise Unavailable(f"system call {number}: {os.strerror(code)}")
    return result


def landlock_version() -> int:
    """Return the kernel's version of Landlock, or 0."""
    with suppress(Unavailable, AttributeError):
        return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    return 0


def is_available() -> bool:
    """Whether this kernel has both, on a processor whose system calls are listed here."""
    return landlock_version() > 0 and platform.machine() in _ARCHITECTURES


def apply_landlock(files: Files) -> None:
    """Refuse this process all files but `files`, and all TCP. Raises Unavailable."""
    version = landlock_version()
    if not version:
        raise Unavailable("the kernel has no Landlock")
    known = (1 << max(count for since, count in _RIGHTS.items() if since <= version)) - 1
    attributes = struct.pack(
        "=QQQ",
        known,
        _BIND_AND_CONNECT if version >= _NET_VERSION else 0,
        _ABSTRACT_SOCKETS_AND_SIGNALS if version >= _SCOPE_VERSION else 0,
    )
    size = 24 if version >= _SCOPE_VERSION else 16 if version >= _NET_VERSION else 8
    ruleset = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for paths, rights in (
            (files.read, _READ),
            (files.execute, _READ | _EXECUTE),
            (files.write, known & ~_EXECUTE),
        ):
            _allow(ruleset, paths, rights & known)
        _no_new_privileges()
        _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, paths: Iterable[str], rights: int) -> None:
    of_files = rights & (_EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15)
    for path in paths:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            allowed = rights if os.path.isdir(path) else of_files
            rule = struct.pack("=Qi", allowed, descriptor)
            _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, 0)
        finally:
            os.close(descriptor)


def _no_new_privileges() -> None:
    if _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise Unavailable("no_new_privs cannot be set")


# --- seccomp (linux/seccomp.h, linux/filter.h) ----------------------------------------------------

_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_EPERM: Final = 0x00050000 | 1
_ENOSYS: Final = 0x00050000 | 38
_LOAD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_JUMP_IF_SET: Final = 0x45
_RETURN: Final = 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_X32: Final = 0x40000000
"""Numbers from here on are those of another interface of the same processor."""
_CLONE_THREAD: Final = 0x00010000
_AF_UNIX: Final = 1


class _Architecture(NamedTuple):
    """A processor: its code in audit.h, and the numbers of its system calls."""

    code: int
    socket: int
    clone: int
    starts: tuple[int, ...]
    """execve, execveat, fork, vfork."""
    network: tuple[int, ...]
    """connect, bind, listen, accept, accept4, sendto, sendmsg, sendmmsg, socketpair."""
    dangerous: tuple[int, ...]
    """ptrace, process_vm_readv and _writev, kill, tkill, tgkill, mount, umount2, pivot_root,
    chroot, unshare, setns, bpf, perf_event_open, userfaultfd, keyctl, add_key, request_key,
    open_by_handle_at, name_to_handle_at, init_module, finit_module, kexec_load, personality,
    shmget, shmat, msgget, semget, mq_open.
    """


_NEW: Final = (425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 438, 442, 448)
"""io_uring, the new mount calls, pidfd_open, pidfd_getfd, mount_setattr and process_mrelease: the
same numbers on all architectures.
"""
_CLONE3: Final = 435
"""Its flags are in memory, where a filter cannot read them; without it, libc uses clone."""
_ARCHITECTURES: Final = {
    "x86_64": _Architecture(
        0xC000003E,
        socket=41,
        clone=56,
        starts=(59, 322, 57, 58),
        network=(42, 49, 50, 43, 288, 44, 46, 307, 53),
        dangerous=(
            *(101, 310, 311, 62, 200, 234, 165, 166, 155, 161, 272, 308, 321, 298, 323, 250),
            *(248, 249, 304, 303, 175, 313, 246, 135, 29, 30, 68, 64, 240),
        ),
    ),
    "aarch64": _Architecture(
        0xC00000B7,
        socket=198,
        clone=220,
        starts=(221, 281),
        network=(203, 200, 201, 202, 242, 206, 211, 269, 199),
        dangerous=(
            *(117, 270, 271, 129, 130, 131, 40, 39, 41, 51, 97, 268, 280, 241, 282, 219),
            *(217, 218, 265, 264, 105, 273, 104, 92, 194, 196, 186, 190, 180),
        ),
    ),
}


def apply_seccomp(*, programs: bool = False) -> None:
    """Refuse this process the network, other programs and processes, and the calls that parsers
    never make. Threads stay possible.

    With `programs`, programs can be started, and talk to each other over UNIX sockets. Raises
    Unavailable.
    """
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        raise Unavailable(f"the system calls of {platform.machine()} are not listed")
    _no_new_privileges()
    code = b"".join(_filter(known, programs=programs))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    if _libc().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0):
        raise Unavailable(f"seccomp: {os.strerror(ctypes.get_errno())}")


def _filter(known: _Architecture, *, programs: bool) -> list[bytes]:
    """Return the instructions of the filter: load what is compared, jump over the answer if it
    differs, answer.
    """
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_JUMP_EQUAL, known.code, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        _step(_JUMP_AT_LEAST, _X32, 0, 1),
        _step(_RETURN, _KILL),
    ]
    killing = () if not programs else known.dangerous[3:6]
    refused = [*_NEW, *(number for number in known.dangerous if number not in killing)]
    if not programs:
        refused += [*known.network, *known.starts, known.socket]
    for number in refused:
        steps += [_step(_JUMP_EQUAL, number, 0, 1), _step(_RETURN, _EPERM)]
    steps += [_step(_JUMP_EQUAL, _CLONE3, 0, 1), _step(_RETURN, _ENOSYS)]
    if programs:
        steps += [
            _step(_JUMP_EQUAL, known.socket, 0, 3),
            _step(_LOAD, _FIRST_ARGUMENT),
            _step(_JUMP_EQUAL, _AF_UNIX, 1, 0),
            _step(_RETURN, _EPERM),
        ]
    else:
        steps += [
            _step(_JUMP_EQUAL, known.clone, 0, 3),
            _step(_LOAD, _FIRST_ARGUMENT),
            _step(_JUMP_IF_SET, _CLONE_THREAD, 1, 0),
            _step(_RETURN, _EPERM),
        ]
    return [*steps, _step(_RETURN, _ALLOW)]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
