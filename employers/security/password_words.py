"""Words that everybody here would guess in a password."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

WORDS: Final = (
    "admin administrator company console employer gongsi hello hr jianli job jobs letmein login"
    " manager mima nihao pass password qwerty recruit recruiter recruiting recruitment"
    " renshi resume resumes reviewer root staff test user welcome woaini zhaopin zizhi"
    " 你好 公司 密码 招聘 人事 审核 简历 管理员 资质"
).split()
"""Listed in docs/operating/security.md."""
_AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_ALIKE: Final = str.maketrans("013457@$", "oieastas")
"""The digits and signs that people write for letters."""
_ONLY_THESE: Final = re.compile(f"(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})+")


class GuessableWordsValidator:
    """Refuses a password that consists of nothing but `WORDS`, digits and punctuation.

    It is a validator of Django's setting AUTH_PASSWORD_VALIDATORS.
    """

    def validate(self, password: str, user: object = None) -> None:
        spelt = unicodedata.normalize("NFKC", password).casefold()
        alike = _AROUND.sub("", spelt).translate(_ALIKE)
        if any(_ONLY_THESE.fullmatch(_letters(each)) for each in (spelt, alike)):
            raise ValidationError(
                _("This password is easy to guess. Choose words that have nothing to do with us."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return _("Choose words that have nothing to do with us.")


def _letters(text: str) -> str:
    return "".join(each for each in text if each.isalpha())
