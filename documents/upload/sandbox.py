"""Runs the parsing of untrusted bytes in a confined child process.

Each upload gets a process of its own, without environment, and with hard limits on memory, time,
files and processes. `bubblewrap` keeps it from the network and shows it no files of ours. Where the
kernel has Landlock and seccomp (`confinement`), they do so too, on top of bubblewrap or alone.
Bytes go in and out through anonymous files in memory, so a child that hangs or floods cannot block
its parent. The answer is data to be validated, never code: a JSON header and raw blobs, no pickle.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from documents.upload import confinement
from events.core.errors import ProviderBroken, ProviderUnavailable

Isolation = Literal["bubblewrap", "landlock", "rlimits"]
"""`bubblewrap`: own namespaces (no network, no files except the libraries), the limits, and
Landlock and seccomp if the kernel has them.

`landlock`: Landlock, seccomp and the limits.

`rlimits`: the limits only.
"""
_KERNEL: Final[Mapping[Isolation, int]] = {
    "bubblewrap": confinement.IF_POSSIBLE,
    "landlock": confinement.REQUIRED,
    "rlimits": 0,
}
"""The value of `sandbox_child.Limits.kernel` for a child."""

CHILD: Final = Path(__file__).with_name("sandbox_child.py")
_PACKAGE: Final = Path(__file__).resolve().parent.parent
"""`documents/`: all of our code that a child imports."""
READY: Final = b"ready\n"
"""Written by the child once its libraries are loaded and limits set, before it reads input."""
_HEADER_BYTES: Final = 64 * 1024
_SYSTEM: Final = (
    "/usr",
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
)
_ROOM: Final = ("/etc/fonts", "/etc/libreoffice", "/var/cache/fontconfig")
"""Further paths that an office program reads."""

_POLL_SECONDS: Final = 0.05
_PAGE_BYTES: Final = resource.getpagesize()
_works: set[Isolation] = set()
"""The isolations that have worked in this process. Failures are not remembered."""

log = logging.getLogger(__name__)


class NoSandbox(ProviderUnavailable):
    """No isolation works on this machine at the moment."""


class Total(NamedTuple):
    """The limit of a child and all its processes together."""

    memory_bytes: int
    processes: int


@dataclass(frozen=True)
class Reply:
    """A child's answer: its header, not yet validated, and the blobs that the header describes."""

    header: Mapping[str, Any]
    blobs: tuple[bytes, ...]
    isolation: Isolation


@dataclass(eq=False)
class Died(Exception):
    """The child read the input and gave no answer.

    `how` is `time`, `total` (of its processes), `garbage` or `signal` (its number in `signal`).
    """

    how: Literal["time", "total", "garbage", "signal"]
    signal: int = 0


def run_child(
    task: str,
    data: bytes,
    options: Mapping[str, int],
    *,
    seconds: int,
    memory_bytes: int,
    output_bytes: int,
    isolation: Isolation,
    child: Path | None = None,
    room_bytes: int = 0,
    total: Total | None = None,
) -> Reply:
    """Run `task` (one of `sandbox_child.TASKS`) on `data` in a new child.

    `seconds` limits wall clock and CPU time each, `memory_bytes` the address space, `output_bytes`
    the whole answer, and `total` the child's processes together. `child` is another script with the
    protocol of `sandbox_child`. With `room_bytes`, for programs that need files,
    the child has its own folder at /tmp, in memory and of at most that size, and may read the
    system's fonts and settings; this needs bubblewrap.

    Raises Died if the input ended the child; ProviderUnavailable or ProviderBroken if the child did
    not even start, which is not the input's fault.
    """
    if room_bytes and isolation != "bubblewrap":
        raise ProviderBroken("room_bytes needs bubblewrap")
    limits = {"seconds": seconds, "memory_bytes": memory_bytes, "output_bytes": output_bytes}
    limits["kernel"] = _KERNEL[isolation]
    child = child or CHILD
    command = [
        *_confinement(isolation, child, room_bytes),
        sys.executable,
        "-I",
        "-B",
        str(child),
        task,
        json.dumps({**options, **limits}),
    ]
    with _memory_file("in") as given, _memory_file("out") as written:
        _write(given, data)
        returncode = _wait(_start(command, given, written), seconds, total)
        size = os.fstat(written).st_size
        output = os.pread(written, size, 0) if size <= output_bytes else READY
    if not output.startswith(READY):
        raise _not_started(returncode)
    if returncode is None:
        raise Died("time")
    if returncode:
        number = _signal_of(returncode)
        raise (
            Died("time")
            if number == signal.SIGXCPU
            else Died("signal" if number else "garbage", number)
        )
    return _unpack(output[len(READY) :], isolation)


def best_isolation(*, required: bool = True) -> Isolation:
    """Return the best isolation that works on this machine.

    What has worked once is not tested again. A failure is: it may have been of a moment. Raises
    NoSandbox if there is none and it is `required`.
    """
    if _is_working("bubblewrap"):
        return "bubblewrap"
    if _is_working("landlock"):
        log.warning("uploads are parsed under Landlock and seccomp, without bubblewrap")
        return "landlock"
    if required:
        log.error("no sandbox works here, so uploads are not opened; install bubblewrap")
        raise NoSandbox("no sandbox works here")
    log.warning("uploads are parsed under resource limits only; install bubblewrap")
    return "rlimits"


def _is_working(isolation: Isolation) -> bool:
    if isolation in _works:
        return True
    there = shutil.which("bwrap") if isolation == "bubblewrap" else confinement.is_available()
    if not there:
        return False
    try:
        run_child(
            "nothing",
            b"",
            {},
            seconds=10,
            memory_bytes=1 << 30,
            output_bytes=1 << 16,
            isolation=isolation,
        )
    except (Died, ProviderBroken, ProviderUnavailable) as error:
        log.warning("%s is installed but does not work here: %s", isolation, error)
        return False
    _works.add(isolation)
    return True


def _confinement(isolation: Isolation, child: Path, room_bytes: int) -> list[str]:
    """Return the command that wraps a child and shows it only the libraries and its own code."""
    if isolation != "bubblewrap":
        return []
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise ProviderBroken("bubblewrap was requested but is not installed")
    libraries = {
        *_SYSTEM,
        *(_ROOM if room_bytes else ()),
        sys.base_prefix,
        sys.prefix,
        str(_PACKAGE),
        str(CHILD.parent),
        str(child.parent),
    }
    binds = [word for path in sorted(libraries) for word in ("--ro-bind-try", path, path)]
    # The folder comes before the binds, since ours may be below a folder of that name.
    room = (
        ["--size", str(room_bytes), "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"]  # noqa: S108
        if room_bytes
        else []
    )
    return [
        bwrap,
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
        "--clearenv",
        *room,
        *binds,
        "--remount-ro",
        "/",
        "--chdir",
        "/",
        "--",
    ]


def _start(command: list[str], given: int, output: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            stdin=given,
            stdout=output,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise ProviderUnavailable(f"a child process could not be started: {error}") from error


def _wait(process: subprocess.Popen[bytes], seconds: float, total: Total | None) -> int | None:
    """Return the return code, or None after a timeout. The process group is gone either way.

    Raises Died if the processes exceed `total`.
    """
    with process:
        try:
            return process.wait() if _ended(process, seconds, total) else None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _ended(process: subprocess.Popen[bytes], seconds: float, total: Total | None) -> bool:
    """Whether `process` ends within `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if _ends_within(process, min(left, _POLL_SECONDS) if total else left):
            return True
        if total and _exceeds(process.pid, total):
            raise Died("total")
    return False


def _ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether `process` ends within `seconds`.

    Uses a pidfd, since `Popen.wait` with a timeout sleeps up to 50 ms at a time.
    """
    if not hasattr(os, "pidfd_open"):
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True
    descriptor = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(descriptor)


def _exceeds(pid: int, total: Total) -> bool:
    """Whether the process `pid` and its descendants exceed `total`.

    A child cannot leave this tree: in bubblewrap's namespace, the first process inherits all that
    lose their parent. Memory that two processes share is counted twice.
    """
    parents: dict[int, tuple[int, int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                # the name of the program, in brackets, may contain anything
                after_name = (
                    (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
                )
                parents[int(folder.name)] = int(after_name[1]), int(after_name[21])
    tree, found = {pid}, 0
    while len(tree) > found:
        found = len(tree)
        tree |= {each for each, (parent, _) in parents.items() if parent in tree}
    pages = sum(parents[each][1] for each in tree if each in parents)
    return len(tree) > total.processes or pages * _PAGE_BYTES > total.memory_bytes


@contextmanager
def _memory_file(name: str) -> Iterator[int]:
    """Yield the descriptor of an anonymous file: in memory on Linux, else unlinked."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryFile() as file:
            yield file.fileno()


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)


def _signal_of(returncode: int) -> int:
    """Return the signal that ended the child, or 0. bubblewrap reports 128 + its number."""
    return -returncode if returncode < 0 else max(returncode - 128, 0)


def _not_started(returncode: int | None) -> ProviderBroken | ProviderUnavailable:
    if returncode is None:
        return ProviderUnavailable("the sandbox did not start in time")
    return ProviderBroken(f"the sandbox did not start: it ended with {returncode}")


def _unpack(output: bytes, isolation: Isolation) -> Reply:
    """Return the reply in `output`.

    It has 4 bytes for the length of the header (big endian), the header as JSON, then its `blobs`
    with the lengths given there.
    """
    length = int.from_bytes(output[:4], "big")
    if len(output) < 4 or length > _HEADER_BYTES:
        raise Died("garbage")
    try:
        header = json.loads(output[4 : 4 + length])
        sizes = header["blobs"]
        offsets = [4 + length]
        for size in sizes:
            if type(size) is not int or size < 0:
                raise Died("garbage")
            offsets.append(offsets[-1] + size)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Died("garbage") from None
    if offsets[-1] != len(output):
        raise Died("garbage")
    blobs = tuple(output[start:end] for start, end in pairwise(offsets))
    return Reply(header, blobs, isolation)
