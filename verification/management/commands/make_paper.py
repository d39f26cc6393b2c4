"""Makes a fictitious company's other documents.

`python manage.py make_paper --kind hr_service_licence --seed 1 --out a.jpg`
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from documents.specimens import hr_service, letter
from documents.specimens.paper import PaperSpecimen
from documents.specimens.photograph import DAMAGES
from verification.management import pictures

MAKERS: Final[dict[str, Callable[..., PaperSpecimen]]] = {
    "hr_service_licence": hr_service.make_hr_service,
    "authorization_letter": letter.make_letter,
}
LAYOUTS: Final[dict[str, tuple[str, ...]]] = {
    "hr_service_licence": hr_service.LAYOUTS,
    "authorization_letter": letter.LAYOUTS,
}
OVERRIDES: Final[dict[str, tuple[str, ...]]] = {
    "hr_service_licence": hr_service.OVERRIDES,
    "authorization_letter": letter.OVERRIDES,
}


def _layouts() -> str:
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in LAYOUTS.items())


class Command(BaseCommand):
    help = (
        "Make a human resources service licence, or a stamped letter of authorisation, of a"
        f" fictitious company. Equal arguments give equal pictures. Layouts: {_layouts()}."
        f" Damages (joined with + if more than one): {', '.join(DAMAGES)}."
    )
    requires_system_checks: list[str] = []  # the command only makes pictures

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", required=True, choices=tuple(MAKERS))
        pictures.add_arguments(parser, "the company and its document")
        parser.add_argument(
            "--layout",
            default="",
            metavar="LAYOUT",
            help="see above (default: the first of its kind)",
        )
        parser.add_argument(
            "--damage", default="none", metavar="DAMAGE", help="see above (default: none)"
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="print a value that differs from the document's",
        )

    def handle(
        self,
        *args: Any,
        kind: str,
        seed: int,
        out: Path,
        layout: str,
        damage: str,
        count: int,
        quality: int,
        **options: Any,
    ) -> None:
        wanted = pictures.picture_files(out, seed, count, quality)
        overrides = dict(_override(kind, text) for text in options["set"])
        layout = layout or LAYOUTS[kind][0]
        for number, file in wanted:
            try:
                specimen = MAKERS[kind](number, layout, damage, **overrides)
            except ValueError as error:
                raise CommandError(str(error)) from error
            pictures.write_picture(specimen.image, file, quality)
            truth = {
                "file": str(file),
                "kind": kind,
                "seed": number,
                "layout": layout,
                "damage": damage,
                "fields": specimen.fields,
            }
            line = (
                json.dumps(truth | specimen.marks, ensure_ascii=False)
                if options["json"]
                else f"{file}  {specimen.company.name}"
            )
            self.stdout.write(line)


def _override(kind: str, text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or key not in OVERRIDES[kind]:
        raise CommandError(
            f"--set {text!r}; expected KEY=VALUE with KEY one of {', '.join(OVERRIDES[kind])}"
        )
    return key, value
