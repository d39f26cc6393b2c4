"""Finds contact details in a text.

Telephone numbers, identity numbers and addresses are recognised by their form, a WeChat or QQ name
only by the label before it. A finding has a kind and a masked form, never the value. What is
removed, what is kept, and why: docs/how-it-works/redacting.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from resumes.redaction import numbers
from resumes.redaction.digits import Plain, to_plain_text, with_lookalikes, with_numerals
from resumes.redaction.personal_hosts import PERSONAL_HOSTS

Kind = Literal["phone", "email", "id_number", "passport", "wechat", "qq", "handle", "link"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True)
class Contact:
    """A contact detail from `start` to `end` (exclusive) of the text. `masked` hints at it without
    revealing it.
    """

    kind: Kind
    start: int
    end: int
    masked: str


Span = tuple[Kind, int, int]
"""A kind, a start and an end in plain text."""


def contacts_in(text: str) -> list[Contact]:
    """Return every contact in `text`, in order and without overlaps.

    Lines end with `\\n`, cells of a row with `\\t`.

    The text is untrusted: every pattern is bounded, so the time is linear in its length.
    """
    whole = to_plain_text(text)
    spans = [span for find in (_numbers, _emails, _links, _labelled) for span in find(whole.text)]
    return [_contact(whole, span) for span in _apart(spans)]


def _apart(spans: list[Span]) -> list[Span]:
    """Return `spans` in order; overlapping spans are merged into one with the kind of the
    longest.
    """
    apart: list[Span] = []
    longest = 0
    for kind, start, end in sorted(spans, key=lambda span: (span[1], -span[2])):
        if apart and start < apart[-1][2]:
            before = apart.pop()
            apart.append(
                (kind if end - start > longest else before[0], before[1], max(before[2], end))
            )
            longest = max(longest, end - start)
        else:
            apart.append((kind, start, end))
            longest = end - start
    return apart


def _contact(whole: Plain, span: Span) -> Contact:
    kind, start, end = span
    return Contact(kind, *whole.span(start, end), mask_contact(kind, whole.text[start:end]))


# --- Masking --------------------------------------------------------------------------------------


def mask_contact(kind: Kind, value: str) -> str:
    """Return a masked form of `value` (plain text) that its author recognises and nobody else can
    use.
    """
    value = value.strip()
    if kind in ("phone", "id_number"):
        digits = re.sub(r"[^\dx]", "", with_numerals(value))
        digits = re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)
        if len(digits) < 7:
            return "****"
        if kind == "phone":
            return (
                f"{digits[:3]}****{digits[-4:]}"
                if len(digits) >= 11
                else f"{digits[:2]}****{digits[-2:]}"
            )
        return f"{digits[:3]}************{digits[-1]}"
    if kind == "email":
        _, _, host = value.replace(" ", "").partition("@")
        return f"{value[:1]}***@{host}" if host in _SHOWN else f"{value[:1]}***"
    if kind == "link":
        host = re.sub(r"^(?:[a-z]+:/*)?(?:www\.)?", "", value.replace(" ", "")).split("/")[0]
        known = next(
            (known for known in PERSONAL_HOSTS if host == known or host.endswith("." + known)), ""
        )
        return f"{known}/***" if known else "***"
    return f"{value[:1]}***"


# --- Numbers --------------------------------------------------------------------------------------

_LEAST_REAL_DIGITS: Final = 5
"""Minimum number of real digits in a number in which letters are read as digits."""


def _numbers(text: str) -> Iterator[Span]:
    plainly = [*numbers.identity_numbers(text), *numbers.phone_numbers(text)]
    spelled = with_numerals(text)
    if spelled != text:
        for number in (*numbers.identity_numbers(spelled), *numbers.phone_numbers(spelled)):
            if spelled[number.start : number.end] != text[number.start : number.end]:
                plainly.append(number)
    known = bytearray(len(text))
    for number in plainly:
        yield number.kind, number.start, number.end
        known[number.start : number.end] = b"\1" * (number.end - number.start)
    seen = with_lookalikes(text)
    for number in (*numbers.identity_numbers(seen), *numbers.phone_numbers(seen)):
        part = text[number.start : number.end]
        if (
            any(known[number.start : number.end])
            or ":" in part
            or part == seen[number.start : number.end]
        ):
            continue  # already found, with a stroke beside it; or `IS0 9001:2015`
        first = re.match(r"\W*\d+", seen[number.start : number.end])
        begins = first is not None and any(character.isdigit() for character in part[: first.end()])
        if begins and sum(character.isdigit() for character in part) >= _LEAST_REAL_DIGITS:
            yield number.kind, number.start, number.end


# --- Email ---------------------------------------------------------------------------------------

_TOP: Final = (
    r"(?:com|cn|net|org|edu|gov|io|me|co|hk|tw|mo|sg|jp|kr|uk|us|de|fr|ca|au|info|biz|dev|app|xyz|top|site|tech|cc|tv|vip|pro|live"
    r"|club|online|asia|name|work|link|wang|ren|ai)"
)
_MAILS: Final = (
    r"(?:qq|163|126|139|189|wo|yeah|gmail|googlemail|outlook|hotmail|live|msn|foxmail|sina|sohu|tom|21cn|aliyun|yahoo|icloud|me|mac"
    r"|proton|protonmail|vip\.qq|vip\.163|vip\.sina)"
)
_SHOWN: Final = frozenset(
    "qq.com vip.qq.com foxmail.com 163.com vip.163.com 126.com yeah.net 139.com 189.cn sina.com"
    " sina.cn vip.sina.com sohu.com tom.com 21cn.com aliyun.com gmail.com outlook.com hotmail.com"
    " live.com live.cn msn.com yahoo.com icloud.com me.com proton.me".split()
)
"""Hosts with so many users that the host reveals nothing. Any other host may identify a person."""
_NAME: Final = r"[a-z0-9](?:[a-z0-9._%+\-]{0,62}[a-z0-9_\-])?"
_POINT: Final = r"[ ]?(?:\.|点|。|[ ]dot[ ]|\(dot\)|\[dot\]|\[\.\]|\(\.\))[ ]?"
_HOST: Final = rf"[a-z0-9\-]{{1,63}}(?:{_POINT}[a-z0-9\-]{{1,63}}){{0,5}}{_POINT}[a-z]{{2,10}}"
_AT: Final = r"(?:[ ]?\n?@\n?[ ]?|[ ]?(?:\(at\)|\[at\]|\{at\}|<at>|\(a\)|艾特|圈a|\(@\)|\[@\])[ ]?)"
_EMAILS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_NAME}{_AT}{_HOST}",
        rf"{_NAME}(?:[ ]at[ ]|[ ]?#[ ]?|[ ]?&[ ]?){_MAILS}{_POINT}{_TOP}(?:{_POINT}cn)?\b",
        rf"{_NAME}[ ]at[ ][a-z0-9\-]{{1,63}}(?:[ ]dot[ ][a-z0-9\-]{{1,63}}){{1,5}}",
        rf"{_NAME}@[a-z0-9.\-]{{1,63}}\n[a-z0-9.\-]{{0,63}}\.{_TOP}\b",
        r"(?<![a-z0-9])(?:[a-z0-9._+\-][ ]){3,64}@[ ]?(?:[a-z0-9.\-][ ]?){4,64}",
        r"[a-z0-9][a-z0-9._+\-]{1,63}@[a-z0-9][a-z0-9.\-]+",
        (
            r"(?<![a-z0-9@./])(?!www\.)[a-z0-9][a-z0-9._\-]{2,63}[©®&*¢%●◎]?["
            rf" ]?(?<![a-z]\.)(?:{_MAILS})[ ]?[.。][ ]?(?:com|cn|net)\b"
        ),
        rf"[a-z0-9._\-]{{3,64}}[©®¢◎]{_HOST}",
    )
)
"""As usual; with words for the signs; across a line end; letter by letter; with a dot or a sign
that OCR lost.
"""
_RUN_ON: Final = re.compile(rf"@[a-z0-9.\-]{{0,200}}?\.{_TOP}(?:\.(?:cn|hk|tw))?(?=\d{{5}})")
"""The end of a host that runs into a number after it."""


def _emails(text: str) -> Iterator[Span]:
    for pattern in _EMAILS:
        for found in pattern.finditer(text):
            ends = _RUN_ON.search(text, found.start(), min(len(text), found.end() + 5))
            yield "email", found.start(), min(found.end(), ends.end()) if ends else found.end()


# --- Links ----------------------------------------------------------------------------------------

_PERSONAL_HOST: Final = "|".join(re.escape(host) for host in PERSONAL_HOSTS)
_FILES: Final = r"(?:vue|js|ts|jsx|tsx|java|html?|css|pdf|docx?|pptx?|xlsx?|psd|sketch|sql|json|xml|exe|apk|mp[34]|png|jpe?g|gif|cpp|php|go)"  # noqa: E501
"""Endings of file names that are not domains."""
_REST: Final = r"[!-~]*[!-~](?:(?<=[/\-_.=])\n[!-~]+)?"
_LINKS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:https?|ftp)[ ]?:[ ]?/[ ]?/[ ]?{_REST}",
        rf"(?<![a-z0-9])www[ ]?\.[ ]?[a-z0-9]{_REST}",
        rf"(?:mailto:|(?:weixin|skype|callto|tg|whatsapp)://){_REST}",
        rf"(?<![a-z0-9.\-@])(?:[a-z0-9\-]{{1,63}}\.){{0,6}}(?:{_PERSONAL_HOST})/{_REST}",
        r"(?<![a-z0-9.\-@])[a-z0-9\-]{1,63}\.(?:github|gitee|gitlab)\.io\b(?:/[!-~]*)?",
        rf"(?<![a-z0-9.\-@])(?:[a-z0-9\-]{{1,63}}\.){{1,6}}(?:com|cn|me|dev|org|top|xyz|site|cc|blog)/[a-z0-9@~]{_REST}",
        r"(?:个人主页|主页|博客|个人网站|个人站点|作品集?|blog|website|homepage|portfolio|personal"
        r" site)(?:地址|链接|网址)?[ ]?[:\t][ ]?"
        rf"(?P<value>(?:[a-z0-9\-]{{1,63}}\.){{1,6}}(?!{_FILES}\b)[a-z]{{2,10}}(?:/{_REST})?)",
    )
)
_CLOSING: Final = ".,;:!?)]}>'\"|"


def _links(text: str) -> Iterator[Span]:
    for pattern in _LINKS:
        for found in pattern.finditer(text):
            group = "value" if "value" in pattern.groupindex else 0
            end = found.end(group)
            while end > found.start(group) + 4 and text[end - 1] in _CLOSING:
                end -= 1
            yield "link", found.start(group), end


# --- Labelled values ------------------------------------------------------------------------------


def _spread(pattern: str) -> str:
    """Return `pattern` with optional spaces between its Chinese characters: labels are often spaced
    out to align (`微 信`).
    """
    # A character class in brackets is one character and stays unchanged.
    return re.sub(
        r"\[(?:\\.|[^\]\\])*\]|(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])",
        lambda found: found[0] or r"[ \t]{0,6}",
        pattern,
    )


_OR: Final = (
    r"(?:[ ]?[/&、及和或+(]["
    r" ]?(?:手机号?|电话|微信号?|wechat|weixin|qq号?|邮箱|phone|tel|whatsapp|id)\)?)*"
)
_SAYS: Final = (
    r"(?:[ ]{0,6}(?:同号|号码|帐号|账号|账户|号|地址)|[ ]?id|[ ]?no\.?|[ ]?number|["
    rf" ]?account)*{_OR}[ ]?[)\]】」>]*"
    r"(?P<gap>[ ]{0,6}(?:[是为]?[ ]?[:=;|~→·•●∙‧⋅・]|[是为]|->|(?<![a-z]{3})-|[ ]-[ ]|\t)[ ]{0,3}|["
    r" ]{0,6})[(\[【「<\"]?"
)
"""Text that may separate a label from its value.

A colon or the next cell means that a value follows. A space does not, nor does a sign that
separates the items of a list.
"""
_LISTED: Final = frozenset("|~·•●∙‧⋅・")
_NO_NAME: Final = frozenset(
    "official account accounts payment pay program programs miniprogram mini work enterprise group"
    " groups platform public moments marketing wechat weixin development developer open login user"
    " users store channel channels game games api apis sdk jssdk ecosystem based like operation"
    " operations team management and for with the same above phone mobile email none null actions"
    " pages copilot issues".split()
)
"""Words that follow WeChat and similar names in prose and are not account names."""

_AMOUNT: Final = re.compile(r"\d{1,5}[wkm]?")
"""A number of stars or followers."""

Take = Callable[[str, int, bool], int | None]
"""Returns the end of the value at an index of plain text, or None if there is no value. The last
argument says whether a colon came before it.
"""


def _ends_cell(text: str, end: int) -> bool:
    return bool(re.compile(r"[ ]?(?:$|[\n\t|,;/、)(\]】」\u4e00-\u9fff]|[ ]{2})").match(text, end))


def _name(*, strong: bool, native: bool) -> Take:
    """Match an account name at WeChat or a similar service.

    `strong`: the label is hardly ever a word of prose. `native`: not even if only a space follows
    it.
    """
    pattern = re.compile(r"(?:live:)?@?[a-z0-9_][a-z0-9_\-.]{3,31}")

    def take(text: str, start: int, promised: bool) -> int | None:
        found = pattern.match(text, start)
        if not found or numbers.is_date(text, start):
            return None
        value = found[0].rstrip(".-")
        end = start + len(value)
        telling = bool(re.search(r"[\d_\-]", value))
        if (
            len(value) < 4
            or value in _NO_NAME
            or _AMOUNT.fullmatch(value)
            or re.match(r"[ ]?(?:用户|万|\+)", text[end : end + 4])
        ):
            return None
        if promised and (strong or telling or _ends_cell(text, end)):
            return end
        if (
            not promised
            and telling
            and strong
            and len(value) >= 6
            and (not value.isdigit() or len(value) >= 7)
        ):
            return end
        return (
            end
            if native
            and not promised
            and len(value) >= 6
            and value.isalpha()
            and _ends_cell(text, end)
            else None
        )

    return take


def _number(least: int, most: int) -> Take:
    pattern = re.compile(rf"\d(?:[ \-]?\d){{{least - 1},{most - 1}}}(?![\d万]|[ ]?用户)")

    def take(text: str, start: int, promised: bool) -> int | None:
        found = pattern.match(text, start)
        return None if not found or (not promised and numbers.is_date(text, start)) else found.end()

    return take


_LONGEST: Final = 80
"""Maximum number of characters of a number after a label, including separators."""


def _phone(text: str, start: int, promised: bool) -> int | None:
    value = text[start : start + _LONGEST]
    for spelling in (value, with_numerals(value)):
        if (end := numbers.labelled_phone(spelling, 0, promised)) is not None:
            return start + end
    return None


def _email(text: str, start: int, promised: bool) -> int | None:
    found = re.compile(r"[a-z0-9][a-z0-9._%+\-]{3,}(?:[ ]?[@©®¢#][ ]?[a-z0-9.\-]+)?").match(
        text, start
    )
    return found.end() if found and promised and re.search(r"[\d.@©®_]", found[0]) else None


def _matching(pattern: str) -> Take:
    compiled = re.compile(pattern)

    def take(text: str, start: int, promised: bool) -> int | None:
        found = compiled.match(text, start)
        return found.end() if found else None

    return take


def _word(words: str) -> str:
    """Return a pattern for the Latin `words` where they are not part of longer words."""
    return rf"(?<![a-z])(?:{words})(?![a-z])"


_LABELS: Final[tuple[tuple[Kind, str, Take], ...]] = (
    (
        "phone",
        (
            rf"手机|电话|联系方式|联系我|座机|固话|热线|传真|{_word('tel(?:ephone)?|phone|mobile(?:[ ]phone)?|cell(?:phone)?|mob')}[.]?"  # noqa: E501
        ),
        _phone,
    ),
    (
        "phone",
        rf"微信|v信|{_word('fax|call me(?:[ ]at)?|contact|whatsapp|wechat|signal|viber')}",
        _phone,
    ),
    ("email", rf"邮箱|电子邮件|电子邮箱|邮件|信箱|电邮|{_word('e-?mail|mail')}", _email),
    (
        "id_number",
        rf"身份证|证件号?码?|{_word('id card|identity(?:[ ]card)?')}",
        _matching(r"[1-9][\dx*](?:[ \t./-]{0,2}[\dx*]){12,16}(?!\d)"),
    ),
    (
        "passport",
        rf"护照|{_word('passport')}|通行证|台胞证|回乡证",
        _matching(r"[a-z]{0,2}[ ]?\d{7,10}(?!\d)|[a-z]\d{6}\(?[\da]\)?"),
    ),
    (
        "wechat",
        rf"微信|威信|薇信|徽信|v信|v❤|{_word('we-?chat|weixin|vx')}|{_word('v[ ]x')}(?=[ ]?[:=])",
        _name(strong=True, native=True),
    ),
    (
        "wechat",
        r"(?<![a-z])wx(?=[号: ])|加v(?![a-z])|(?<![a-z])v(?=:)",
        _name(strong=True, native=True),
    ),
    ("qq", rf"{_word('q[ ]?q')}|扣扣|企鹅|(?<![a-z])q(?=[号:])", _number(5, 12)),
    (
        "handle",
        rf"{_word('telegram|tg|whatsapp|skype')}|电报|纸飞机|公众号",
        _name(strong=True, native=False),
    ),
    (
        "handle",
        _word(
            "line|signal|viber|kakao(?:talk)?|discord|dingtalk|instagram|ig|facebook|fb|messenger"
        ),
        _name(strong=False, native=False),
    ),
    (
        "handle",
        _word("twitter|weibo|linkedin|github|gitee|gitlab|bilibili"),
        _name(strong=False, native=False),
    ),
    ("handle", r"钉钉|飞书|微博|抖音|小红书|知乎|b站|领英|快手", _name(strong=False, native=False)),
)
_ANNOTATION: Final = (
    r"@[a-z]*(?:mapping|bean|params?|body|variable|controller|service|repository|configuration|component|autowired|override|test|module"
    r"|injectable|entity|transactional|aspect)\d?(?![a-z0-9_])"
)
_OWN: Final = re.compile(
    rf"(?<![a-z0-9])wxid_[a-z0-9]{{6,}}|(?<![\w.@/])(?!{_ANNOTATION})@(?=[a-z._]*[\d_])[a-z][a-z0-9_]{{4,31}}(?![\w/.\-])"
)
"""Names that need no label: those that WeChat generates, and those with an @ and a digit; not Java
annotations.
"""
_COMPILED: Final = tuple(
    (kind, re.compile(_spread(rf"(?:{label}){_SAYS}")), take) for kind, label, take in _LABELS
)


def _labelled(text: str) -> Iterator[Span]:
    for found in _OWN.finditer(text):
        yield ("wechat" if found[0].startswith("wxid") else "handle"), found.start(), found.end()
    for kind, label, take in _COMPILED:
        for found in label.finditer(text):
            sign, at = found["gap"].strip(" "), found.start("gap")
            listed = sign in _LISTED and " " in text[at - 1 : at + 1]
            if (end := take(text, found.end(), bool(sign))) is not None and not (
                listed and text[found.end() : end].isalpha()
            ):
                yield kind, found.end(), end
