"""A mail backend for trying out: keeps mails in a folder instead of sending them.

`ZIZHI_EMAIL_URL=keptmail://` selects it; `config.settings` refuses it except on a local address.
Each mail is a file in `settings.MAILS_DIR` and a line in the terminal. `config.trying_out.pages`
shows the mails.
"""

from __future__ import annotations

import email
import os
import re
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage as Parsed
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

AT_MOST: Final = 200
"""Mails that are kept. A new one then replaces the oldest."""
KEY: Final = re.compile(r"\d{19}-[0-9a-f]{8}")
_LINK: Final = re.compile(r"https?://[^\s<>\"'，。；：！？（）()]+")


@dataclass(frozen=True)
class KeptMail:
    """A mail as its reader gets it. `links` are the links of its text, in order, without
    duplicates.
    """

    key: str
    sent_at: datetime
    to: str
    subject: str
    text: str
    html: str

    @property
    def links(self) -> list[str]:
        """The addresses in the text, without trailing punctuation."""
        return list(dict.fromkeys(found.rstrip(".,;:!?") for found in _LINK.findall(self.text)))

    @property
    def line(self) -> str:
        """The mail in one line: recipient and subject. Links let people in, so no log has them."""
        return f"mail to {self.to}: {self.subject}"


class Backend(BaseEmailBackend):
    """Keeps each mail and prints a line about it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            mail = keep_mail(message.message().as_bytes(), settings.MAILS_DIR)
            sys.stdout.write(f"{mail.line}\n")
        sys.stdout.flush()
        return len(email_messages)


def keep_mail(message: bytes, folder: Path) -> KeptMail:
    """Write `message` to `folder`, and remove the oldest mails beyond `AT_MOST`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = f"{time.time_ns():019d}-{secrets.token_hex(4)}"
    partial = folder / f"{key}.part"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(message)
    partial.rename(folder / f"{key}.eml")
    for old in mail_keys(folder)[AT_MOST:]:
        (folder / f"{old}.eml").unlink(missing_ok=True)
    return _parsed(key, message)


def mail_keys(folder: Path) -> list[str]:
    """Return the keys of the mails in `folder`, newest first."""
    return sorted(
        (path.stem for path in folder.glob("*.eml") if KEY.fullmatch(path.stem)), reverse=True
    )


def read_mail(key: str, folder: Path) -> KeptMail | None:
    """Return the mail with this key, or None if it does not exist."""
    if not KEY.fullmatch(key):
        return None
    try:
        return _parsed(key, (folder / f"{key}.eml").read_bytes())
    except FileNotFoundError:
        return None


def newest_mails(folder: Path, count: int = AT_MOST) -> list[KeptMail]:
    """Return the newest mails in `folder`, newest first."""
    return [
        mail for key in mail_keys(folder)[:count] if (mail := read_mail(key, folder)) is not None
    ]


def _parsed(key: str, message: bytes) -> KeptMail:
    parsed = email.message_from_bytes(message, policy=policy.default)
    sent_at = datetime.fromtimestamp(int(key.partition("-")[0]) / 1e9, UTC)
    text, html = _part(parsed, "plain"), _part(parsed, "html")
    to, subject = (" ".join(str(parsed[name] or "").split()) for name in ("To", "Subject"))
    return KeptMail(key, sent_at, to, subject, text, html)


def _part(message: Parsed, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
