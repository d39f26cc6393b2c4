"""Measures how well and how fast licences are read, and how reliable the confidence is.

`python -m benchmarks.reading [FOLDER] [--labels FILE] [--half even|odd|all] [--seed N] [--count N]
[--json]`

With FOLDER: the pictures there, with their print as in FOLDER/labels.jsonl (or --labels), one JSON
object per line: {"file": NAME, "fields": {FIELD: VALUE}}. `--half even` takes every second row and
`--half odd` the others, so that a reader can be tuned on one half and reported on the other.
Without FOLDER: specimens of each kind of damage, forged ones, and pictures of things other than
licences. Every file is processed like an upload: `open_upload`, then `read_pages`. The bare engine
is timed on the same pages in the same run, alternately, so that the machine's other load affects
both alike.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from PIL import Image

from benchmarks import stage
from benchmarks.documents.scores import SCOPE, SURE, Outcome, of_decoys, of_forgeries, of_licences
from documents.licence.fields import FIELDS
from documents.licence.read import picture_of, read_pages
from documents.ocr import READERS
from documents.specimens import DECOYS, EDITIONS, FORGERIES, make_decoy, make_specimen
from documents.upload.intake import open_upload
from events.core.errors import Refused

LEVELS: Final = ("none", "light", "scan", "phone", "hard", "turned", "pdf")
"""`pdf` is a scan in a file of one page."""
REAL: Final = "pictures"
FORGED: Final = "forged"
DECOY: Final = "no licence"
WARM_UP: Final = 2
"""The number of pictures read before timing starts: the engines load their models on the first."""
ENGINE_SIDE: Final = 1280
A4_INCHES: Final = 11.69

Engine = Callable[[Image.Image], float]
"""Reads one page with the bare engine; returns seconds."""


@dataclass(frozen=True)
class Sample:
    """A file to upload, the group that its figures belong to, and its print."""

    name: str
    group: str
    data: bytes
    truth: Mapping[str, str]


@dataclass(frozen=True)
class Result:
    """The result for a sample, with wall seconds.

    They are of intake, of reading, until the deciding fields were known, and of the bare engine.
    """

    group: str
    outcome: Outcome
    intake: float
    reading: float | None = None
    decided: float | None = None
    engine: float | None = None


# --- Samples ----------- --------------------------------------------------------------------------


def in_folder(folder: Path, labels: Path, half: str) -> Iterator[Sample]:
    """Yield the labelled pictures in `folder`.

    A name in `labels` is relative to `folder`, or only its last part counts.
    """
    rows = [
        json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    start, step = {"even": (0, 2), "odd": (1, 2), "all": (0, 1)}[half]
    for row in rows[start::step]:
        file = folder / row["file"]
        file = file if file.exists() else folder / Path(row["file"]).name
        fields = row["fields"]
        yield Sample(
            row["file"],
            REAL,
            file.read_bytes(),
            {name: str(fields[name]) for name in FIELDS if fields.get(name)},
        )


def labels_of(folder: Path) -> Path:
    """Return the default path of the labels of `folder`: in it, or beside it."""
    return next(
        (
            path
            for path in (folder / "labels.jsonl", folder.parent / "labels.jsonl")
            if path.exists()
        ),
        folder / "labels.jsonl",
    )


def specimens(seed: int, count: int) -> Iterator[Sample]:
    """Yield `count` licences of each level, of each forgery, and pictures of other things.

    They are the same for the same `seed`.
    """
    for i, level in ((i, level) for level in LEVELS for i in range(count)):
        specimen = make_specimen(seed + i, EDITIONS[i % 2], "scan" if level == "pdf" else level)
        data = file_of(specimen.image, "PDF" if level == "pdf" else "JPEG")
        yield Sample(
            f"{level}-{seed + i}",
            level,
            data,
            {name: specimen.fields.get(name, "") for name in FIELDS},
        )
    for i, forgery in ((i, forgery) for forgery in FORGERIES for i in range(count)):
        forged = make_specimen(seed + i, EDITIONS[i % 2], forgery)
        yield Sample(
            f"{forgery}-{seed + i}", FORGED, file_of(forged.image), {"uscc": forged.fields["uscc"]}
        )
    for i in range(max(count, len(DECOYS))):
        kind = DECOYS[i % len(DECOYS)]
        yield Sample(f"{kind}-{seed + i}", DECOY, file_of(make_decoy(seed + i, kind)), {})


def file_of(image: Image.Image, kind: str = "JPEG") -> bytes:
    """Return `image` as an upload; in a PDF it fills a page as long as A4."""
    out = io.BytesIO()
    image.save(out, kind, quality=88, resolution=max(image.size) / A4_INCHES)
    return out.getvalue()


# --- Reading ---------- ---------------------------------------------------------------------------


def read(sample: Sample, engine: Engine | None, engine_first: bool) -> Result:
    """Process one file like an upload, and time the bare `engine` on its first page."""
    started = time.perf_counter()
    try:
        taken = open_upload(sample.data)
    except Refused as refused:
        outcome = Outcome(sample.name, sample.truth, refused=refused.code)
        return Result(sample.group, outcome, time.perf_counter() - started)
    intake = time.perf_counter() - started
    pages = [Image.open(io.BytesIO(page.jpeg)).convert("RGB") for page in taken.pages]
    bare = engine(pages[0]) if engine and engine_first else None
    started = time.perf_counter()
    reading = read_pages(pages)
    seconds = time.perf_counter() - started
    bare = engine(pages[0]) if engine and not engine_first else bare
    outcome = Outcome(
        sample.name,
        sample.truth,
        reading.fields,
        reading.confidence,
        reading.looks_like_licence,
        qr_uscc=reading.qr_uscc,
    )
    return Result(
        sample.group, outcome, intake, seconds, getattr(reading, "decided_seconds", None), bare
    )


def bare_engine() -> Engine:
    """Return RapidOCR as users of that library call it, with the same models and long side 1280 px.

    It runs on OpenVINO if that is installed.
    """
    import importlib.util

    import rapidocr
    from rapidocr import EngineType, RapidOCR

    engine = EngineType("openvino" if importlib.util.find_spec("openvino") else "onnxruntime")
    models = Path(rapidocr.__file__).parent / "models"
    ocr = RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.max_side_len": ENGINE_SIDE,
            "Det.engine_type": engine,
            "Cls.engine_type": engine,
            "Rec.engine_type": engine,
            "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
            "Cls.model_path": str(models / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
            "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
        }
    )

    def seconds(page: Image.Image) -> float:
        picture = picture_of(page)
        started = time.perf_counter()
        ocr(picture)
        return time.perf_counter() - started

    return seconds


def read_all(samples: Iterable[Sample], engine: Engine | None) -> list[Result]:
    """Read every sample once. The first WARM_UP are read twice, and only the second time counts."""
    results: list[Result] = []
    source = iter(samples)
    first = list(islice(source, WARM_UP))
    for sample in first:
        read(sample, engine, engine_first=True)
    for number, sample in enumerate(chain(first, source)):
        timed = engine if sample.group not in (FORGED, DECOY) else None  # only licences are timed
        results.append(read(sample, timed, engine_first=number % 2 == 0))
        if sys.stderr.isatty():
            print(f"\r{number + 1} read", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    return results


# --- Results ------------- ------------------------------------------------------------------------


def speed(results: Sequence[Result]) -> dict[str, Any]:
    """Return medians and 95th percentiles in seconds.

    `ratio` is the median of reading / bare engine on the same page.
    """

    def told(values: Iterable[float | None]) -> dict[str, float] | None:
        known = [value for value in values if value is not None]
        return (
            {"median": round(statistics.median(known), 3), "p95": round(stage.p95(known), 3)}
            if known
            else None
        )

    ratios = [r.reading / r.engine for r in results if r.reading is not None and r.engine]
    decided = [r.decided / r.engine for r in results if r.decided is not None and r.engine]
    return {
        "intake": told(r.intake for r in results),
        "reading": told(r.reading for r in results),
        "decided": told(r.decided for r in results),
        "engine": told(r.engine for r in results),
        "ratio": round(statistics.median(ratios), 3) if ratios else None,
        "decided_ratio": round(statistics.median(decided), 3) if decided else None,
    }


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """Return all results: all licences together, each group, forgeries, and other pictures."""
    groups = list(dict.fromkeys(r.group for r in results if r.group not in (FORGED, DECOY)))
    licences = [r for r in results if r.group in groups]
    whole: dict[str, Any] = {
        "reader": READERS[0].version,
        "pictures": len(results),
        "licences": of_licences([r.outcome for r in licences]) | {"pictures": len(licences)},
        "seconds": speed(licences),
    }
    if len(groups) > 1:
        of_group = {group: [r for r in licences if r.group == group] for group in groups}
        whole["levels"] = {
            group: (
                of_licences([r.outcome for r in rs]) | {"pictures": len(rs), "seconds": speed(rs)}
            )
            for group, rs in of_group.items()
        }
    if forged := [r.outcome for r in results if r.group == FORGED]:
        whole["forged"] = of_forgeries(forged)
    if decoys := [r.outcome for r in results if r.group == DECOY]:
        whole["no_licence"] = of_decoys(decoys)
    return whole


def show(whole: Mapping[str, Any]) -> None:
    """Print the summary in tables."""
    licences, seconds = whole["licences"], whole["seconds"]
    print(f"{licences['pictures']} licences, {whole['reader']}\n")
    columns = ("share", "exact", "printed", "wrong", "empty", "invented", "sure", "sure_right")
    stage.show(
        ["field", *columns],
        [
            [name, *(score[column] for column in columns)]
            for name, score in licences["fields"].items()
        ],
    )
    print(
        f"\ngiven as sure (≥ {SURE})   {licences['sure']}, of them right {licences['sure_right']}"
    )
    print(f"a wrong USCC as sure     {_names(licences['uscc_wrong_given_as_sure'])}")
    print(f"refused, not a licence   {_names(licences['refused_as_none'])}")
    print(
        "refused by the intake   "
        f" {_names([f'{file} ({code})' for file, code in licences['refused_by_intake'].items()])}"
    )
    in_any_order = f"{licences['scope_content_mean']} in any order"
    print(
        f"scope, error rate        mean {licences['scope_cer_mean']}, median"
        f" {licences['scope_cer_median']}; mean {in_any_order}"
    )
    for name in ("reading", "decided", "engine", "intake"):
        if seconds[name]:
            print(
                f"seconds, {name:16}median {seconds[name]['median']:.3f}, p95"
                f" {seconds[name]['p95']:.3f}"
            )
    if seconds["ratio"]:
        print(
            f"reading / bare engine    {seconds['ratio']}"
            + (f", decided {seconds['decided_ratio']}" if seconds["decided_ratio"] else "")
        )
    if "levels" in whole:
        print()
        stage.show(
            [
                "level",
                "uscc",
                "name",
                "person",
                "date",
                "address",
                "cer",
                "sure",
                "right",
                "bad uscc",
                "none",
                "s",
            ],
            _levels(whole),
        )
    if "forged" in whole:
        forged = whole["forged"]
        print(f"\nforged, {forged['pictures']}: given as sure {_names(forged['given_as_sure'])}")
        print(
            f"  QR codes read {forged['qr_read']}, of them disagreeing"
            f" {forged['qr_mismatch_noticed']}"
        )
    if "no_licence" in whole:
        print(
            f"not a licence, {whole['no_licence']['pictures']}: taken for one"
            f" {_names(whole['no_licence']['accepted'])}"
        )


def _levels(whole: Mapping[str, Any]) -> list[list[object]]:
    shown = ("uscc", "name", "legal_representative", "established_on", "address")
    return [
        [
            level,
            *(score["fields"][name]["share"] for name in shown),
            score["scope_cer_mean"],
            score["sure"],
            score["sure_right"],
            len(score["uscc_wrong_given_as_sure"]),
            len(score["refused_as_none"]) + len(score["refused_by_intake"]),
            score["seconds"]["reading"]["median"] if score["seconds"]["reading"] else "-",
        ]
        for level, score in whole["levels"].items()
    ]


def _names(files: Sequence[str]) -> str:
    return f"{len(files)}" + (
        f": {', '.join(files[:12])}{' …' if len(files) > 12 else ''}" if files else ""
    )


def show_misses(results: Iterable[Result]) -> None:
    """Print wrong readings, one per line; `!` marks those given as sure."""
    for result in results:
        o = result.outcome
        for name, printed in o.truth.items():
            if name != SCOPE and not o.right(name):
                mark = "!" if o.sure(name) else " "
                print(
                    f"{mark} {o.file} {name}: printed {printed!r} read {o.fields.get(name, '')!r}"
                    f" {o.confidence.get(name, 0):.3f}"
                )


def write_predictions(results: Iterable[Result], file: Path) -> None:
    """Write the readings, one JSON object per line, in the form of labels."""
    rows = (
        {"file": r.outcome.file, "fields": dict(r.outcome.fields), "seconds": r.reading}
        for r in results
    )
    file.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reading", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="FOLDER",
        help="read these pictures; without it, specimens",
    )
    parser.add_argument(
        "--folder", type=Path, dest="named_folder", metavar="FOLDER", help=argparse.SUPPRESS
    )
    parser.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="the labels of the pictures (default: labels.jsonl in FOLDER)",
    )
    parser.add_argument(
        "--half",
        choices=("even", "odd", "all"),
        default="all",
        help="only every second labelled row",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--count", type=int, default=8, help="how many specimens of each level (default: 8)"
    )
    parser.add_argument("--without-engine", action="store_true", help="do not time the bare engine")
    parser.add_argument("--misses", action="store_true", help="list wrong readings")
    parser.add_argument(
        "--predictions",
        type=Path,
        metavar="FILE",
        help="write the readings, one JSON object per line",
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder or arguments.named_folder
    if folder is None and arguments.count < 1:
        parser.error("--count must be 1 or more")
    labels = arguments.labels or (labels_of(folder) if folder else None)
    if labels is not None and not labels.is_file():
        parser.error(f"no labels at {labels}; pass their path as --labels")
    samples = (
        in_folder(folder, labels, arguments.half)
        if folder and labels
        else specimens(arguments.seed, arguments.count)
    )
    results = read_all(samples, None if arguments.without_engine else bare_engine())
    if arguments.predictions:
        write_predictions(results, arguments.predictions)
    if arguments.json:
        stage.tell(summary(results))
        return
    show(summary(results))
    if arguments.misses:
        print()
        show_misses(results)


if __name__ == "__main__":
    main()
