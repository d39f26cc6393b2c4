"""Measures how often a wrong paper is recognised at once, and a right one called wrong.

`python -m benchmarks.wrong_papers [FOLDER] [--seed N] [--count N] [--json]` makes `count`
specimens of each kind of paper, as photographs, puts each into every slot where it does not belong,
and prints how many were recognised: named as what they are, or at least not taken for the right
paper. It then puts right papers into their slots. With FOLDER, the photographs of business licences
there are right papers too.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps

from documents.papers.read import Kind, read_paper
from documents.specimens import DECOYS, make_decoy, make_specimen
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import make_letter
from verification.rules.wrong_paper import personal_paper, wrong_paper

SLOTS: Final[tuple[Kind, ...]] = ("business_licence", "authorization_letter", "hr_service_licence")
RIGHT: Final[dict[str, Callable[[int], Image.Image]]] = {
    "business_licence": lambda seed: make_specimen(seed, damage="phone").image,
    "hr_service_licence": lambda seed: make_hr_service(seed, damage="light").image,
    "authorization_letter": lambda seed: make_letter(seed, damage="light").image,
}
NAMED: Final = frozenset({"document_wrong_paper", "document_no_text"})
ENDED: Final = "2024-03-31"
TYPES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})


@dataclass
class Row:
    """The outcomes of one kind of paper: `named`, `unclear` or `missed`, and `erased`."""

    paper: str
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def tried(self) -> int:
        return sum(self.outcomes[each] for each in ("named", "unclear", "missed"))


def outcomes(slot: Kind, picture: Image.Image) -> Iterator[str]:
    """Yield the outcomes of `picture` as an upload into `slot`."""
    reading = read_paper(slot, [picture]).as_json()
    found = wrong_paper(slot, reading)
    code = found.code if found else ""
    yield "named" if code in NAMED else "unclear" if code else "missed"
    if personal_paper(reading):
        yield "erased"


def wrong_papers(seed: int, count: int) -> Iterator[Row]:
    """Yield a row for each kind of paper in the slots where it does not belong."""
    for kind in DECOYS:
        yield _row(kind, SLOTS, (make_decoy(seed + i, kind) for i in range(count)))
    for kind, made in RIGHT.items():
        others = tuple(slot for slot in SLOTS if slot != kind)
        yield _row(kind, others, (made(seed + i) for i in range(count)))


def right_papers(seed: int, count: int, folder: Path | None) -> Iterator[Row]:
    """Yield a row for each kind of paper in its own slot. Every outcome but `missed` is a wrong
    call.
    """
    for slot in SLOTS:
        yield _row(slot, (slot,), (RIGHT[slot](seed + i) for i in range(count)))
    if folder is not None:
        yield _row(folder.name, ("business_licence",), photographs(folder))


def expired_licences(seed: int, count: int) -> Row:
    """Return how often the end of an HR service licence that ended in 2024 was read."""
    row = Row("hr_service_licence, expired")
    for i in range(count):
        made = make_hr_service(seed + i, damage="light", valid_from="2021-04-01", valid_until=ENDED)
        read = read_paper("hr_service_licence", [made.image])
        row.outcomes["named" if read.fields.get("valid_until") == ENDED else "missed"] += 1
    return row


def photographs(folder: Path) -> Iterator[Image.Image]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in TYPES:
            with Image.open(path) as image:
                yield ImageOps.exif_transpose(image).convert("RGB")


def _row(paper: str, slots: Iterable[Kind], pictures: Iterable[Image.Image]) -> Row:
    row, slots = Row(paper), tuple(slots)
    for picture in pictures:
        for slot in slots:
            row.outcomes.update(outcomes(slot, picture))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.wrong_papers", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=3, help="specimens of each kind")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.count < 1:
        parser.error("--count must be 1 or more")

    def tell(group: str, row: Row) -> None:
        said: dict[str, Any] = {"group": group, "paper": row.paper, "tried": row.tried}
        said |= {each: row.outcomes[each] for each in ("named", "unclear", "missed", "erased")}
        print(
            json.dumps(said, ensure_ascii=False)
            if arguments.json
            else f"{group:6} {row.paper:28} "
            + "  ".join(f"{name} {value}" for name, value in list(said.items())[2:]),
            flush=True,
        )

    for row in wrong_papers(arguments.seed, arguments.count):
        tell("wrong", row)
    tell("wrong", expired_licences(arguments.seed, arguments.count))
    for row in right_papers(arguments.seed, arguments.count, arguments.folder):
        tell("right", row)


if __name__ == "__main__":
    main()
