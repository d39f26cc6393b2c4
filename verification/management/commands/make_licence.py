"""What would a fictitious company's licence look like? `python manage.py make_licence --seed 1 --out licence.jpg`"""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from PIL import Image

from verification.specimens import DAMAGES, FORMS, OVERRIDES, Specimen, make

FORMATS: Final = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".pdf": "PDF",
    ".heic": "HEIF", ".heif": "HEIF",
}  # fmt: skip
_DATES: Final = ("established_on", "issued_on")
_SEED: Final = "{seed}"
_DPI: Final = 137
"""1600 px on the 297 mm of A4."""


class Command(BaseCommand):
    help = (
        "Make the licence of a company that does not exist, as a flat page or as a photograph of it. Equal arguments give equal pictures. "
        f"Forms: {', '.join(FORMS)}. Damages (joined with + if more than one): {', '.join(DAMAGES)}."
    )
    requires_system_checks: list[str] = []  # nothing but a picture is made

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seed", type=int, required=True, help="which company; seeds ending in 8 are individual businesses, in 9 cooperatives"
        )
        parser.add_argument(
            "--out", type=Path, required=True, metavar="FILE", help=f"ends in {', '.join(FORMATS)}; {_SEED} in it becomes the seed"
        )
        parser.add_argument("--form", default="landscape", metavar="FORM", help=f"{' or '.join(FORMS)} (default: landscape)")
        parser.add_argument("--damage", default="none", metavar="DAMAGE", help="see above (default: none)")
        parser.add_argument("--count", type=int, default=1, help=f"make so many, from --seed upwards; --out then holds {_SEED}")
        parser.add_argument("--quality", type=int, default=88, help="of JPEG, WebP, HEIC and PDF, 1 to 95 (default: 88)")
        parser.add_argument("--json", action="store_true", help="print what is truly on each picture, one JSON object a line")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help=f"print something else than the company's truth: {', '.join(OVERRIDES)}",
        )

    def handle(self, *args: Any, seed: int, out: Path, form: str, damage: str, count: int, quality: int, **options: Any) -> None:
        _refuse_what_cannot_be(out, count, quality)
        overrides: dict[str, Any] = dict(_override(text) for text in options["set"])
        for number in range(seed, seed + count):
            try:
                specimen = make(number, form, damage, **overrides)
            except ValueError as error:
                raise CommandError(str(error)) from error
            file = Path(str(out).replace(_SEED, str(number)))
            _write(file, _encoded(specimen.image, file.suffix.lower(), quality))
            self.stdout.write(
                _line(file, number, form, damage, specimen)
                if options["json"]
                else f"{file}  {specimen.company.uscc}  {specimen.company.name}"
            )


def _refuse_what_cannot_be(out: Path, count: int, quality: int) -> None:
    if out.suffix.lower() not in FORMATS:
        raise CommandError(f"--out ends in {out.suffix or 'nothing'!r}; expected one of {', '.join(FORMATS)}")
    if count < 1:
        raise CommandError(f"--count is {count}; expected 1 or more")
    if count > 1 and _SEED not in str(out):
        raise CommandError(f"--out is one file, {out}, for {count} pictures; put {_SEED} into its name")
    if not 1 <= quality <= 95:
        raise CommandError(f"--quality is {quality}; expected 1 to 95")


def _override(text: str) -> tuple[str, str | int | date]:
    """`KEY=VALUE` as `make` takes it: days as dates, degrees as a number."""
    key, separator, value = text.partition("=")
    if not separator or key not in OVERRIDES:
        raise CommandError(f"--set {text!r}; expected KEY=VALUE with KEY one of {', '.join(OVERRIDES)}")
    try:
        return key, date.fromisoformat(value) if key in _DATES else int(value) if key == "turned" else value
    except ValueError as error:
        expected = "a day such as 2016-05-31" if key in _DATES else "0, 90, 180 or 270"
        raise CommandError(f"--set {key} is {value!r}; expected {expected}") from error


def _encoded(image: Image.Image, suffix: str, quality: int) -> bytes:
    file = io.BytesIO()
    kind = FORMATS[suffix]
    if kind == "HEIF":
        import pillow_heif  # registers itself with Pillow, and is seldom asked for

        pillow_heif.register_heif_opener()
    options: dict[str, Any] = {"resolution": _DPI} if kind == "PDF" else {"dpi": (_DPI, _DPI)} if kind in ("JPEG", "PNG", "TIFF") else {}
    if kind == "TIFF":
        options["compression"] = "tiff_lzw"
    elif kind != "PNG":
        options["quality"] = quality
    image.save(file, kind, **options)
    return file.getvalue()


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise CommandError(f"cannot write {file}: {error.strerror}") from error


def _line(file: Path, seed: int, form: str, damage: str, specimen: Specimen) -> str:
    truth = {
        "file": str(file), "seed": seed, "form": form, "damage": damage, "fields": specimen.fields, "domain": specimen.company.domain,
        "status": specimen.company.status,
    }  # fmt: skip
    return json.dumps(truth, ensure_ascii=False)
