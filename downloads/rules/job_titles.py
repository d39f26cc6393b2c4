"""What a job's title may contain.

Recruiters write titles, and we send them to candidates. So a title with a number, an account or a
link would be a thief's message in our name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from events.core.errors import Refused
from resumes.redaction.contacts import contacts_in
from resumes.redaction.digits import to_plain_text, with_numerals

LONGEST: Final = 60
FIELD: Final = "job_title"

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""The Unicode categories of control characters, of invisible ones and of those without meaning."""
_HAN: Final = r"\u3400-\u4dbf\u4e00-\u9fff"
_ENDINGS: Final = "com|cn|net|org|top|xyz|vip|cc|club|shop|site|icu|link"
_LINK: Final = re.compile(
    rf"[\w-]*\w\.[^\W\d_{_HAN}]{{2,}}"
    r"|[\w-]*\w\.(?:中国|中國|公司|网络|網絡|网址|商城|集团|在线|中文网|手机|招聘|企业)"
    r"|[a-z0-9-]*[a-z0-9] ?(?:点|。|\(\.\)|\[\.\]|\bdot\b) ?[a-z]{2,}"
    rf"|[a-z0-9-]*[a-z0-9] ?[.,·] ?(?:{_ENDINGS})(?![a-z])"
    rf"|[a-z0-9-]*[a-z0-9] ?· ?(?:me|io|co|ly|la|app|info|wang)(?![a-z])"
    r"|https?\W{0,2}:|(?<![a-z])www(?![a-z])"
)
"""A point inside a word, which phones turn into a link whatever follows, or one in disguise."""
_TECHNIQUE: Final = re.compile(
    r"(?<![a-z0-9_.@-])(?:[a-z0-9]+\.(?:js|ts)|(?:(?:asp|ado|vb)\.net|socket\.io)(?!/[a-z0-9]))(?![a-z0-9_.@-])"
)
"""Names that look like links."""
_NUMBER: Final = re.compile(r"\d(?:[^\w\n]{0,3}\d){6,}|(?:\d[^\w\n]{1,2}){4,}\d")
"""Seven digits or more in a row or in groups, or five one by one."""
_SALARY: Final = re.compile(r"([1-9]\d{3,4}) ?[-~–—] ?([1-9]\d{3,5})")
_HIGHEST_SALARY: Final = 100_000
"""Of a month, in yuan. So the two halves of a telephone number are no salary."""
_STANDARD: Final = re.compile(r"(?<=[a-z ])\d{3,5}[-:](?:19[5-9]|20[0-4])\d")
"""A standard with its year, such as GB/T 19001-2016."""
_INVITATION: Final = re.compile(
    r"(?<![参增])加 ?(?:我|下|个)? ?(?:微信|[薇威]信?|微(?!\w)|[扣群]|企鹅|好友|飞机|电报"
    r"|(?:v|vx|wx|q|qq|wechat|telegram|whatsapp|line)(?![a-z]))"
    r"|徵信|绿泡泡|同号|进群|[微薇]\W{1,3}[a-z0-9_-]{4,}|薇信?[a-z0-9_-]{4,}"
    r"|微信 ?(?:搜|号|联系|同|:)|(?<![a-z])(?:vx|wxid|v信)(?![a-z])|回复 ?[“\"'\d]"
    r"|(?<![a-z])(?:telegram|whatsapp|tg|wx)[ :_+]+[a-z0-9_]{2,}"
    r"|私聊|私信我|联系我|\b(?:add|call|contact|dm|message|text) me\b"
)
_WORD: Final = re.compile(rf"[^\s{_HAN}]+")
_LOOKALIKES: Final = ("CYRILLIC", "GREEK")


def checked_job_title(title: str) -> str:
    """Return the title as it is stored. Raises Refused `job_title_not_allowed`."""
    title = re.sub(" +", " ", unicodedata.normalize("NFC", title)).strip(" ")
    if (fault := next(_faults(title), None)) is not None:
        seen, expected = fault
        raise Refused("job_title_not_allowed", FIELD, seen=seen, expected=expected)
    return title


def _faults(title: str) -> Iterator[tuple[str, str]]:
    """Yield each thing that must not be in the title, and what is expected instead."""
    if len(title) > LONGEST:
        yield str(len(title)), f"≤ {LONGEST}"
    for character in title:
        if unicodedata.category(character) in _UNSEEN:
            yield f"U+{ord(character):04X}", "no control characters, no invisible ones"
    for contact in contacts_in(title):
        yield contact.masked, f"no contact details ({contact.kind})"
    text = to_plain_text(title).text
    if "@" in text:
        yield "@", "no addresses"
    for link in _LINK.finditer(_TECHNIQUE.sub(" ", text)):
        yield link[0], "no links, no point inside of a word"
    for number in _NUMBER.finditer(_STANDARD.sub(" ", with_numerals(text))):
        if not _is_salary(number[0]):
            yield number[0][:2] + "****", "no numbers of seven digits or more, none digit by digit"
    for invitation in _INVITATION.finditer(text):
        yield invitation[0], "no invitation to get in touch"
    for word in _WORD.findall(text):
        if len({_script(letter) for letter in word if letter.isalpha()} & {"", *_LOOKALIKES}) > 1:
            yield word, "no word of letters that look like those of another script"


def _is_salary(number: str) -> bool:
    salary = _SALARY.fullmatch(number)
    return salary is not None and int(salary[1]) < int(salary[2]) <= _HIGHEST_SALARY


def _script(letter: str) -> str:
    """Return "" for Latin letters, and the script of those that look like them."""
    name = unicodedata.name(letter, "")
    if name.startswith("LATIN"):
        return ""
    return next((script for script in _LOOKALIKES if name.startswith(script)), "other")
