"""What would a fictitious company's licence look like? `python manage.py make_licence --seed 1 --out licence.jpg`"""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from PIL import Image

from verification.specimens import DAMAGES, DECOYS, FORGERIES, FORMS, OVERRIDES, Specimen, decoy, make

FORMATS: Final = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".pdf": "PDF",
    ".heic": "HEIF", ".heif": "HEIF",
}  # fmt: skip
_DATES: Final = ("established_on", "issued_on")
_SEED: Final = "{seed}"
_A4_INCHES: Final = 11.69
"""The longer side, which every picture is said to fill: 1600 px are 137 dpi."""


class Command(BaseCommand):
    help = (
        "Make the licence of a company that does not exist, as a flat page or as a photograph of it. Equal arguments give equal pictures. "
        f"Forms: {', '.join(FORMS)}. Damages (joined with + if more than one): {', '.join(DAMAGES)}. "
        f"Forgeries, in place of a damage: forged (one of the others, by the seed), {', '.join(FORGERIES)}. "
        f"Decoys, which are no licences: {', '.join(DECOYS)}."
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
        parser.add_argument("--damage", metavar="DAMAGE", help="a damage or forgery, see above (default: none; a decoy's own)")
        parser.add_argument("--decoy", metavar="DECOY", help="make this in place of a licence, see above")
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

    def handle(self, *args: Any, seed: int, out: Path, form: str, damage: str | None, count: int, quality: int, **options: Any) -> None:
        _refuse_what_cannot_be(out, count, quality)
        overrides: dict[str, Any] = dict(_override(text) for text in options["set"])
        if options["decoy"] and overrides:
            raise CommandError("--set changes what a licence says; --decoy makes none")
        for number in range(seed, seed + count):
            file = Path(str(out).replace(_SEED, str(number)))
            try:
                if options["decoy"]:
                    image, told, line = _decoy(file, number, options["decoy"], damage)
                else:
                    image, told, line = _licence(file, number, form, damage or "none", overrides)
            except ValueError as error:
                raise CommandError(str(error)) from error
            _write(file, _encoded(image, file.suffix.lower(), quality))
            self.stdout.write(json.dumps(line, ensure_ascii=False) if options["json"] else f"{file}  {told}")


def _licence(file: Path, seed: int, form: str, damage: str, overrides: dict[str, Any]) -> tuple[Image.Image, str, dict[str, Any]]:
    """The picture, a line about it for people, and one for programs."""
    specimen = make(seed, form, damage, **overrides)
    return specimen.image, f"{specimen.fields['uscc']}  {specimen.company.name}", _line(file, seed, form, damage, specimen)


def _decoy(file: Path, seed: int, kind: str, damage: str | None) -> tuple[Image.Image, str, dict[str, Any]]:
    return decoy(seed, kind, damage), kind, {"file": str(file), "seed": seed, "decoy": kind, "fields": {}}


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
    dpi = round(max(image.size) / _A4_INCHES)
    options: dict[str, Any] = {"resolution": dpi} if kind == "PDF" else {"dpi": (dpi, dpi)} if kind in ("JPEG", "PNG", "TIFF") else {}
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


def _line(file: Path, seed: int, form: str, damage: str, specimen: Specimen) -> dict[str, Any]:
    return {
        "file": str(file), "seed": seed, "form": form, "damage": damage, "fields": specimen.fields, "domain": specimen.company.domain,
        "status": specimen.company.status,
    }  # fmt: skip
