"""Command that checks a receipt, with this deployment's keys or a public key from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.management.base import BaseCommand, CommandError, CommandParser

from downloads.candidates import receipts


class Command(BaseCommand):
    help = "Check a receipt and print its content. The exit status is 1 if it is not genuine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the receipt file")
        parser.add_argument(
            "--key", type=Path, help="a public key (PEM) to use instead of this deployment's keys"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            receipt = receipts.Receipt.of_file(options["file"].read_text(encoding="utf-8"))
            trusted = [_key(options["key"])] if options["key"] else None
        except (OSError, ValueError) as error:
            raise CommandError(f"cannot be read: {error}") from error
        if not receipts.is_genuine(receipt, trusted):
            raise CommandError("NOT genuine: the text is not signed by a trusted key.")
        self.stdout.write("genuine")
        for name, value in json.loads(receipt.text).items():
            self.stdout.write(f"  {name}: {value}")


def _key(path: Path) -> Ed25519PublicKey:
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return key
