"""What would a fictitious company's other papers look like? `python manage.py make_paper --kind hr_service_licence --seed 1 --out a.jpg`"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from verification.specimens import hr_service, letter
from verification.specimens.paper import PaperSpecimen
from verification.specimens.photograph import DAMAGES

MAKERS: Final[dict[str, Callable[..., PaperSpecimen]]] = {
    "hr_service_licence": hr_service.make_hr_service,
    "authorization_letter": letter.make_letter,
}
LAYOUTS: Final[dict[str, tuple[str, ...]]] = {"hr_service_licence": hr_service.LAYOUTS, "authorization_letter": letter.LAYOUTS}
OVERRIDES: Final[dict[str, tuple[str, ...]]] = {"hr_service_licence": hr_service.OVERRIDES, "authorization_letter": letter.OVERRIDES}
FORMATS: Final = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".pdf": "PDF"}
_SEED: Final = "{seed}"
_DPI: Final = 137
"""1600 px on the 297 mm of A4."""


def _layouts() -> str:
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in LAYOUTS.items())


class Command(BaseCommand):
    help = (
        "Make a human resources service licence, or a stamped letter of authorisation, of a company that does not exist. Equal arguments "
        f"give equal pictures. Layouts: {_layouts()}. "
        f"Damages (joined with + if more than one): {', '.join(DAMAGES)}."
    )
    requires_system_checks: list[str] = []  # nothing but a picture is made

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", required=True, choices=tuple(MAKERS))
        parser.add_argument("--seed", type=int, required=True, help="which company and which paper of it")
        parser.add_argument(
            "--out", type=Path, required=True, metavar="FILE", help=f"ends in {', '.join(FORMATS)}; {_SEED} in it becomes the seed"
        )
        parser.add_argument("--layout", default="", metavar="LAYOUT", help="see above (default: the first of its kind)")
        parser.add_argument("--damage", default="none", metavar="DAMAGE", help="see above (default: none)")
        parser.add_argument("--count", type=int, default=1, help=f"make so many, from --seed upwards; --out then holds {_SEED}")
        parser.add_argument("--json", action="store_true", help="print what is truly on each picture, one JSON object a line")
        parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="print something else than the paper's truth")

    def handle(self, *args: Any, kind: str, seed: int, out: Path, layout: str, damage: str, count: int, **options: Any) -> None:
        if out.suffix.lower() not in FORMATS:
            raise CommandError(f"--out ends in {out.suffix or 'nothing'!r}; expected one of {', '.join(FORMATS)}")
        if count < 1:
            raise CommandError(f"--count is {count}; expected 1 or more")
        if count > 1 and _SEED not in str(out):
            raise CommandError(f"--out is one file, {out}, for {count} pictures; put {_SEED} into its name")
        overrides = dict(_override(kind, text) for text in options["set"])
        layout = layout or LAYOUTS[kind][0]
        for number in range(seed, seed + count):
            try:
                specimen = MAKERS[kind](number, layout, damage, **overrides)
            except ValueError as error:
                raise CommandError(str(error)) from error
            file = Path(str(out).replace(_SEED, str(number)))
            _save(specimen, file)
            truth = {"file": str(file), "kind": kind, "seed": number, "layout": layout, "damage": damage, "fields": specimen.fields}
            line = json.dumps(truth | specimen.marks, ensure_ascii=False) if options["json"] else f"{file}  {specimen.company.name}"
            self.stdout.write(line)


def _override(kind: str, text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or key not in OVERRIDES[kind]:
        raise CommandError(f"--set {text!r}; expected KEY=VALUE with KEY one of {', '.join(OVERRIDES[kind])}")
    return key, value


def _save(specimen: PaperSpecimen, file: Path) -> None:
    form = FORMATS[file.suffix.lower()]
    options: dict[str, Any] = {"resolution": _DPI} if form == "PDF" else {"dpi": (_DPI, _DPI)} if form in ("JPEG", "PNG", "TIFF") else {}
    if form in ("JPEG", "WEBP", "PDF"):
        options["quality"] = 88
    try:
        specimen.image.save(file, form, **options)
    except OSError as error:
        raise CommandError(f"cannot write {file}: {error.strerror}") from error
