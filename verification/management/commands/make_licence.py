"""Makes a fictitious company's licence.

`python manage.py make_licence --seed 1 --out licence.jpg`
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from PIL import Image

from documents.specimens import (
    DAMAGES,
    DECOYS,
    EDITIONS,
    FORGERIES,
    OVERRIDES,
    Specimen,
    make_decoy,
    make_specimen,
)
from verification.management import pictures

_DATES: Final = ("established_on", "issued_on")


class Command(BaseCommand):
    help = (
        "Make the licence of a fictitious company, as a flat page or as a photograph of it."
        f" Equal arguments give equal pictures. Forms: {', '.join(EDITIONS)}. Damages (joined"
        f" with + if more than one): {', '.join(DAMAGES)}. Forgeries, instead of a damage: forged"
        f" (one of the others, by seed), {', '.join(FORGERIES)}. Decoys, which are not licences:"
        f" {', '.join(DECOYS)}."
    )
    requires_system_checks: list[str] = []  # the command only makes pictures

    def add_arguments(self, parser: CommandParser) -> None:
        pictures.add_arguments(
            parser, "which company; seeds ending in 8 are individual businesses, in 9 cooperatives"
        )
        parser.add_argument(
            "--form",
            default="landscape",
            metavar="FORM",
            help=f"{' or '.join(EDITIONS)} (default: landscape)",
        )
        parser.add_argument(
            "--damage",
            metavar="DAMAGE",
            help="a damage or forgery, see above (default: none; a decoy's own)",
        )
        parser.add_argument(
            "--decoy", metavar="DECOY", help="make this instead of a licence, see above"
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help=f"print a value that differs from the company's: {', '.join(OVERRIDES)}",
        )

    def handle(
        self,
        *args: Any,
        seed: int,
        out: Path,
        form: str,
        damage: str | None,
        count: int,
        quality: int,
        **options: Any,
    ) -> None:
        wanted = pictures.picture_files(out, seed, count, quality)
        overrides: dict[str, Any] = dict(_override(text) for text in options["set"])
        if options["decoy"] and overrides:
            raise CommandError("--set changes a licence's text; --decoy does not make a licence")
        for number, file in wanted:
            try:
                if options["decoy"]:
                    image, told, line = _decoy(file, number, options["decoy"], damage)
                else:
                    image, told, line = _licence(file, number, form, damage or "none", overrides)
            except ValueError as error:
                raise CommandError(str(error)) from error
            pictures.write_picture(image, file, quality)
            self.stdout.write(
                json.dumps(line, ensure_ascii=False) if options["json"] else f"{file}  {told}"
            )


def _licence(
    file: Path, seed: int, form: str, damage: str, overrides: dict[str, Any]
) -> tuple[Image.Image, str, dict[str, Any]]:
    """Return the picture, a line about it for people, and one for programs."""
    specimen = make_specimen(seed, form, damage, **overrides)
    return (
        specimen.image,
        f"{specimen.fields['uscc']}  {specimen.company.name}",
        _line(file, seed, form, damage, specimen),
    )


def _decoy(
    file: Path, seed: int, kind: str, damage: str | None
) -> tuple[Image.Image, str, dict[str, Any]]:
    return (
        make_decoy(seed, kind, damage),
        kind,
        {"file": str(file), "seed": seed, "decoy": kind, "fields": {}},
    )


def _override(text: str) -> tuple[str, str | int | date]:
    """Parse `KEY=VALUE` for `make_specimen`: dates as dates, degrees as a number."""
    key, separator, value = text.partition("=")
    if not separator or key not in OVERRIDES:
        raise CommandError(
            f"--set {text!r}; expected KEY=VALUE with KEY one of {', '.join(OVERRIDES)}"
        )
    try:
        return key, (
            date.fromisoformat(value) if key in _DATES else int(value) if key == "turned" else value
        )
    except ValueError as error:
        expected = "a day such as 2016-05-31" if key in _DATES else "0, 90, 180 or 270"
        raise CommandError(f"--set {key} is {value!r}; expected {expected}") from error


def _line(file: Path, seed: int, form: str, damage: str, specimen: Specimen) -> dict[str, Any]:
    return {
        "file": str(file),
        "seed": seed,
        "form": form,
        "damage": damage,
        "fields": specimen.fields,
        "domain": specimen.company.domain,
        "status": specimen.company.status,
    }
