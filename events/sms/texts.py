"""The texts of all messages.

Providers send only texts that they have approved, filled with parameters. So this table is what is
submitted to them (docs/operating/sms.md), and the deployment's settings name the code that each
text got there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from events.core.reasons import Text

ONE_SEGMENT: Final = 70
OF_SEVERAL: Final = 67
"""Characters of a message, and of each part of a longer one. The sign's brackets are no GSM
characters, so all texts are UCS-2.
"""
CODE_MINUTES: Final = 5
"""How long a verification code is valid. Providers approve the text with this number in it."""
_REFUSED: Final = re.compile(
    r"[\x00-\x1f\x7f【】\[\]{}$<>]|https?:/*|(?<=[A-Za-z0-9])\.(?=[A-Za-z0-9])", re.I
)
"""What providers refuse in a parameter: control characters, brackets as of signs, and links. A
point inside of a word makes one. They refuse pictures such as ★ too.
"""


class Purpose(StrEnum):
    """What a message is for. Providers approve verification and notices separately."""

    VERIFICATION = "verification"
    NOTICE = "notice"


@dataclass(frozen=True)
class Param:
    """A parameter of a text."""

    name: str
    longest: int
    allowed: str = r"[^\x00-\x1f]+"
    """A regular expression for the whole value."""
    is_shortened: bool = False
    """Whether a longer value is cut, and what providers refuse is taken out. Otherwise it is an
    error of the caller.
    """
    is_written_out: bool = False
    """Whether the submitted text has the value itself, so that it is not sent with each message."""


@dataclass(frozen=True)
class SmsText:
    """A text, in both languages. `{name}` stands for a parameter and `{site}` for our host name."""

    name: str
    purpose: Purpose
    text: Text
    params: tuple[Param, ...]
    useful_for: timedelta
    """After this time it is no longer sent."""

    def filled(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters as providers take them. Raises ValueError, which names the
        parameter but not its value.
        """
        if params.keys() != {param.name for param in self.params}:
            raise ValueError(f"the parameters of {self.name} are others")
        return {param.name: _value(self.name, param, params[param.name]) for param in self.params}

    @property
    def sent_params(self) -> tuple[Param, ...]:
        return tuple(param for param in self.params if not param.is_written_out)

    @property
    def written_out(self) -> dict[str, str]:
        """The values of the other parameters."""
        return {param.name: param.allowed for param in self.params if param.is_written_out}

    def sent(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return those of the parameters that are sent, in the order of the text."""
        return {param.name: params[param.name] for param in self.sent_params}

    def filled_in(self, language: str, values: Mapping[str, str], site: str) -> str:
        """Return the text with `values` for its parameters."""
        return self.text.in_(language).format(**values, site=site)

    def written(self, params: Mapping[str, str], language: str, sign: str, site: str) -> str:
        """Return the message as it is received."""
        return f"【{sign}】{self.filled_in(language, params, site)}"


def _value(text: str, param: Param, value: str) -> str:
    if param.is_shortened:
        value = _REFUSED.sub(" ", unicodedata.normalize("NFC", value))
        value = " ".join("".join(map(_without_pictures, value)).split())
        if len(value) > param.longest:
            value = value[: param.longest - 1].rstrip() + "…"
        value = value or "—"
    if len(value) > param.longest or not re.fullmatch(param.allowed, value):
        raise ValueError(f"{text} cannot have this {param.name}")
    return value


def _without_pictures(character: str) -> str:
    return " " if unicodedata.category(character) == "So" else character


def count_segments(text: str) -> int:
    """Return how many messages carriers count for `text`."""
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= ONE_SEGMENT else -(-length // OF_SEVERAL)


_COMPANY: Final = Param("company", 20, is_shortened=True)
_JOB: Final = Param("job", 20, is_shortened=True)
_NUMBER: Final = Param("number", 20, r"\+?[0-9][0-9 -]+")
_PATH: Final = Param("path", 24, r"[A-Za-z0-9_-][A-Za-z0-9_/-]*")
"""A page's path without its first slash. It must be short: a message has 70 characters."""

TEXTS: Final[dict[str, SmsText]] = {
    text.name: text
    for text in (
        SmsText(
            "verification_code",
            Purpose.VERIFICATION,
            # Alibaba Cloud allows one variable of four to six digits in such a text, and requires
            # the word 验证码.
            Text(
                "验证码：{code}，{minutes} 分钟内有效。请勿告诉他人，我们的工作人员不会向你索要。",
                "Code (验证码): {code}. Valid for {minutes} minutes. Never share it.",
            ),
            (
                Param("code", 6, r"\d{4,6}"),
                Param("minutes", 2, str(CODE_MINUTES), is_written_out=True),
            ),
            timedelta(minutes=CODE_MINUTES),
        ),
        SmsText(
            "account_notice",
            Purpose.NOTICE,
            Text(
                "你的账户有变动：{what}。如非本人操作，请立即打开 {site}/{path}",
                "Your account: {what}. If this was not you, open {site}/{path}",
            ),
            (Param("what", 20, is_shortened=True), _PATH),
            timedelta(days=1),
        ),
        SmsText(
            "case_notice",
            Purpose.NOTICE,
            Text(
                "你的企业核验：{status}。详情：{site}/{path}",
                "Your company's verification: {status}. Details: {site}/{path}",
            ),
            (Param("status", 20), _PATH),
            timedelta(days=1),
        ),
        SmsText(
            "colleague_invited",
            Purpose.NOTICE,
            Text(
                "{company}邀请你一起招聘，7 天内有效：{site}/{path}",
                "{company} invites you to recruit with them: {site}/{path}",
            ),
            (_COMPANY, _PATH),
            timedelta(days=1),
        ),
        SmsText(
            "candidate_told",
            Purpose.NOTICE,
            Text(
                "{company}获得了你的简历。查看用途、要求删除或举报：{site}/{path}",
                "{company} received your resume. See why, have it erased or report misuse:"
                " {site}/{path}",
            ),
            (_COMPANY, _PATH),
            timedelta(days=2),
        ),
        SmsText(
            "candidate_told_job",
            Purpose.NOTICE,
            Text(
                "{company}因“{job}”职位获得了你的简历。查看用途、要求删除或举报：{site}/{path}",
                "{company} got your resume for “{job}”. Details or erasure: {site}/{path}",
            ),
            (_COMPANY, _JOB, _PATH),
            timedelta(days=2),
        ),
        SmsText(
            "candidate_asked",
            Purpose.NOTICE,
            Text(
                "{company}希望获得你的简历，你同意才会提供，请答复：{site}/{path}",
                "{company} asks for your resume. It gets nothing unless you agree. Answer:"
                " {site}/{path}",
            ),
            (_COMPANY, _PATH),
            timedelta(days=2),
        ),
        SmsText(
            "candidate_asked_job",
            Purpose.NOTICE,
            Text(
                "{company}因“{job}”职位希望获得你的简历，你同意才会提供，请答复：{site}/{path}",
                "{company} asks for your resume for “{job}”. You decide: {site}/{path}",
            ),
            (_COMPANY, _JOB, _PATH),
            timedelta(days=2),
        ),
        SmsText(
            "candidate_link",
            Purpose.NOTICE,
            Text(
                "你要的页面链接，可查看谁获得了你的简历。请勿转发：{site}/{path}",
                "The link you asked for shows who has your resume. Do not share it: {site}/{path}",
            ),
            (_PATH,),
            timedelta(hours=2),
        ),
        SmsText(
            "call_announced",
            Purpose.NOTICE,
            Text(
                "{company}可能会就你的求职来电，号码 {number}。保存号码或暂停来电：{site}/{path}",
                "{company} may call about a job from {number}. Save it or pause calls:"
                " {site}/{path}",
            ),
            (_COMPANY, _NUMBER, _PATH),
            timedelta(hours=2),
        ),
        SmsText(
            "call_announced_job",
            Purpose.NOTICE,
            Text(
                "{company}可能会就“{job}”职位来电，号码 {number}。保存号码或暂停来电："
                "{site}/{path}",
                "{company} may call about “{job}” from {number}. Save: {site}/{path}",
            ),
            (_COMPANY, _JOB, _NUMBER, _PATH),
            timedelta(hours=2),
        ),
    )
}
"""All texts by name. Names are stored and are never changed."""
