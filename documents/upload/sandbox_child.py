"""The confined child: turns an upload into clean pages.

`sandbox.run_child` runs it as a script, with the task and its options as arguments, the upload on
stdin and the answer on stdout. It loads the libraries that the task needs, then sets the limits,
and only then reads any input. Every picture becomes a plain JPEG: upright, RGB, without metadata or
trailing data.
"""

from __future__ import annotations

import importlib
import io
import json
import re
import resource
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[2]))

from documents.upload import confinement

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

LONG_SIDE: Final = 4000
"""The longest side of a page, in pixels."""
AS_NEW: Final[Mapping[str, Any]] = {"quality": 92}
"""The encoding of pictures that were not JPEGs."""
LARGEST_OF_ITS_OWN: Final = 8 * 1024 * 1024
"""In bytes. Pages that are larger in their original encoding are encoded AS_NEW."""
MISSING: Final = 0.03
"""The share of a JPEG's rows that must be missing for it to be broken."""
PDF_DPI: Final = 200
PDF_LONG_SIDE: Final = 2000
"""A PDF page is drawn at PDF_DPI, or finer until its longer side has this many pixels.

Small pages may hold large photos.
"""
EDITOR_LENGTH: Final = 100

_UPRIGHT: Final = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""EXIF orientation (EXIF 2.32, table 6) → the member of Pillow's Transpose that undoes it."""
_GREY: Final = (128, 128)
"""Darkest and brightest."""
_SCAN: Final = 0xDA
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""Any marker except restarts, fill bytes and escapes (ITU-T T.81, B.1.1)."""
_EXIF_ORIENTATION: Final = 0x0112
_EXIF_SOFTWARE: Final = 0x0131
_TIFF_SUBFILE: Final = 0x00FE


@dataclass
class Refusal(Exception):
    """The upload is not acceptable. The attributes are those of `events.core.errors.Refused`."""

    code: str
    seen: str = ""
    expected: str = ""


class Limits(NamedTuple):
    """The limits of one upload: a picture's pixels, pages, the least pixels of the shorter side.

    The others are the sandbox's own limits.
    """

    pixels: int = 0
    pages: int = 0
    short_side: int = 0
    seconds: int = 0
    memory_bytes: int = 0
    output_bytes: int = 0
    kernel: int = 0
    """How the kernel confines the child (`confinement.confined_process`)."""


class Page(NamedTuple):
    """One clean page and its fingerprint."""

    jpeg: bytes
    width: int
    height: int
    fingerprint: str


class Task(NamedTuple):
    """A task: the modules it needs, files it may hold open, its work, and if it uses threads."""

    modules: tuple[str, ...]
    open_files: int
    work: Callable[[bytes, Limits], tuple[str | None, list[Page]]]
    threads: bool = False


# --- Pictures -------------------------------------------------------------------------------------


def check_pixels(size: tuple[int, int], limits: Limits) -> None:
    """Raise Refusal if a picture of `size` (width, height) has too many or too few pixels."""
    width, height = size
    seen = f"{width} × {height}"
    if width * height > limits.pixels:
        raise Refusal("document_too_many_pixels", seen, f"≤ {limits.pixels:,} 像素 / pixels")
    if min(size) < limits.short_side:
        raise Refusal("document_too_small", seen, f"≥ {limits.short_side} × {limits.short_side}")


def to_rgb(image: Image) -> Image:
    """Return `image` in RGB: transparent pixels become white, deep greys keep their range."""
    from PIL import Image as pillow

    if image.mode == "RGB":
        return image
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return deep_grey(image).convert("RGB")
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = pillow.new("RGB", image.size, "white")
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    return image.convert("RGB")


def deep_grey(image: Image) -> Image:
    """Return a grey picture of more than 8 bits in mode L.

    16 bits keep their scale; others are stretched over their range.
    """
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
        image = image.convert("I")
    else:
        low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type]
        if image.mode == "I" and low >= 0 and high <= 65535:
            low, high = 0.0, 65535.0 if high > 255 else 255.0
    scale = 255.0 / (high - low) if high > low else 1.0
    return image.point(lambda value: value * scale - low * scale).convert("L")


def orientation_of(image: Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 if there is none or it is unreadable."""
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # broken metadata costs the orientation, not the picture
        return 1


def editor_of(image: Image) -> str | None:
    """Return the program that the picture names as its maker or editor, as evidence.

    Phones write their system's version there.
    """
    try:
        named = image.getexif().get(_EXIF_SOFTWARE) or image.info.get("Software")
        if not named and "photoshop" in image.info:
            named = "Photoshop"
    except Exception:
        return None
    return one_line(named)


def one_line(value: object) -> str | None:
    """Return `value` from metadata as one short printable line, or None if nothing is left."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
    text = "".join(
        character for character in text.split("\0")[0] if character.isprintable()
    ).strip()
    return text[:EDITOR_LENGTH] or None


def clean_page(image: Image, orientation: int = 1) -> Page:
    """Return `image` as a page to keep: RGB, at most LONG_SIDE, upright, encoded again."""
    from PIL.Image import Resampling, Transpose

    from documents.similarity.perceptual_hash import fingerprint

    manner = manner_of(image)
    image = to_rgb(image)
    if max(image.size) > LONG_SIDE:
        image.thumbnail((LONG_SIDE, LONG_SIDE), Resampling.LANCZOS)
        manner = AS_NEW
    if orientation in _UPRIGHT:
        image = image.transpose(Transpose(_UPRIGHT[orientation]))
    # Everything in the file besides the pixels (profile, EXIF, comments) is in `info`, and the
    # encoder would write it.
    image.info = {}
    jpeg = encode_jpeg(image, manner)
    if len(jpeg) > LARGEST_OF_ITS_OWN:
        jpeg = encode_jpeg(image, AS_NEW)
    return Page(jpeg, image.width, image.height, fingerprint(image))


def manner_of(image: Image) -> Mapping[str, Any]:
    """Return how to encode `image` without further loss.

    A JPEG keeps its encoding, anything else is encoded AS_NEW. Small print that a phone has
    compressed does not survive a second, different rounding. Rounded by the same tables on the same
    grid it stays the same, and the file hardly grows.
    """
    from PIL.JpegImagePlugin import JpegImageFile, get_sampling

    if not isinstance(image, JpegImageFile) or image.mode != "RGB":
        return AS_NEW
    tables = [list(table) for _, table in sorted(image.quantization.items())]
    sampling = get_sampling(image)
    if (
        sampling < 0
        or not tables
        or any(not 1 <= step <= 255 for table in tables for step in table)
    ):
        return AS_NEW
    return {"qtables": tables, "subsampling": sampling}


def encode_jpeg(image: Image, manner: Mapping[str, Any]) -> bytes:
    """Return `image` as a JPEG, encoded in the given `manner`."""
    out = io.BytesIO()
    image.save(out, "JPEG", **manner)
    return out.getvalue()


def missing_rows(image: Image, data: bytes) -> int:
    """Return how many rows at the foot of `image`, a JPEG, are missing in `data`; 0 for other
    formats.

    The decoder paints missing rows in middle grey without an error. But a picture may have a margin
    of that grey. So the first scan's data is appended a second time: missing rows use it up, and a
    complete picture leaves it over.
    """
    from PIL.JpegImagePlugin import JpegImageFile

    if not isinstance(image, JpegImageFile) or image.mode not in ("RGB", "L"):
        return 0
    grey = grey_rows(image)
    if grey <= MISSING * image.height:
        return 0
    begin, end = first_scan(data)
    filled = JpegImageFile(io.BytesIO(data[:end] + data[begin:end] + data[end:]))
    return 0 if is_grey(filled, image.height - grey) else grey


def first_scan(jpeg: bytes) -> tuple[int, int]:
    """Return the start and end of the coded rows of the first scan of `jpeg`.

    They follow its tables and other segments.
    """
    at, marker = 2, 0
    while marker != _SCAN and at + 4 <= len(jpeg):
        marker = jpeg[at + 1]
        at += 1 if marker == 0xFF else 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    end = _SCAN_END.search(jpeg, at)
    return at, end.start() if end else len(jpeg)


def grey_rows(image: Image) -> int:
    """Return how many rows at the foot of `image` are middle grey."""
    top, bottom = 0, image.height
    if not is_grey(image, bottom - 1):
        return 0
    while top < bottom:
        middle = (top + bottom) // 2
        top, bottom = (top, middle) if is_grey(image, middle) else (middle + 1, bottom)
    return image.height - top


def is_grey(image: Image, top: int) -> bool:
    """Whether `image` is middle grey from row `top` on."""
    shades = image.crop((0, top, image.width, image.height)).getextrema()
    return shades in (_GREY, (_GREY,) * 3)


def pages_of_picture(opener: str) -> Callable[[bytes, Limits], tuple[str | None, list[Page]]]:
    """Return the work for a format of one picture; for an animation or a burst, the first one.

    `opener` is `module:class`.
    """

    def work(data: bytes, limits: Limits) -> tuple[str | None, list[Page]]:
        image = open_as(opener, data, limits)
        check_pixels(image.size, limits)
        if (missing := missing_rows(image, data)) > MISSING * image.height:
            share = f"{missing / image.height:.0%}"
            raise Refusal("document_broken", f"下方 {share} 缺失 / the lower {share} is missing")
        # pillow-heif turns a picture upright on opening and then reports that, so the orientation
        # is read after opening.
        orientation = orientation_of(image)
        return editor_of(image), [clean_page(image, orientation)]

    return work


def pages_of_tiff(data: bytes, limits: Limits) -> tuple[str | None, list[Page]]:
    """The work for TIFF: every page except the previews that cameras add (NewSubfileType bit 0)."""
    image: Any = open_as("PIL.TiffImagePlugin:TiffImageFile", data, limits)
    check_pages(image.n_frames, limits)
    editor = editor_of(image)
    pages = []
    for number in range(image.n_frames):
        image.seek(number)
        if number and int(image.tag_v2.get(_TIFF_SUBFILE, 0)) & 1:
            continue
        check_pixels(image.size, limits)
        # This turns the page upright and drops the tag, so the orientation is read after it.
        image.load()
        pages.append(clean_page(image.copy(), orientation_of(image)))
    return editor, pages


def open_as(opener: str, data: bytes, limits: Limits) -> ImageFile:
    """Open `data` with one named decoder only, header first.

    Letting Pillow guess would load and try all of them.
    """
    from PIL import Image as pillow

    module, name = opener.split(":")
    opens: Callable[[io.BytesIO], ImageFile] = getattr(sys.modules[module], name)
    pillow.MAX_IMAGE_PIXELS = limits.pixels
    try:
        return opens(io.BytesIO(data))
    except pillow.DecompressionBombError as error:
        raise Refusal(
            "document_too_many_pixels", one_line(error) or "", f"≤ {limits.pixels:,} 像素 / pixels"
        ) from error


def check_pages(count: int, limits: Limits) -> None:
    """Raise Refusal if a document of `count` pages has too many."""
    if count > limits.pages:
        raise Refusal(
            "document_too_many_pages", f"{count} 页 / pages", f"≤ {limits.pages} 页 / pages"
        )


# --- PDF ------------------------------------------------------------------------------------------


def pages_of_pdf(data: bytes, limits: Limits) -> tuple[str | None, list[Page]]:
    """The work for PDF: draw every page, so that no script, attachment or tail survives."""
    document = open_pdf(data)
    check_pages(len(document), limits)
    if not len(document):
        raise Refusal("document_broken", "0 页 / pages")
    metadata = document.get_metadata_dict(skip_empty=True)
    editor = one_line(metadata.get("Creator") or metadata.get("Producer"))
    return editor, [clean_page(page) for page in drawn_pages(document, limits)]


def open_pdf(data: bytes) -> Any:
    """Open `data` as a pypdfium2 document. A password that is not empty is refused separately."""
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise Refusal("document_encrypted") from error
        raise


def drawn_pages(document: Any, limits: Limits) -> Iterator[Image]:
    """Yield the pages of `document` as pictures, one at a time.

    The scale limits the pixels, whatever size a page claims.
    """
    for page in document:
        width, height = page.get_size()
        longer, shorter = max(width, height), min(width, height)
        if not 0 < shorter <= longer:
            raise Refusal("document_broken", f"{width:.0f} × {height:.0f} pt")
        scale = min(max(PDF_DPI / 72, PDF_LONG_SIDE / longer), LONG_SIDE / longer)
        if shorter * scale < limits.short_side:
            raise Refusal("document_too_small", f"{width:.0f} × {height:.0f} pt")
        yield page.render(scale=scale).to_pil()
        page.close()


# --- The child's process ---------------------------- ---------------------------------------------

# Reading EXIF and writing JPEG load these at first use, when no file can be opened any more.
_PICTURES: Final = (
    "PIL.JpegImagePlugin",
    "PIL.TiffImagePlugin",
    "PIL.ImageFilter",
    "documents.similarity.perceptual_hash",
)


def _single(opener: str, threads: bool = False) -> Task:
    return Task((*_PICTURES, opener.split(":")[0]), 0, pages_of_picture(opener), threads)


TASKS: Final[Mapping[str, Task]] = {
    "nothing": Task((), 0, lambda _data, _limits: (None, [])),
    "jpeg": _single("PIL.JpegImagePlugin:JpegImageFile"),
    "png": _single("PIL.PngImagePlugin:PngImageFile"),
    "webp": _single("PIL.WebPImagePlugin:WebPImageFile"),
    # Its HEVC decoder needs one thread of its own, and a limit on threads counts all of the user's.
    "heif": _single("pillow_heif:HeifImageFile", threads=True),
    # A picture in CIELAB is converted by colour management.
    "tiff": Task((*_PICTURES, "PIL.ImageCms"), 0, pages_of_tiff),
    # PDFium searches the system for fonts that a page does not embed, hence a few files.
    "pdf": Task((*_PICTURES, "pypdfium2"), 16, pages_of_pdf),
}


def load_modules(modules: tuple[str, ...]) -> None:
    """Import the task's modules while files can still be opened."""
    for name in modules:
        importlib.import_module(name)
    if "PIL.Image" in sys.modules:
        sys.modules["PIL.Image"].preinit()
        warnings.simplefilter("error", sys.modules["PIL.Image"].DecompressionBombWarning)
    if "pillow_heif" in sys.modules:
        sys.modules["pillow_heif"].options.DECODE_THREADS = 1


def confine_child(limits: Limits, task: Task) -> None:
    """Set the limits, soft and hard alike, so that they cannot be raised again without privilege.

    Without open files there is no file to read, no socket and no pipe. No process or thread may be
    started either, except where the task needs threads. Linux exempts root from that limit: another
    reason to run the service as a user. The kernel then refuses the same by other means, and all
    files except fonts and libraries to a task that may open some.
    """
    files = confinement.Files(read=confinement.READABLE if task.open_files else ())
    with confinement.confined_process(limits.kernel, files):
        for name, value in (
            ("RLIMIT_AS", limits.memory_bytes),
            ("RLIMIT_CPU", limits.seconds),
            ("RLIMIT_FSIZE", limits.output_bytes),
            ("RLIMIT_CORE", 0),
            ("RLIMIT_NPROC", None if task.threads else 0),
            ("RLIMIT_NOFILE", task.open_files),
        ):
            if value is not None:
                resource.setrlimit(getattr(resource, name), (value, value))


def attempt_work(
    work: Callable[[bytes], tuple[dict[str, Any], list[bytes]]],
) -> tuple[dict[str, Any], list[bytes]]:
    """Read the input and run `work`; return the answer's header and blobs, even after errors."""
    try:
        return work(sys.stdin.buffer.read())
    except Refusal as refusal:
        return {"refused": refusal.code, "seen": refusal.seen, "expected": refusal.expected}, []
    except MemoryError:
        return {"broken": "memory"}, []
    except Exception as error:  # decoders raise anything on broken data
        cut_short = re.search("truncated|premature|unexpected end", str(error), re.IGNORECASE)
        return {
            "broken": "cut_short" if cut_short else "undecodable",
            "error": one_line(f"{type(error).__name__}: {error}"),
        }, []


def report_ready() -> None:
    """Report that the libraries are loaded and the limits set."""
    sys.stdout.buffer.write(b"ready\n")
    sys.stdout.buffer.flush()


def write_reply(header: Mapping[str, Any], blobs: list[bytes]) -> None:
    """Write `header` and `blobs` in the format that `sandbox.run_child` reads."""
    encoded = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    for part in (len(encoded).to_bytes(4, "big"), encoded, *blobs):
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()


def main() -> None:
    """Load, confine, report, work, answer."""
    task = TASKS[sys.argv[1]]
    limits = Limits(**json.loads(sys.argv[2]))
    load_modules(task.modules)
    confine_child(limits, task)
    report_ready()

    def work(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
        editor, pages = task.work(data, limits)
        described = [
            {"width": page.width, "height": page.height, "fingerprint": page.fingerprint}
            for page in pages
        ]
        return {"editor": editor, "pages": described}, [page.jpeg for page in pages]

    write_reply(*attempt_work(work))


if __name__ == "__main__":
    main()
