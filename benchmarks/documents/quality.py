"""Measures how fast photographs are judged, and how often each flaw is reported.

`python -m benchmarks.quality [FOLDER] [--seed N] [--count N] [--json]` photographs specimens with
every damage and reports the share of them that is flagged, by code; with FOLDER, it judges the
pictures in it instead. Times are milliseconds of processor time on one core, at the pictures' own
size and at 12 megapixels.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image, ImageOps

from benchmarks.stage import median, p95, show, tell
from documents.ocr.base import Picture
from documents.photo.flaws import CODES
from documents.photo.quality import judge_photo
from documents.specimens import DAMAGES, EDITIONS, make_specimen

PICTURES: Final = {".jpg", ".jpeg", ".png", ".webp"}
TWELVE_MEGAPIXELS: Final = 12_000_000


@dataclass
class Group:
    """The results for the pictures of one damage, and the times."""

    flagged: Counter[str] = field(default_factory=Counter)
    own: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)

    def add(self, picture: Picture) -> None:
        codes, seconds = timed(picture)
        self.flagged.update(codes)
        self.own.append(seconds)
        self.large.append(timed(enlarged(picture))[1])

    def share(self, code: str) -> float:
        return round(self.flagged[code] / len(self.own), 4)


def timed(picture: Picture) -> tuple[tuple[str, ...], float]:
    """Return the codes for `picture`, and the milliseconds of processor time."""
    started = time.process_time()
    codes = judge_photo(picture).codes
    return codes, (time.process_time() - started) * 1000


def enlarged(picture: Picture) -> Picture:
    """Return `picture` at 12 megapixels."""
    scale = math.sqrt(TWELVE_MEGAPIXELS / (picture.shape[0] * picture.shape[1]))
    return np.asarray(
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8
    )


def specimens(seed: int, count: int) -> Iterator[tuple[str, Picture]]:
    """Yield `count` specimens with each damage; the same ones for the same `seed`."""
    for damage in (*DAMAGES, "light+glare", "light+cropped"):
        for number in range(seed, seed + count):
            yield (
                damage,
                picture_of(make_specimen(number, EDITIONS[number % len(EDITIONS)], damage).image),
            )


def folder_of(folder: Path) -> Iterator[tuple[str, Picture]]:
    """Yield the pictures in `folder`, as one group."""
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in PICTURES:
            with Image.open(file) as image:
                yield folder.name, picture_of(ImageOps.exif_transpose(image))


def picture_of(image: Image.Image) -> Picture:
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def measure(pictures: Iterator[tuple[str, Picture]]) -> dict[str, Any]:
    """Return shares flagged by damage and code, and milliseconds per picture."""
    groups: dict[str, Group] = {}
    for name, picture in pictures:
        groups.setdefault(name, Group()).add(picture)
    own = [seconds for group in groups.values() for seconds in group.own]
    large = [seconds for group in groups.values() for seconds in group.large]
    return {
        "pictures": len(own),
        "ms": {
            "own": {"median": median(own), "p95": p95(own)},
            "12_megapixels": {"median": median(large), "p95": p95(large)},
        },
        "flagged": {
            name: {code: group.share(code) for code in CODES} for name, group in groups.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "folder", type=Path, nargs="?", help="judge these pictures instead of specimens"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10, help="how many specimens of each damage")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.folder and not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is not a folder")
    cv2.setNumThreads(1)
    judge_photo(
        np.zeros((100, 100, 3), np.uint8)
    )  # the first call loads data that later ones reuse
    pictures = (
        folder_of(arguments.folder)
        if arguments.folder
        else specimens(arguments.seed, arguments.count)
    )
    result = measure(pictures)
    if arguments.json:
        tell(result)
        return
    names = [code.removeprefix("document_") for code in CODES]
    show(
        ["share flagged", *names],
        [[name, *shares.values()] for name, shares in result["flagged"].items()],
    )
    print()
    show(
        ["ms a picture", "median", "p95"],
        [[size, round(at["median"], 1), round(at["p95"], 1)] for size, at in result["ms"].items()],
    )
    print(f"{result['pictures']} pictures", file=sys.stderr)


if __name__ == "__main__":
    main()
