"""Can anybody check that a resume left as it is said, without asking us?

A receipt for each release, signed with Ed25519 (RFC 8032).

A receipt is JSON in one form only: keys in their order, no space, UTF-8 (for texts and lists of
texts that is RFC 8785). What is signed are those bytes and nothing else, so `openssl` alone can
check it (`docs/how-it-works/candidates.md`). The signing key is drawn from the key of data at rest,
for this purpose alone; where that is changed, receipts of the earlier one stay valid by its retired
key.
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

from events.core.event_types import stamp
from events.core.sealing import keys

TYPE: Final = "zizhi-receipt-1"


@dataclass(frozen=True)
class Receipt:
    """What was signed, word for word, the signature, and by which key."""

    text: str
    signature: str
    key_id: str

    def as_file(self) -> str:
        """As it is handed out."""
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
        """Raises ValueError where it is none."""
        try:
            given = json.loads(text)
            parts = [given[name] for name in ("receipt", "signature", "key_id")]
        except (KeyError, TypeError) as error:
            raise ValueError("no receipt") from error
        if not all(isinstance(part, str) for part in parts):
            raise ValueError("no receipt")
        return cls(*parts)


def canonical(facts: dict[str, Any]) -> str:
    """The one form in which these facts are signed."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sign(facts: dict[str, Any], at: datetime) -> Receipt:
    """A receipt of these facts by the key of now."""
    private = _private(keys()[0])
    key_id = key_id_of(private.public_key())
    text = canonical(facts | {"type": TYPE, "released_at": stamp(at), "key_id": key_id})
    return Receipt(text, urlsafe_b64encode(private.sign(text.encode())).decode(), key_id)


def is_genuine(receipt: Receipt, trusted: list[Ed25519PublicKey] | None = None) -> bool:
    """Whether one of the `trusted` keys, else of ours, has signed exactly this text."""
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
    """By which our receipts are checked: that of now, then those of earlier ones."""
    return [_private(key).public_key() for key in keys()]


def key_id_of(key: Ed25519PublicKey) -> str:
    """Sixteen hex characters that name a public key."""
    return hashlib.sha256(_raw(key)).hexdigest()[:16]


def as_jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """A public key as RFC 8037 writes it."""
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
