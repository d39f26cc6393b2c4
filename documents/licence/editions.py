"""The editions of the printed licence since the 1990s, and how to tell them apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from documents.page.layout import BODY, Cell


class Edition(StrEnum):
    """The editions, told apart by their print, since old ones are valid until exchanged."""

    LANDSCAPE_2019 = "landscape_2019"
    """Two columns, the code at the top left, a QR code at the top right."""
    PORTRAIT_2015 = "portrait_2015"
    """One column, the unified code under the title."""
    PORTRAIT_2014 = "portrait_2014"
    """Like 2015, with the older registration number."""
    BEFORE_2014 = "before_2014"
    """企业法人营业执照, 个体工商户营业执照 and others, with a registration number."""
    ELECTRONIC = "electronic"
    """A picture of an electronic licence (电子营业执照)."""
    UNKNOWN = "unknown"


_SENTENCE: Final = r"(?:^[本该凭持附]|请|办理|提[供交]|出示|持有|有效|应当|必须|上传|领取|查验|核对|换[发领]|取得|的)"  # noqa: E501
"""Words that sentences contain and titles do not."""
_TITLE: Final = re.compile(
    rf"(?!.*{_SENTENCE})[一-鿿]{{0,14}}营业执照\W{{0,6}}(?:[正副]本)?[^一-鿿]{{0,6}}"
)
_OTHER_TITLE: Final = re.compile(
    rf"(?!.*{_SENTENCE}).{{0,12}}(?:登记证书?|许可证|合同书?|协议书?|身份证|收据|小票|委托书|介绍信)\W{{0,6}}(?:[正副]本)?\W{{0,6}}"
)


def is_title(text: str) -> bool:
    """Whether a line (tidy) is a licence's title, not only a mention of one."""
    return bool(_TITLE.fullmatch(text))


def is_other_title(text: str) -> bool:
    """Whether a line (tidy) is the title of another document."""
    return bool(_OTHER_TITLE.fullmatch(text))


def edition_of(texts: Sequence[str], cells: Sequence[Cell]) -> Edition:
    """Return the edition of an upright page with these `texts` (tidy) and `cells`."""
    if any("电子营业执照" in text for text in texts):
        return Edition.ELECTRONIC
    if any(is_title(text) and not text.startswith("营业执照") for text in texts):
        return Edition.BEFORE_2014
    body = [cell for cell in cells if cell.label in BODY]
    if len(body) < 3:
        return Edition.UNKNOWN
    columns = [(a, b) for a in body for b in body if b.x0 - a.x0 > 12 * a.h and a.level_with(b)]
    labels = {cell.label for cell in cells}
    if len(columns) >= 2:
        return (
            Edition.LANDSCAPE_2019 if "registration_number" not in labels else Edition.BEFORE_2014
        )
    return (
        Edition.PORTRAIT_2014
        if "registration_number" in labels and "uscc" not in labels
        else Edition.PORTRAIT_2015
    )
