"""`manage.py draw_rooms`: draws the packages and their layers for the documentation."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

from config.management import drawing

PATH: Final = Path(settings.BASE_DIR) / "docs/how-it-works/rooms.svg"
PURPOSE: Final = {
    "config": "settings, addresses, the API's frame",
    "downloads": "the gate, releases, relay numbers, leaks",
    "verification": "cases, checks, decisions, reviewing",
    "employers": "accounts, platforms and keys, the console",
    "resumes": "a resume in, a marked copy out (no Django)",
    "documents": "a picture in, what it says out (no Django)",
    "events": "what happened, mail, webhooks, queued work",
}
"""The contents of each package, in one line."""
CAPTION: Final = "A package imports those below it; a layer, those after it."


def draw_rooms() -> str:
    """Return the picture, from the contracts of import-linter in `pyproject.toml`."""
    pyproject = Path(settings.BASE_DIR) / "pyproject.toml"
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]
    layered = [each for each in contracts["contracts"] if each["type"] == "layers"]
    layers = {
        container: each["layers"] for each in layered for container in each.get("containers", [""])
    }
    parts, y = [], 20.0
    for package in layers[""]:
        words = [layer.replace(" | ", " · ") for layer in layers[package]]
        rows, height = drawing.chip_rows(40, y + 66, drawing.WIDTH - 80, words)
        band = f'x="20" y="{y:g}" width="{drawing.WIDTH - 40}" height="{height + 74:g}"'
        parts += [
            f'<rect class="band" {band} rx="10"/>',
            drawing.text_line(40, y + 30, f"{package}/", "title"),
            drawing.text_line(40, y + 53, PURPOSE[package]),
            *rows,
        ]
        y += height + 86
    parts.append(drawing.text_line(40, y + 18, CAPTION))
    description = "Packages from top to bottom. Each imports only packages below it; in a package,"
    description += " each layer imports only the layers after it. " + "; ".join(
        f"{package}: {', '.join(layers[package])}" for package in layers[""]
    )
    return drawing.whole_picture("The packages and their layers", description, y + 38, parts)


class Command(BaseCommand):
    help = "Write docs/how-it-works/rooms.svg from the import contracts in pyproject.toml."

    def handle(self, *args: Any, **options: Any) -> None:
        PATH.write_text(draw_rooms(), encoding="utf-8")
        self.stdout.write(f"wrote {PATH.relative_to(settings.BASE_DIR)}")
