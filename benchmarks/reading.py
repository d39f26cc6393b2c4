"""How long does it take to read a licence, and how much is read right?

`python -m benchmarks.reading [--seed N] [--count N] [--json]` prints specimens, photographs them as employers do, and
reads them; `--folder DIR --labels FILE` reads pictures of your own instead. LABELS holds one JSON object a line:
{"file": NAME, "fields": {FIELD: VALUE}}. The bare engine is timed on the same pictures in the same run, in turn, so
that the machine's other work weighs on both alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from verification.licence.model import FIELDS
from verification.readers import READERS
from verification.reading import picture_of, read_pages
from verification.specimens import make

FORMS: Final = ("landscape", "portrait")
DAMAGES: Final = ("none", "light")
WARM_UP: Final = 2
"""Pictures read before the clock counts: the engine loads its models on the first."""


@dataclass(frozen=True)
class Sample:
    """A picture and what is printed on it."""

    image: Image.Image
    fields: Mapping[str, str]


def specimens(seed: int, count: int) -> Iterator[Sample]:
    """`count` specimens of every form and damage in turn; the same ones for the same `seed`."""
    for i in range(count):
        specimen = make(seed + i, form=FORMS[i % 2], damage=DAMAGES[i // 2 % 2])
        yield Sample(specimen.image, {name: text for name, text in specimen.fields.items() if text and name in FIELDS})


def folder_of(folder: Path, labels: Path) -> Iterator[Sample]:
    """The labelled pictures in `folder`."""
    for line in labels.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        with Image.open(folder / Path(row["file"]).name) as image:
            yield Sample(
                ImageOps.exif_transpose(image).convert("RGB"), {name: row["fields"][name] for name in FIELDS if name in row["fields"]}
            )


def plain(text: str) -> str:
    """`text` for comparison: half width, without spaces and marks at the end."""
    return "".join(unicodedata.normalize("NFKC", text).split()).rstrip(".,;。*#※").upper()


def measure(samples: Iterator[Sample]) -> dict[str, object]:
    """Medians in seconds, of a whole reading and of the bare engine; and the share read exactly, by field."""
    whole: list[float] = []
    bare: list[float] = []
    right: dict[str, list[bool]] = {}
    for number, sample in enumerate(samples):
        started = time.perf_counter()
        READERS[0].read(picture_of(sample.image))
        engine = time.perf_counter() - started
        reading = read_pages([sample.image])
        for name, text in sample.fields.items():
            right.setdefault(name, []).append(plain(reading.fields.get(name, "")) == plain(text))
        if number >= WARM_UP:
            bare.append(engine)
            whole.append(reading.seconds)
    return {
        "licences": len(whole),
        "seconds": round(statistics.median(whole), 3),
        "seconds_p95": round(sorted(whole)[int(0.95 * (len(whole) - 1))], 3),
        "engine_seconds": round(statistics.median(bare), 3),
        "ratio": round(statistics.median(w / e for w, e in zip(whole, bare, strict=True)), 2),
        "exact": {name: round(statistics.mean(right[name]), 3) for name in FIELDS if name in right},
        "engine": READERS[0].version,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=24, help="how many specimens")
    parser.add_argument("--folder", type=Path, help="read these pictures instead")
    parser.add_argument("--labels", type=Path, help="what is printed on them")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if (arguments.folder is None) != (arguments.labels is None):
        parser.error("--folder and --labels go together")
    if arguments.folder is None and arguments.count <= WARM_UP:
        parser.error(f"--count must be more than {WARM_UP}")
    samples = folder_of(arguments.folder, arguments.labels) if arguments.folder else specimens(arguments.seed, arguments.count)
    result = measure(samples)
    if arguments.json:
        print(json.dumps(result, ensure_ascii=False))
        return
    print(f"{result['licences']} licences, {result['engine']}")
    print(f"median {result['seconds']} s a licence (p95 {result['seconds_p95']})")
    print(f"bare engine {result['engine_seconds']} s, ratio {result['ratio']}")
    exact = result["exact"]
    assert isinstance(exact, dict)
    for name, share in exact.items():
        print(f"  {name:24} {share:.3f}")


if __name__ == "__main__":
    main()
