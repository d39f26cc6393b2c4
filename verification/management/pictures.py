"""Arguments and output files shared by the commands that make pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from PIL import Image

FORMATS: Final = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".pdf": "PDF",
    ".heic": "HEIF",
    ".heif": "HEIF",
}
_SEED: Final = "{seed}"
_A4_INCHES: Final = 11.69
"""The longer side, which every picture is assumed to fill: 1600 px are 137 dpi."""


def add_arguments(parser: CommandParser, seed_means: str) -> None:
    """Add --seed (`seed_means`: what it selects), --out, --count, --quality and --json."""
    parser.add_argument("--seed", type=int, required=True, help=seed_means)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help=f"ends in {', '.join(FORMATS)}; {_SEED} in it becomes the seed",
    )
    parser.add_argument(
        "--count",
        type=int,
        default=1,
        help=f"number of pictures, from --seed upwards; --out must then contain {_SEED}",
    )
    parser.add_argument(
        "--quality",
        type=int,
        default=88,
        help="quality of JPEG, WebP, HEIC and PDF, 1 to 95 (default: 88)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the true content of each picture, one JSON object per line",
    )


def picture_files(out: Path, seed: int, count: int, quality: int) -> Iterator[tuple[int, Path]]:
    """Return each seed and its file. Raise CommandError if the arguments do not fit."""
    if out.suffix.lower() not in FORMATS:
        raise CommandError(
            f"--out ends in {out.suffix or 'nothing'!r}; expected one of {', '.join(FORMATS)}"
        )
    if count < 1:
        raise CommandError(f"--count is {count}; expected 1 or more")
    if count > 1 and _SEED not in str(out):
        raise CommandError(
            f"--out is one file, {out}, for {count} pictures; put {_SEED} into its name"
        )
    if not 1 <= quality <= 95:
        raise CommandError(f"--quality is {quality}; expected 1 to 95")
    return (
        (number, Path(str(out).replace(_SEED, str(number)))) for number in range(seed, seed + count)
    )


def write_picture(image: Image.Image, file: Path, quality: int) -> None:
    """Write `image` to `file` in the format of its suffix."""
    content = _encoded(image, FORMATS[file.suffix.lower()], quality)
    try:
        file.write_bytes(content)
    except OSError as error:
        raise CommandError(f"cannot write {file}: {error.strerror}") from error


def _encoded(image: Image.Image, kind: str, quality: int) -> bytes:
    file = io.BytesIO()
    if kind == "HEIF":
        import pillow_heif  # registers itself with Pillow, and is rarely needed

        pillow_heif.register_heif_opener()
    dpi = round(max(image.size) / _A4_INCHES)
    options: dict[str, Any] = (
        {"resolution": dpi}
        if kind == "PDF"
        else {"dpi": (dpi, dpi)}
        if kind in ("JPEG", "PNG", "TIFF")
        else {}
    )
    if kind == "TIFF":
        options["compression"] = "tiff_lzw"
    elif kind != "PNG":
        options["quality"] = quality
    image.save(file, kind, **options)
    return file.getvalue()
