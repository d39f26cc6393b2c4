"""Measures how well and how fast HR service licences and letters of authorisation are read.

`python -m benchmarks.papers [--seed N] [--count N] [--json]` makes `count` fictitious documents of
every layout and damage, reads them, and prints the share of each field that was read exactly.
"""

from __future__ import annotations

import argparse
import json
import statistics
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, Final

from documents.papers.authorisation_letter import AuthorizationLetterReading
from documents.papers.read import read_paper
from documents.specimens.hr_service import LAYOUTS as LICENCE_LAYOUTS
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import LAYOUTS as LETTER_LAYOUTS
from documents.specimens.letter import make_letter
from documents.specimens.paper import PaperSpecimen

DAMAGES: Final = ("none", "light", "heavy")
KINDS: Final[dict[str, tuple[tuple[str, ...], Callable[[int, str, str], PaperSpecimen]]]] = {
    "hr_service_licence": (LICENCE_LAYOUTS, make_hr_service),
    "authorization_letter": (LETTER_LAYOUTS, make_letter),
}


def plain(text: str) -> str:
    """Return `text` for comparison: half width, without spaces and marks at the end."""
    return "".join(unicodedata.normalize("NFKC", text).split()).rstrip(".,;。")


def samples(kind: str, damage: str, seed: int, count: int) -> Iterator[PaperSpecimen]:
    layouts, make = KINDS[kind]
    for i in range(count):
        for layout in layouts:
            yield make(seed + i, layout, damage)


def measure(kind: str, damage: str, seed: int, count: int, *, show: bool = False) -> dict[str, Any]:
    """Return shares (0..1) over `count` specimens of each layout, and seconds.

    Seconds are the median and the 95th percentile.
    """
    right: dict[str, list[bool]] = {}
    seconds: list[float] = []
    for specimen in samples(kind, damage, seed, count):
        reading = read_paper(kind, [specimen.image])  # type: ignore[call-overload]
        seconds.append(reading.seconds)
        answers = [
            (name, plain(reading.fields.get(name, "")), plain(text))
            for name, text in specimen.fields.items()
        ]
        answers.append(("titled", str(reading.titled), "True"))
        if isinstance(reading, AuthorizationLetterReading):
            marks = specimen.marks
            answers.append(("sealed", str(reading.sealed), str(marks["sealed"])))
            if reading.signed is not None or marks["signed"]:
                answers.append(("signed", str(reading.signed), str(marks["signed"])))
            answers.append(
                ("seal_text", plain(reading.seal_text), plain(specimen.fields["company"]))
            )
        for name, read, truth in answers:
            right.setdefault(name, []).append(read == truth)
            if show and read != truth:
                print(f"    {damage:6} {name}: {read!r}, is {truth!r}", flush=True)
        invented = reading.fields.keys() - specimen.fields.keys()
        right.setdefault("nothing invented", []).append(not invented)
        if show and invented:
            print(
                f"    {damage:6} invented: { ({name: reading.fields[name] for name in invented}) }"
            )
    return {
        "papers": len(seconds),
        "seconds": round(statistics.median(seconds), 2),
        "seconds_p95": round(sorted(seconds)[int(0.95 * (len(seconds) - 1))], 2),
        "exact": {name: round(statistics.mean(answers), 3) for name, answers in right.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.papers", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=6, help="specimens of every layout and damage")
    parser.add_argument("--kind", choices=tuple(KINDS), help="only this kind")
    parser.add_argument("--damage", choices=DAMAGES, help="only this damage")
    parser.add_argument("--show", action="store_true", help="print wrong readings")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.count < 1:
        parser.error("--count must be 1 or more")
    read_paper(
        "hr_service_licence", [make_hr_service(arguments.seed).image]
    )  # the engine loads its models on the first page
    for kind in [arguments.kind] if arguments.kind else KINDS:
        for damage in [arguments.damage] if arguments.damage else DAMAGES:
            result = measure(
                kind,
                damage,
                arguments.seed,
                arguments.count,
                show=arguments.show and not arguments.json,
            )
            if arguments.json:
                print(
                    json.dumps({"kind": kind, "damage": damage} | result, ensure_ascii=False),
                    flush=True,
                )
                continue
            print(
                f"{kind}, {damage}: {result['papers']} papers, median {result['seconds']} s (p95"
                f" {result['seconds_p95']})"
            )
            print(
                "  " + "  ".join(f"{name} {share:.2f}" for name, share in result["exact"].items()),
                flush=True,
            )


if __name__ == "__main__":
    main()
