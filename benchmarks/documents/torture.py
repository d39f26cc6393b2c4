"""Checks that every file is either read or refused with a code.

`python -m benchmarks.torture [FOLDER] [--seconds N] [--list] [--json]` processes every picture and
PDF in FOLDER, by name or by content, like an upload: `open_upload`, then `read_pages`, in a worker
process that is replaced when it dies or hangs. Without FOLDER, it takes the broken and odd files
that Pillow, pypdf and pikepdf use in their own tests, from their source packages (pip fetches them,
about 65 MB). Goal: only readings and coded refusals.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Literal

from PIL import Image

from benchmarks import stage
from documents.upload.intake import looks_like, media_type_of

PACKAGES: Final = ("Pillow", "pypdf", "pikepdf")
PICTURES: Final = {"GIF", "BMP", "AVIF", "JPEG 2000", "Photoshop (PSD)", "SVG", "PostScript"}
"""The words of `looks_like` for pictures that intake does not accept."""
NAMES: Final = {
    ".apng",
    ".avif",
    ".avifs",
    ".blp",
    ".bmp",
    ".cur",
    ".dcx",
    ".dds",
    ".dib",
    ".emf",
    ".eps",
    ".fits",
    ".flc",
    ".fli",
    ".fpx",
    ".ftex",
    ".ftu",
    ".gbr",
    ".gif",
    ".grib",
    ".h5",
    ".heic",
    ".heif",
    ".icns",
    ".ico",
    ".im",
    ".iptc",
    ".j2k",
    ".jfif",
    ".jp2",
    ".jpc",
    ".jpe",
    ".jpeg",
    ".jpf",
    ".jpg",
    ".jpx",
    ".mic",
    ".mpo",
    ".msp",
    ".pbm",
    ".pcd",
    ".pcx",
    ".pdf",
    ".pfm",
    ".pgm",
    ".png",
    ".pnm",
    ".ppm",
    ".ps",
    ".psd",
    ".qoi",
    ".ras",
    ".rgb",
    ".rgba",
    ".sgi",
    ".spider",
    ".sun",
    ".svg",
    ".tga",
    ".tif",
    ".tiff",
    ".webp",
    ".wmf",
    ".xbm",
    ".xpm",
}
"""Extensions of pictures and PDFs, in lower case."""
PATIENCE: Final = 120
"""Seconds per file, far more than the limits inside allow."""

Kind = Literal["reading", "refused", "error", "died", "timed out"]


@dataclass(frozen=True)
class Fate:
    """The result for a file: a reading, a refusal with its `code`, or an error.

    An error has its traceback in `told`.
    """

    file: str
    kind: Kind
    code: str = ""
    told: str = ""
    seconds: float = 0.0
    is_licence: bool = False

    @property
    def allowed(self) -> bool:
        return self.kind in ("reading", "refused")


# --- The worker process ------------ --------------------------------------------------------------


def work(pipe: Connection) -> None:
    """Answer each path from `pipe` with its fate and the memory peak in MB, until None."""
    while (file := pipe.recv()) is not None:
        started = time.perf_counter()
        fate = _fate(file)
        seconds = round(time.perf_counter() - started, 3)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        pipe.send((asdict(fate) | {"seconds": seconds}, peak))


def _fate(file: str) -> Fate:
    from documents.licence.read import read_pages
    from documents.upload.intake import open_upload
    from events.core.errors import Refused

    try:
        taken = open_upload(Path(file).read_bytes())
        reading = read_pages(
            [Image.open(io.BytesIO(page.jpeg)).convert("RGB") for page in taken.pages]
        )
        json.dumps(reading.as_json())  # it is stored as an observation
    except Refused as refused:
        return Fate(file, "refused", refused.code)
    except BaseException as error:
        return Fate(file, "error", type(error).__name__, traceback.format_exc())
    return Fate(file, "reading", is_licence=reading.looks_like_licence)


# --- The parent process ----------- ---------------------------------------------------------------


class Worker:
    """A process that reads file after file.

    It is replaced when it dies or takes more than `patience` seconds for one.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None
        self.peak_mb = 0

    def read(self, file: Path) -> Fate:
        if self._pipe is None:
            self._start()
        assert self._pipe is not None
        started = time.perf_counter()
        try:
            self._pipe.send(str(file))
            if not self._pipe.poll(self._patience):
                return self._lost(file, "timed out", started)
            fate, peak = self._pipe.recv()
        except (EOFError, OSError):
            return self._lost(file, "died", started)
        self.peak_mb = max(self.peak_mb, peak)
        return Fate(**fate)

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def _lost(self, file: Path, kind: Kind, started: float) -> Fate:
        if self._process:
            self._process.join(1)
        how = f"exit code {self._process.exitcode}" if self._process else ""
        self.close()
        return Fate(str(file), kind, told=how, seconds=round(time.perf_counter() - started, 3))


def pictures_in(folder: Path) -> list[Path]:
    """Return every picture or PDF in `folder`, at any depth, by its name or its first bytes."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and _is_picture(path)
    ]


def _is_picture(path: Path) -> bool:
    if path.suffix.lower() in NAMES:
        return True
    with path.open("rb") as file:
        head = file.read(4096)
    return media_type_of(head) is not None or looks_like(head) in PICTURES


@contextmanager
def packages() -> Iterator[Path]:
    """Yield a folder with the unpacked sources of PACKAGES; it is removed at the end.

    Exits if pip cannot fetch them.
    """
    with tempfile.TemporaryDirectory(prefix="zizhi-torture-") as name:
        folder = Path(name)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--no-binary",
            ":all:",
        ]
        try:
            subprocess.run([*command, "--dest", name, *PACKAGES], check=True)
        except subprocess.CalledProcessError as error:
            raise SystemExit(
                f"pip could not fetch {', '.join(PACKAGES)}; pass a FOLDER of your own."
            ) from error
        for archive in folder.glob("*.tar.gz"):
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
            archive.unlink()
        yield folder


def torture(folder: Path, patience: float) -> dict[str, Any]:
    """Process every picture and PDF in `folder`, and return the results."""
    files, worker = pictures_in(folder), Worker(patience)
    fates: list[Fate] = []
    started = time.perf_counter()
    try:
        for number, file in enumerate(files, start=1):
            fates.append(worker.read(file))
            if sys.stderr.isatty():
                print(f"\r{number} of {len(files)}", end="", file=sys.stderr, flush=True)
    finally:
        worker.close()
    slowest = sorted(fates, key=lambda fate: -fate.seconds)[:5]
    return {
        "files": len(files),
        "readings": sum(fate.kind == "reading" for fate in fates),
        "taken_for_licences": [_short(fate, folder) for fate in fates if fate.is_licence],
        "refused": dict(
            Counter(fate.code for fate in fates if fate.kind == "refused").most_common()
        ),
        "anything_else": [
            asdict(fate) | {"file": _short(fate, folder)} for fate in fates if not fate.allowed
        ],
        "slowest": {_short(fate, folder): fate.seconds for fate in slowest},
        "seconds": round(time.perf_counter() - started, 1),
        "peak_mb": worker.peak_mb,
        "fates": {_short(fate, folder): fate.code or fate.kind for fate in fates},
    }


def _short(fate: Fate, folder: Path) -> str:
    return str(Path(fate.file).relative_to(folder))


def show(result: dict[str, Any], fates: bool) -> None:
    print(f"{result['files']} files in {result['seconds']} s")
    rows: Sequence[Sequence[object]] = [
        ("reading", result["readings"]),
        *result["refused"].items(),
        ("anything else", len(result["anything_else"])),
    ]
    stage.show(["outcome", "files"], rows)
    print(f"memory peak of the reading process: {result['peak_mb']} MB")
    print(
        "slowest: "
        + ", ".join(f"{file} {seconds} s" for file, seconds in result["slowest"].items())
    )
    print(f"taken for licences: {', '.join(result['taken_for_licences']) or 'none'}")
    for other in result["anything_else"]:
        print(
            f"\n{other['file']}: {other['kind']} {other['code']} after {other['seconds']}"
            f" s\n{other['told']}"
        )
    if fates:
        print("\n" + "\n".join(f"{outcome:28} {file}" for file, outcome in result["fates"].items()))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.torture", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="FOLDER",
        help="the files to process; without it, those of " + ", ".join(PACKAGES),
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=PATIENCE,
        help=f"the limit for one file (default: {PATIENCE})",
    )
    parser.add_argument("--list", action="store_true", help="list every file's outcome")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.folder:
        if not arguments.folder.is_dir():
            parser.error(f"{arguments.folder} is not a folder")
        result = torture(arguments.folder, arguments.seconds)
    else:
        with packages() as folder:
            result = torture(folder, arguments.seconds)
    if arguments.json:
        stage.tell(
            result
            if arguments.list
            else {key: value for key, value in result.items() if key != "fates"}
        )
    else:
        show(result, arguments.list)
    if result["anything_else"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
