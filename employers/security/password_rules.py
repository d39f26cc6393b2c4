"""Refuses passwords that are easily guessed or known from leaks, as Django password validators.

zxcvbn, which works offline, because Django's list of 20,000 only knows whole passwords: it accepts
`Password2024!` and `qwertyuiop123`. It takes several words for a good password even if everybody
here would guess them all, so those are refused too (`password_words`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any, Final

import structlog
import urllib3
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from zxcvbn import zxcvbn  # type: ignore[import-untyped]

from employers.security.password_words import WORDS, is_only_words

log = structlog.get_logger()
LONGEST_ESTIMATED: Final = 72
"""Only the beginning is estimated: the time grows with the length, and so much is enough."""
GOOD_FROM: Final = 3
"""zxcvbn's score from which a password withstands guesses against a slow hash: 10^8 guesses."""
TIMEOUT_SECONDS: Final = 2.0
EXPECTED: Final = (
    *WORDS,
    *("woaini1314", "5201314", "1314520", "520520", "iloveyou", "aini1314", "wodemima"),
    *("人力资源", "zhongguo", "china", "beijing", "shanghai", "guangzhou", "shenzhen"),
    *("zhang", "wang", "li", "zhao", "liu", "chen", "yang", "huang", "zhou", "wu", "xu", "sun"),
    *("zhangwei", "wangwei", "wangfang", "liwei", "lina", "zhangmin", "lijing", "wangjing"),
    *("wei", "fang", "min", "jing", "lei", "qiang", "xiaoming", "xiaohong", "baobao"),
)
"""What people choose here, and zxcvbn's English lists lack."""


class Guessable:
    """Refuses a password that zxcvbn guesses soon, knowing the address and what people choose, and
    one of nothing but words that everybody here would guess.
    """

    def validate(self, password: str, user: Any = None) -> None:
        own = filter(None, re.split(r"[@.]", str(getattr(user, "email", ""))))
        spelt = unicodedata.normalize("NFKC", password[:LONGEST_ESTIMATED])
        found = zxcvbn(spelt, user_inputs=[*own, *EXPECTED])
        if found["score"] < GOOD_FROM or is_only_words(password):
            raise ValidationError(
                gettext(
                    "This password is easy to guess. Use several words that do not belong together,"
                    " or let your browser choose one."
                ),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return gettext("Your password can’t be easy to guess.")


class Leaked:
    """Refuses a password that a range service (Have I Been Pwned) knows from leaks, if one is set.

    The service only gets the first five digits of the password's SHA-1. If it does not answer in
    time, the password is accepted: nobody is kept out because of another's failure.
    """

    def validate(self, password: str, user: Any = None) -> None:
        if settings.LEAKED_PASSWORDS and self._is_known(password):
            raise ValidationError(
                gettext(
                    "This password is in lists of leaked passwords, which attackers try first."
                    " Choose another one, and change it wherever else you use it."
                ),
                code="password_leaked",
            )

    def _is_known(self, password: str) -> bool:
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        url = f"{settings.LEAKED_PASSWORDS.rstrip('/')}/range/{digest[:5]}"
        try:
            answer = urllib3.request(
                "GET",
                url,
                headers={"Add-Padding": "true", "User-Agent": "Zizhi"},
                timeout=TIMEOUT_SECONDS,
                retries=False,
                redirect=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            log.warning("leaked_passwords_unavailable", error=type(error).__name__)
            return False
        if answer.status != 200:
            log.warning("leaked_passwords_unavailable", status=answer.status)
            return False
        # With padding, the service also returns made-up digests that were never seen.
        lines = (line.partition(":") for line in answer.data.decode("ascii", "replace").split())
        return any(rest == digest[5:] and count != "0" for rest, _, count in lines)

    def get_help_text(self) -> str:
        return ""
