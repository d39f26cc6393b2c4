"""Measures how often traces are found on forged and on honest pictures.

`python -m benchmarks.forgery [FOLDER] [--seed N] [--count N] [--json]` reads specimens of each
level and judges them unchanged, passed on by a messenger, and after each attack in a picture
editor; with FOLDER, the pictures in it instead. "look" is the share sent to review, "note" the
share with no more than notes. The regions of values are read once, from the honest picture: attacks
do not move them. Milliseconds are processor time, on one core, for each page judged. Thresholds
were chosen on seed 100; report figures for other seeds.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import cv2
import numpy as np
import structlog
from PIL import Image, ImageOps

from benchmarks.stage import fresh, median, p95, show, tell
from documents.specimens import EDITIONS, make_specimen
from documents.specimens.forgery import ATTACKS, EDITORS, Photo, attack_photo, save_as_editor
from documents.typesetting import Paper

PICTURES: Final = {".jpg", ".jpeg", ".png", ".webp"}
LEVELS: Final = {
    "scan": "scan",
    "light": "light",
    "phone": "phone",
    "hard": "hard",
    "electronic": "none",
}
"""The honest levels.

"electronic" is a licence drawn by its app, as a screenshot or a page of a PDF.
"""
SCREEN: Final = "electronic"
QUALITIES: Final = (78, 85, 90, 95)
"""The qualities at which editors and messengers save."""


@dataclass
class Group:
    """The results for the pictures of one kind."""

    pictures: int = 0
    look: int = 0
    note: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def add(self, severe: bool, noted: bool, codes: set[str]) -> None:
        self.pictures += 1
        self.look += severe
        self.note += noted and not severe
        for code in codes:
            self.kinds[code] = self.kinds.get(code, 0) + 1

    def as_json(self) -> dict[str, Any]:
        share = {
            "look": round(self.look / self.pictures, 4),
            "note": round(self.note / self.pictures, 4),
        }
        return {"pictures": self.pictures, **share, "codes": self.kinds}


@dataclass
class Bench:
    """All groups, and the time per page."""

    groups: dict[str, Group] = field(default_factory=dict)
    seconds: list[tuple[float, float]] = field(default_factory=list)
    """Megapixels and milliseconds."""

    def judge(self, group: str, picture: Paper, reading: dict[str, Any], editor: str = "") -> None:
        """Judge `picture` as the check does, and count the findings."""
        from documents.forgery import traces_of
        from verification.checks.forgery import Forgery
        from verification.rules.findings import Severity

        page = np.ascontiguousarray(picture[:, :, ::-1])
        started = time.process_time()
        traces = traces_of(page, reading["lines"], reading["turn"])
        self.seconds.append(
            (page.shape[0] * page.shape[1] / 1e6, (time.process_time() - started) * 1000)
        )
        observation = {
            "document": "d",
            "page": 1,
            "editor": editor,
            "traces": [trace.as_json() for trace in traces],
            "others": [],
        }
        findings = Forgery().judge(cast(Any, None), {"reading": reading}, observation)
        severe = {f.code for f in findings if f.severity > Severity.NOTE}
        noted = {f.code for f in findings if f.severity is Severity.NOTE}
        self.groups.setdefault(group, Group()).add(bool(severe), bool(noted), severe | noted)

    def add(
        self, level: str, photo: Photo, reading: dict[str, Any], number: int, donor: Photo | None
    ) -> None:
        """Judge `photo` unchanged, passed on, and attacked."""
        rng = random.Random(f"bench {level} {number}")
        self.judge(f"honest {level}", photo.picture, reading)
        self.judge(
            f"passed on {level}",
            decoded(save_as_editor(photo.picture, rng.choice(QUALITIES))),
            reading,
        )
        if reading["turn"]:
            return
        where = SCREEN if level == SCREEN else "photo"
        for attack in ATTACKS:
            if altered := attack_photo(photo, attack, number, donor):
                self.judge(
                    f"{attack}, {where}",
                    decoded(save_as_editor(altered[0], rng.choice(QUALITIES))),
                    reading,
                )
        if level == SCREEN:
            # Drawn from scratch, as a PDF: no pixel is copied, so only the program's name gives it
            # away.
            self.judge("clean kit, editor named", photo.picture, reading, rng.choice(EDITORS))


def decoded(jpeg: bytes) -> Paper:
    with Image.open(io.BytesIO(jpeg)) as image:
        return np.asarray(image.convert("RGB"))


def specimens(seed: int, count: int) -> Iterator[tuple[str, int, Image.Image]]:
    """Yield `count` licences of each level; the same for the same `seed`."""
    for level, damage in LEVELS.items():
        for number in range(seed, seed + count):
            yield (
                level,
                number,
                make_specimen(number, EDITIONS[number % len(EDITIONS)], damage).image,
            )


def in_folder(folder: Path, every: int) -> Iterator[tuple[str, int, Image.Image]]:
    """Yield each `every`th picture in `folder`, as one level."""
    files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in PICTURES]
    for number, file in enumerate(files[::every]):
        with Image.open(file) as image:
            yield folder.name, number, ImageOps.exif_transpose(image).convert("RGB")


def measure(pictures: Iterator[tuple[str, int, Image.Image]]) -> dict[str, Any]:
    """Return shares by group, and milliseconds per page by its size."""
    from documents.licence.read import read_pages

    bench = Bench()
    donors: dict[str, Photo | None] = {}
    for level, number, image in pictures:
        reading = read_pages([image]).as_json() | {"document": "d"}
        photo = Photo(np.asarray(image), reading["lines"])
        bench.add(level, photo, reading, number, donors.get(level))
        donors[level] = photo if not reading["turn"] else donors.get(level)
        if sys.stderr.isatty():
            print(f"\r{level} {number} ", end="", file=sys.stderr, flush=True)
    sizes = {"< 1": (0.0, 1.0), "1 to 4": (1.0, 4.0), "> 4": (4.0, 1e9)}
    taken = {
        name: [ms for pixels, ms in bench.seconds if low <= pixels < high]
        for name, (low, high) in sizes.items()
    }
    return {
        "groups": {name: group.as_json() for name, group in bench.groups.items()},
        "ms": {
            name: {"pages": len(ms), "median": round(median(ms), 1), "p95": round(p95(ms), 1)}
            for name, ms in taken.items()
            if ms
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.forgery", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="FOLDER",
        help="judge and attack these pictures instead of specimens",
    )
    parser.add_argument("--every", type=int, default=1, help="use only every Nth picture of FOLDER")
    parser.add_argument("--seed", type=int, default=500)
    parser.add_argument("--count", type=int, default=8, help="how many specimens of each level")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.folder and not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is not a folder")
    cv2.setNumThreads(1)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with fresh():
        source = (
            in_folder(arguments.folder, arguments.every)
            if arguments.folder
            else specimens(arguments.seed, arguments.count)
        )
        result = measure(source)
    if arguments.json:
        tell(result)
        return
    rows = [
        [
            name,
            told["pictures"],
            told["look"],
            told["note"],
            ", ".join(f"{code} {count}" for code, count in told["codes"].items()),
        ]
        for name, told in result["groups"].items()
    ]
    show(["group", "pictures", "look", "note", "codes"], rows)
    print()
    show(
        ["megapixels", "pages", "median ms", "p95 ms"],
        [[name, *told.values()] for name, told in result["ms"].items()],
    )


if __name__ == "__main__":
    main()
