"""Words that everybody here would guess in a password."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

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


def is_only_words(password: str) -> bool:
    """Return whether a password consists of nothing but `WORDS`, digits and punctuation."""
    spelt = unicodedata.normalize("NFKC", password).casefold()
    alike = _AROUND.sub("", spelt).translate(_ALIKE)
    return any(_ONLY_THESE.fullmatch(_letters(each)) for each in (spelt, alike))


def _letters(text: str) -> str:
    return "".join(each for each in text if each.isalpha())
