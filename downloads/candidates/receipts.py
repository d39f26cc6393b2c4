"""Receipts of releases, signed with Ed25519 (RFC 8032), which anybody can check without asking us.

A receipt is JSON in canonical form: sorted keys, no spaces, UTF-8 (for strings and lists of strings
this is RFC 8785). The signature covers exactly these bytes, so `openssl` alone can check it
(`docs/how-it-works/candidates.md`). The signing key is derived from the data key, for this purpose
alone. After the data key is replaced, earlier receipts remain valid while it is among the retired
keys.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from events.core.event_types import rfc3339_time
from events.core.sealing import data_keys

TYPE: Final = "zizhi-receipt-1"


@dataclass(frozen=True)
class Receipt:
    """The signed text, verbatim, the signature, and the id of the key."""

    text: str
    signature: str
    key_id: str

    def as_file(self) -> str:
        """Return the receipt file."""
        return (
            json.dumps(
                {"receipt": self.text, "signature": self.signature, "key_id": self.key_id},
                ensure_ascii=False,
                indent=1,
            )
            + "\n"
        )

    @classmethod
    def of_file(cls, text: str) -> Receipt:
        """Return the receipt of a file. Raises ValueError if it is not a receipt."""
        try:
            given = json.loads(text)
            parts = [given[name] for name in ("receipt", "signature", "key_id")]
        except (KeyError, TypeError) as error:
            raise ValueError("not a receipt") from error
        if not all(isinstance(part, str) for part in parts):
            raise ValueError("not a receipt")
        return cls(*parts)


def canonical_json(facts: dict[str, Any]) -> str:
    """Return the canonical form of these facts."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sign_receipt(facts: dict[str, Any], at: datetime) -> Receipt:
    """Return a receipt of these facts, signed with the current key."""
    private = _private(data_keys()[0])
    key_id = key_id_of(private.public_key())
    text = canonical_json(facts | {"type": TYPE, "released_at": rfc3339_time(at), "key_id": key_id})
    return Receipt(text, urlsafe_b64encode(private.sign(text.encode())).decode(), key_id)


def is_genuine(receipt: Receipt, trusted: list[Ed25519PublicKey] | None = None) -> bool:
    """Whether one of the `trusted` keys, by default ours, has signed exactly this text."""
    candidates = {key_id_of(key): key for key in (public_keys() if trusted is None else trusted)}
    key = candidates.get(receipt.key_id)
    if key is None:
        return False
    try:
        key.verify(urlsafe_b64decode(receipt.signature), receipt.text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def public_keys() -> list[Ed25519PublicKey]:
    """Return the public keys for our receipts: the current one, then earlier ones."""
    return [_private(key).public_key() for key in data_keys()]


def key_id_of(key: Ed25519PublicKey) -> str:
    """Return sixteen hex characters that identify a public key."""
    return hashlib.sha256(_raw(key)).hexdigest()[:16]


def as_jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """Return a public key in the form of RFC 8037."""
    x = urlsafe_b64encode(_raw(key)).decode().rstrip("=")
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
        "alg": "EdDSA",
        "kid": key_id_of(key),
        "x": x,
    }


def as_pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


@lru_cache(maxsize=8)
def _private(data_key: bytes) -> Ed25519PrivateKey:
    drawn = HKDF(
        algorithm=SHA256(), length=32, salt=None, info=b"zizhi receipt signing key 1"
    ).derive(data_key)
    return Ed25519PrivateKey.from_private_bytes(drawn)
