"""Measures pages read per minute, by processes and threads, and a reader's memory over time.

`python -m benchmarks.reading_load [--pages N] [--rounds N] [--memory-pages N] [--seed N] [--json]`
reads the same pages with one process of two threads and with two processes of one thread each, in
turn. Then one process of each split reads `--memory-pages` pictures, all different in size,
rotation and angle, and reports its resident set on the way. Goal: at most 1.0 GB, and flat.
"""

from __future__ import annotations

import io
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image

from benchmarks import stage
from benchmarks.stage import resident_mb
from documents.ocr.base import Picture
from documents.specimens import EDITIONS, make_specimen

SPLITS: Final = {"1 process × 2 threads": (1, 2), "2 processes × 1 thread": (2, 1)}
"""Processes, and threads of each."""
MARKS: Final = (100, 300, 1000)
"""The numbers of pictures after which the resident set is reported."""
GOAL_MB: Final = 1024
FLAT_MB: Final = 64
"""Growth from the first mark to the last that still counts as flat."""
_RENDERED: Final = 6


def main() -> None:
    options = stage.arguments(__doc__ or "", pages=24, rounds=2, **{"memory-pages": MARKS[-1]})
    result: dict[str, Any] = {
        "load": load(options.seed, options.pages, options.rounds),
        "memory": {
            split: memory(options.seed, options.memory_pages, threads)
            for split, (_, threads) in SPLITS.items()
        },
    }
    if options.json:
        stage.tell(result)
        return
    stage.show(
        ["split", "pages a minute"],
        [[split, per_minute] for split, per_minute in result["load"].items()],
    )
    print()
    marks = list(next(iter(result["memory"].values()))["resident_mb"])
    rows = [
        [
            split,
            *memory["resident_mb"].values(),
            memory["flat"],
            memory["met"],
            memory["seconds_a_page"],
        ]
        for split, memory in result["memory"].items()
    ]
    stage.show(
        ["resident MB of one process after", *marks, "flat", f"≤ {GOAL_MB} MB", "s a page"], rows
    )


# --- Pages a minute -------------------------------------------------------------------------------


def load(seed: int, pages: int, rounds: int) -> dict[str, float]:
    """Return pages per minute of each split: the median of `rounds`, which alternate."""
    jpegs = [
        make_specimen(seed + i, EDITIONS[i % 2], ("phone", "scan", "light")[i % 3]).jpeg()
        for i in range(pages)
    ]
    measured: dict[str, list[float]] = {split: [] for split in SPLITS}
    for _ in range(rounds):
        for split, (processes, threads) in SPLITS.items():
            measured[split].append(60 * pages / _seconds(jpegs, processes, threads))
    return {split: round(stage.median(values), 1) for split, values in measured.items()}


def _seconds(jpegs: Sequence[bytes], processes: int, threads: int) -> float:
    """Return the wall time to read all of `jpegs`, dealt out evenly, with warm engines."""
    context = multiprocessing.get_context("spawn")
    pipes, children = [], []
    for number in range(processes):
        ours, theirs = context.Pipe()
        children.append(
            context.Process(
                target=_reads, args=(theirs, jpegs[number::processes], threads), daemon=True
            )
        )
        children[-1].start()
        theirs.close()
        pipes.append(ours)
    try:
        for pipe in pipes:
            pipe.recv()  # warm
        started = time.perf_counter()
        for pipe in pipes:
            pipe.send("go")
        for pipe in pipes:
            pipe.recv()
        return time.perf_counter() - started
    finally:
        for child in children:
            child.kill()
            child.join()


def _reads(pipe: Connection, jpegs: Sequence[bytes], threads: int) -> None:
    """In a process: read everything once to warm up, and again when told."""
    from documents.licence.read import read_pages
    from documents.ocr.rapid import RapidReader

    reader = RapidReader(threads=threads)
    for jpeg in jpegs:
        read_pages([_opened(jpeg)], [reader])
    pipe.send("warm")
    pipe.recv()
    for jpeg in jpegs:
        read_pages([_opened(jpeg)], [reader])
    pipe.send("done")


def _opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


# --- Memory ---------------------------------------------------------------------------------------


def memory(seed: int, pages: int, threads: int) -> dict[str, Any]:
    """Return the resident set in MB of a process that reads `pages` different pictures.

    It is measured at each of MARKS and at the end.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_tells_memory, args=(theirs, threads), daemon=True)
    child.start()
    theirs.close()
    resident: dict[str, int] = {}
    started = time.perf_counter()
    try:
        resident["0"] = ours.recv()
        waiting = False
        for number, picture in enumerate(pictures(seed, pages)):
            if waiting:
                _note(resident, number, pages, ours.recv())
            ours.send((picture.shape, picture.tobytes()))
            waiting = True  # the next picture is made while this one is read
        _note(resident, pages, pages, ours.recv())
    finally:
        child.kill()
        child.join()
    marks = [resident[key] for key in list(resident)[1:]]
    return {
        "resident_mb": resident,
        "flat": marks[-1] - marks[0] <= FLAT_MB,
        "met": max(marks) <= GOAL_MB,
        "seconds_a_page": round((time.perf_counter() - started) / pages, 3),
    }


def _note(resident: dict[str, int], number: int, pages: int, mb: int) -> None:
    if number in MARKS or number == pages:
        resident[str(number)] = mb


def _tells_memory(pipe: Connection, threads: int) -> None:
    """In a process: read each picture, and reply with the resident set in MB."""
    from documents.licence.read import read_pages
    from documents.ocr.rapid import RapidReader

    reader = RapidReader(threads=threads)
    pipe.send(resident_mb())
    while True:
        shape, raw = pipe.recv()
        read_pages([Image.fromarray(np.frombuffer(raw, np.uint8).reshape(shape))], [reader])
        pipe.send(resident_mb())


def pictures(seed: int, count: int) -> Iterator[Picture]:
    """Yield `count` pictures (RGB) of a few specimens, all differently scaled, turned and cut."""
    rng = np.random.default_rng(seed)
    pages = [
        np.asarray(
            make_specimen(seed + i, EDITIONS[i % 2], ("phone", "scan", "light")[i % 3]).image
        )
        for i in range(_RENDERED)
    ]
    for _ in range(count):
        page = pages[rng.integers(len(pages))]
        height, width = page.shape[:2]
        scale = float(rng.uniform(0.4, 2.0))
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-4, 4)), 1.0)
        matrix[0, 1] += rng.uniform(-0.05, 0.05)
        matrix = matrix * scale
        size = (
            round(width * scale * float(rng.uniform(0.8, 1.1))),
            round(height * scale * float(rng.uniform(0.8, 1.1))),
        )
        warped = cv2.warpAffine(
            page,
            matrix,
            size,
            flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
            borderValue=(120, 118, 112),
        )
        yield np.ascontiguousarray(np.rot90(warped, int(rng.choice((0, 0, 0, 1, 2, 3))))).astype(
            np.uint8
        )


if __name__ == "__main__":
    main()
