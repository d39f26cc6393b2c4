"""Stored outputs of the engine for fictitious licences, to test the parser without the engine.

After a change of the engine or its models, `python -m tests.documents.ocr.engine_outputs` reads the
specimens again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from documents.licence.read import picture_of
from documents.ocr.rapid import RapidReader
from documents.page.boxes import TextBox, Weak
from documents.specimens import make_specimen

STORED = Path(__file__).parent / "data" / "engine_outputs.json"
DAMAGES = ("none", "scan", "phone", "light", "turned", "hard")
SPECIMENS = [
    (4001 + i, edition, damage)
    for i, (edition, damage) in enumerate(product(("landscape", "portrait"), DAMAGES))
]


@dataclass(frozen=True)
class Output:
    """The engine's output for one page, and the page's print."""

    name: str
    width: int
    height: int
    boxes: list[TextBox]
    printed: dict[str, str]


def stored() -> list[Output]:
    return [_output(row) for row in json.loads(STORED.read_text(encoding="utf-8"))]


def _output(row: dict[str, Any]) -> Output:
    boxes = [
        TextBox(
            text,
            score,
            tuple(tuple(point) for point in polygon),
            tuple(Weak(*weak) for weak in weaks),
        )
        for text, score, polygon, weaks in row["boxes"]
    ]
    return Output(row["name"], row["width"], row["height"], boxes, row["printed"])


def _row(reader: RapidReader, seed: int, edition: str, damage: str) -> dict[str, Any]:
    specimen = make_specimen(seed, edition=edition, damage=damage)
    boxes = reader.read(picture_of(specimen.image))
    return {
        "name": f"{seed}-{edition}-{damage}",
        "width": specimen.image.width,
        "height": specimen.image.height,
        "printed": {name: text for name, text in specimen.fields.items() if text},
        "boxes": [
            [
                box.text,
                round(box.score, 4),
                [[round(x, 1), round(y, 1)] for x, y in box.polygon],
                [[w.at, w.probability, w.instead] for w in box.weak],
            ]
            for box in boxes
        ],
    }


if __name__ == "__main__":
    reader = RapidReader()
    rows = [json.dumps(_row(reader, *specimen), ensure_ascii=False) for specimen in SPECIMENS]
    STORED.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")
