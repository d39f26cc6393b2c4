"""Fictitious certificates of bodies that are not companies.

There are two kinds in one plain layout: 事业单位法人证书 and 社会团体法人登记证书. Neither copies
an official design.
"""

from __future__ import annotations

from datetime import date
from typing import Final, Literal, get_args

from documents.specimens.company import Company, chinese_date
from documents.specimens.paper import (
    INK,
    PaperSpecimen,
    blank_paper,
    check_specimen_arguments,
    finish_photograph,
    press_seal,
    printable_face,
    seeded_generator,
)
from documents.typesetting import Plate, lay_ink, wrap_text

Kind = Literal["institution", "association"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
TITLES: Final[dict[Kind, str]] = {
    "institution": "事业单位法人证书",
    "association": "社会团体法人登记证书",
}
_AUTHORITIES: Final[dict[Kind, str]] = {
    "institution": "事业单位登记管理局",
    "association": "民政局",
}
_SIZE: Final = (1600, 1130)


def make_approval(seed: int, kind: Kind, body: Company, damage: str = "none") -> PaperSpecimen:
    """Return the certificate of `body`, photographed with `damage`.

    Equal arguments give equal pictures. Raises ValueError for an unknown kind or damage.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    check_specimen_arguments(damage, {}, (), ())
    rng = seeded_generator("approval", seed, kind)
    authority = body.registration_authority.split("市")[0] + "市" + _AUTHORITIES[kind]
    until = date(2029, 12, 31)
    rows = (
        ("名称", body.name),
        ("统一社会信用代码", body.uscc),
        ("法定代表人", body.legal_representative),
        ("住所", body.address),
        ("宗旨和业务范围", "开展公益服务、行业交流与人才培训"),
        ("有效期", f"{chinese_date(body.established_on)}至{chinese_date(until)}"),
        ("登记管理机关", authority),
    )
    face = printable_face(
        "".join(text for _, text in rows), "kai" if rng.random() < 0.4 else "song"
    )
    title, fixed, added = (Plate(_SIZE) for _ in range(3))
    title.stretched(430, 120, TITLES[kind], "song", 120, (740, 92))
    y = 330.0
    for label, text in rows:
        fixed.text(170, y, f"{label}：", "song", 30)
        lines = wrap_text(text, face, 29, 980)
        for at, line in enumerate(lines):
            added.text(470, y + at * 42, line, face, 29)
        y += 84 + 42 * (len(lines) - 1)
    page = blank_paper(_SIZE, (250, 246, 236), 23)
    for plate, colour in ((title, (168, 36, 34)), (fixed, INK), (added, (34, 34, 38))):
        page = lay_ink(page, plate.mask, colour, 0.94)
    page = press_seal(page, authority, (1300, 900), 92, rng)
    fields = {
        "name": body.name,
        "uscc": body.uscc,
        "legal_representative": body.legal_representative,
        "valid_until": until.isoformat(),
        "authority": authority,
    }
    return PaperSpecimen(finish_photograph(page, damage, 0, "approval", seed, kind), body, fields)
