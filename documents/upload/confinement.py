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
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
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


IF_POSSIBLE: Final = 1
REQUIRED: Final = 2
READABLE: Final = (
    "/usr/share/fonts",
    "/usr/share/X11/fonts",
    "/usr/local/share/fonts",
    f"{sys.base_prefix}/lib",
    f"{sys.prefix}/lib",
)
"""What a parser that may open files reads: fonts, and libraries that are loaded at first use."""


class Files(NamedTuple):
    """The folders and files that a child may use. Paths that do not exist are left out."""

    read: tuple[str, ...] = ()
    execute: tuple[str, ...] = ()
    """Read too."""
    write: tuple[str, ...] = ()
    """Everything, except to execute."""


@contextmanager
def confined_process(kernel: int, files: Files, *, programs: bool = False) -> Iterator[None]:
    """Apply Landlock before the block and seccomp after it, to the whole process.

    `kernel` is 0 for neither, IF_POSSIBLE, or REQUIRED: then Unavailable is raised if the kernel
    lacks one. The block sets the limits: on open files, which Landlock needs, and with a system
    call that seccomp refuses.
    """
    accepted = () if kernel == REQUIRED else (Unavailable,)
    if kernel:
        with suppress(*accepted):
            apply_landlock(files)
    yield
    if kernel:
        with suppress(*accepted):
            apply_seccomp(programs=programs)


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
    return landlock_version() > 0 and platform.machine() in _AUDIT_CODES


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
            allowed = rights if Path(path).is_dir() else of_files
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


_Calls = Mapping[str, tuple[int | None, int | None]]
"""The names of system calls, and their numbers on x86-64 and on 64-bit ARM."""

_BY_ITSELF: Final[Mapping[str, tuple[int, int]]] = {
    "socket": (41, 198),
    "clone": (56, 220),
    "clone3": (435, 435),
}
"""Refused by `_filter` according to their arguments."""
_NETWORK: Final[_Calls] = {
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "socketpair": (53, 199),
}
"""Sockets; `socket` itself is refused by `_filter`, for some families or for all."""
_PROGRAMS: Final[_Calls] = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
}
"""Other programs and processes; `clone` is refused by `_filter` unless it starts a thread."""
_OTHERS: Final[_Calls] = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
}
"""What reaches other processes and files by their names: Landlock does not refuse all of these."""
_NEVER: Final[_Calls] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "personality": (135, 92),
}
"""What neither a parser nor LibreOffice calls, and attacks on the kernel do."""
_AUDIT_CODES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""For each processor, its column in the tables, and its code in linux/audit.h."""


def apply_seccomp(*, programs: bool = False) -> None:
    """Refuse this process the network, other programs and processes, and the calls that parsers
    never make. Threads stay possible.

    With `programs`, programs can be started, and talk to each other over UNIX sockets. Raises
    Unavailable.
    """
    if platform.machine() not in _AUDIT_CODES:
        raise Unavailable(f"the system calls of {platform.machine()} are not listed")
    _no_new_privileges()
    code = b"".join(_filter(*_AUDIT_CODES[platform.machine()], programs=programs))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    if _libc().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0):
        raise Unavailable(f"seccomp: {os.strerror(ctypes.get_errno())}")


def _filter(column: int, audit_code: int, *, programs: bool) -> Iterator[bytes]:
    """Yield the instructions of the filter: load what is compared, jump over the answer if it
    differs, answer.
    """
    yield _step(_LOAD, _ARCHITECTURE)
    yield _step(_JUMP_EQUAL, audit_code, 1, 0)
    yield _step(_RETURN, _KILL)
    yield _step(_LOAD, _NUMBER)
    yield _step(_JUMP_AT_LEAST, _X32, 0, 1)
    yield _step(_RETURN, _KILL)
    for calls in (_NEVER,) if programs else (_NEVER, _NETWORK, _PROGRAMS, _OTHERS):
        for numbers in calls.values():
            if (number := numbers[column]) is not None:
                yield _step(_JUMP_EQUAL, number, 0, 1)
                yield _step(_RETURN, _EPERM)
    socket, clone, clone3 = (numbers[column] for numbers in _BY_ITSELF.values())
    if programs:
        yield _step(_JUMP_EQUAL, socket, 0, 3)
        yield _step(_LOAD, _FIRST_ARGUMENT)
        yield _step(_JUMP_EQUAL, _AF_UNIX, 1, 0)
        yield _step(_RETURN, _EPERM)
    else:
        yield _step(_JUMP_EQUAL, socket, 0, 1)
        yield _step(_RETURN, _EPERM)
        # The flags of clone3 are in memory, where a filter cannot read them. Without it, the C
        # library uses clone.
        yield _step(_JUMP_EQUAL, clone3, 0, 1)
        yield _step(_RETURN, _ENOSYS)
        yield _step(_JUMP_EQUAL, clone, 0, 3)
        yield _step(_LOAD, _FIRST_ARGUMENT)
        yield _step(_JUMP_IF_SET, _CLONE_THREAD, 1, 0)
        yield _step(_RETURN, _EPERM)
    yield _step(_RETURN, _ALLOW)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
