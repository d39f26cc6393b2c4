"""Makes the picture of a licence, with its true fields, from a seed, an edition and a damage."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any, Final, get_args

import numpy as np
from PIL import Image

from documents.specimens.clerk import Entry, print_licence, printed_fields
from documents.specimens.company import Company
from documents.specimens.forgery import ANY, FORGERIES, forged_fields, without_forgery
from documents.specimens.photograph import DAMAGES, QUARTERS, photograph_page, rotate_page
from documents.specimens.sheet import EDITIONS, Copy, Edition
from documents.typesetting import Face, missing_glyphs

_PRINTED: Final = tuple(
    field.name for field in fields(Company) if field.name not in ("domain", "status")
)
OVERRIDES: Final = (*_PRINTED, "qr_uscc", "copy", "issued_on", "face", "turned")
"""The arguments of `make_specimen` besides seed, edition, damage and company."""
_CHOICES: Final[dict[str, tuple[object, ...]]] = {
    "copy": get_args(Copy),
    "face": ("song", "kai"),
    "turned": QUARTERS,
}
_ISSUED: Final[dict[str, tuple[date, date]]] = {
    "landscape": (date(2019, 3, 4), date(2025, 11, 28)),
    "portrait": (date(2015, 10, 8), date(2018, 12, 28)),
}


@dataclass(frozen=True)
class Specimen:
    """A picture of a fictitious licence, and its true fields."""

    image: Image.Image
    """RGB."""
    company: Company
    """As the registry has it; overrides only change `fields`."""
    fields: dict[str, str]
    """The printed fields, by the product's keys; established_on in ISO; "" if not on this sheet."""

    def jpeg(self, quality: int = 88) -> bytes:
        """Return the picture as a JPEG file."""
        file = io.BytesIO()
        self.image.save(file, "JPEG", quality=quality)
        return file.getvalue()


def make_specimen(
    seed: int,
    edition: str = "landscape",
    damage: str = "none",
    company: Company | None = None,
    **overrides: Any,
) -> Specimen:
    """Return the licence of `company` (by default the one of `seed`), photographed with `damage`.

    Equal arguments give equal pictures. `damage` is one of DAMAGES, or several joined by "+",
    applied in that order; or one of FORGERIES (or "forged", one of them by the seed): a phone's
    photo of a sheet with another code than the company's.

    Overrides, all in OVERRIDES, are any printed field of Company, to print something other than the
    truth; `qr_uscc` (the code in the QR, "" for no QR; by default the company's own); `copy`
    ("正本", "副本"), `issued_on`, `face` ("song", "kai"), and `turned` (0, 90, 180, 270 degrees
    clockwise, applied last).

    Raises ValueError, naming the value and the known ones, for an unknown edition, damage or
    override, or for a character that no font here can print.
    """
    known_edition = _edition(edition)
    _refuse_unknown(damage)
    _refuse_odd(overrides)
    rng = np.random.default_rng(_entropy("sheet", seed, edition))
    company = company or Company.fictitious(seed)
    overrides = forged_fields(damage, company, seed) | overrides
    told = replace(
        company, **{name: value for name, value in overrides.items() if name in _PRINTED}
    )
    entry = _entry(rng, company, told, known_edition, overrides)
    page = print_licence(entry, known_edition, rng)
    page = photograph_page(
        page,
        without_forgery(damage),
        np.random.default_rng(_entropy("photograph", seed, edition, damage)),
    )
    page = rotate_page(page, overrides.get("turned", 0))
    return Specimen(Image.fromarray(page), company, printed_fields(entry, known_edition))


def _entropy(*words: object) -> list[int]:
    """Return a seed for numpy's generator that depends on all of `words`."""
    return list(" ".join(map(str, words)).encode())


def _edition(edition: str) -> Edition:
    for known in EDITIONS:
        if edition == known:
            return known
    raise ValueError(f"unknown edition {edition!r}; known: {', '.join(EDITIONS)}")


def _refuse_unknown(damage: str) -> None:
    known = (*DAMAGES, ANY, *FORGERIES)
    if unknown := [name for name in damage.split("+") if name not in known]:
        raise ValueError(
            f"unknown damage {', '.join(map(repr, unknown))}; known: {', '.join(known)}"
        )


def _refuse_odd(overrides: dict[str, Any]) -> None:
    if unknown := [name for name in overrides if name not in OVERRIDES]:
        raise ValueError(f"unknown override {', '.join(unknown)}; known: {', '.join(OVERRIDES)}")
    for name, known in _CHOICES.items():
        if name in overrides and overrides[name] not in known:
            raise ValueError(f"{name} is {overrides[name]!r}; known: {', '.join(map(str, known))}")
    for name in ("established_on", "issued_on"):
        if name in overrides and not isinstance(overrides[name], date):
            raise ValueError(f"{name} is {overrides[name]!r}; expected a datetime.date")


def _entry(
    rng: np.random.Generator,
    company: Company,
    told: Company,
    edition: Edition,
    overrides: dict[str, Any],
) -> Entry:
    """Return what the clerk prints.

    Every choice is drawn whether or not it is overridden, so that an override changes nothing else.
    """
    first, last = _ISSUED[edition]
    first = max(first, told.established_on)
    issued_on = first + timedelta(days=int(rng.integers(max(1, (last - first).days))))
    copy: Copy = "副本" if rng.random() < 0.6 else "正本"
    face: Face = "kai" if rng.random() < (0.15 if edition == "landscape" else 0.4) else "song"
    gold = rng.random() < (0.85 if edition == "landscape" else 0.5)
    number = f"S{company.uscc[2:8]}{int(rng.integers(10**7)):07}" if rng.random() < 0.35 else ""
    entry = Entry(
        company=told,
        qr_uscc=overrides.get("qr_uscc", company.uscc),
        copy=overrides.get("copy", copy),
        issued_on=overrides.get("issued_on", issued_on),
        face=overrides.get("face", face),
        foil="gold" if gold else "dark",
        number=number,
    )
    return _printable(entry, edition)


def _printable(entry: Entry, edition: Edition) -> Entry:
    """Return `entry` in a face that has every character; Song has more than Kai.

    Raises ValueError if neither has.
    """
    text = "".join(
        value
        for key, value in printed_fields(entry, edition).items()
        if key != "registration_authority"
    )
    if entry.face == "kai" and missing_glyphs("kai", text):
        entry = replace(entry, face="song")
    if lacking := missing_glyphs(entry.face, text) or missing_glyphs(
        "song", entry.company.registration_authority
    ):
        raise ValueError(
            f"no glyph for {lacking!r}: the vendored fonts print GB 2312 and ASCII"
            " (documents/fonts/README.md)"
        )
    return entry
