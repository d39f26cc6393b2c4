"""Prints the texts to submit to a provider of text messages, as it writes parameters."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from events.sms.texts import TEXTS, SmsText

LANGUAGES: Final = ("zh", "en")


class Command(BaseCommand):
    help = "Print the texts to submit to aliyun or tencent for approval."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("provider", choices=("aliyun", "tencent"))

    def handle(self, *args: Any, **options: Any) -> None:
        for text in TEXTS.values():
            self.stdout.write(f"{text.name} ({text.purpose})")
            for language in LANGUAGES:
                self.stdout.write(
                    f"  {language}: {as_submitted(text, language, options['provider'])}"
                )
            limits = ", ".join(f"{each.name} ≤ {each.longest}" for each in text.sent_params)
            self.stdout.write(f"  {limits}")


def as_submitted(text: SmsText, language: str, provider: str) -> str:
    """Return the text with its parameters as the provider writes them: by name at Alibaba Cloud, by
    their number at Tencent Cloud.
    """
    values = {
        param.name: f"${{{param.name}}}" if provider == "aliyun" else f"{{{number}}}"
        for number, param in enumerate(text.sent_params, start=1)
    }
    site = urlsplit(settings.SITE_URL).hostname or "zizhi.example"
    return text.filled_in(language, text.written_out | values, site)
