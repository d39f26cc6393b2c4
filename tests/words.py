"""Finds what reads oddly in a Chinese text: blanks, half-width marks, and words left in English."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

HAN: Final = "\u3400-\u9fff"
FULL: Final = "，。：；！？、（）"
MISPRINTS: Final = (
    # A blank beside a full-width mark, unless a code follows.
    re.compile(rf"[{FULL}][ \u00a0]+(?![a-z]+_)\S|\S[ \u00a0]+[{FULL}]"),
    re.compile(rf"[{HAN}][,;!?](?=[ {HAN}]|$)|[{HAN}]: |[{HAN}] ?\([{HAN}]"),  # a half-width mark
    re.compile(rf"[{HAN}] \d{{4}}年|\d{{4}} 年 ?\d|\d日 [{HAN}]"),  # a blank beside a date
    re.compile(r"(?<![\w-])20\d\d-\d\d-\d\d(?![\w-])"),  # a date in another form
)
NAMES: Final = re.compile(
    r"""
    https?://\S+ | [\w.*+-]+@[\w.*-]+ | [\w-]+\.example   # addresses
    | \b[0-9A-HJ-NPQRTUWXY]{18}\b | \b(?=\w*\d)[\w=-]+\b…? | \bzk_\w*…?     # codes and IDs
    | \b(?:API|CSV|Ed25519|HEIC|HTTP|https|ID|IP|JPEG|KB|MB|OCR|PDF|PNG|QQ|SHA|TIFF|TOTP)\b
    | \b(?:Lark|Slack|UTC|WebP|Webhook)\b
    | \b(?:Alt|Cmd|Command|Control|Ctrl|Enter|Esc|Mac|Shift|Tab|English|Zizhi)\b | \bimage/\w+
    | \bZIZHI_\w+ | \bmanage\.py\ \w+ | \{\w+\}           # settings, commands, variables
    """,
    re.VERBOSE,
)
REJECTED: Final = {
    "申请单": "申请",
    "案件": "申请",
    "经办人": "招聘者",
    "招聘人员": "招聘者",
    "中间号": "虚拟号码",
    "隐私号": "虚拟号码",
    "提供记录": "发放记录",
    "询问放行": "查询放行",
    "下载额度": "下载配额",
    "电子邮箱": "邮箱",
    "资质平台": "资质系统",
    "回调接收": "Webhook 接收",
    "平台凭证": "平台存证",
    "已认证": "已通过核验",
}
"""Words that once named things of `docs/how-it-works/terms.md`, and their names now."""
LATIN: Final = re.compile(r"[A-Za-z]{2,}")


def misprints(lines: Iterable[str]) -> list[str]:
    """Return the Chinese lines that a typesetter would send back."""
    return [line for line in lines if any(mark.search(line) for mark in MISPRINTS)]


def rejected(lines: Iterable[str]) -> list[tuple[str, str]]:
    """Return the lines with a rejected word, and that word."""
    return [(word, line) for line in lines for word in REJECTED if word in line]


def left_in_latin(lines: Iterable[str], *names: str) -> list[str]:
    """Return the lines with Latin words that are neither names, codes nor settings."""
    known = [re.escape(name) for name in sorted(names, key=len, reverse=True) if LATIN.search(name)]
    but = re.compile("|".join(known) or "$^")
    return [line for line in lines if LATIN.search(NAMES.sub("", but.sub("", line)))]
