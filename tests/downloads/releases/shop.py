"""A shop: a platform's calls for releases, and the worker that makes the copies."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from downloads.models import Copy
from downloads.releases import make_copy
from employers.clock import now_for
from employers.models import ApiClient
from resumes.redaction import redact as redaction_redact
from resumes.specimens.resume import make_resume as specimen
from tests.downloads.api.test_relays import Platform
from verification.cases.storage import EncryptedStorage

PHONE = "139 0000 0001"


@lru_cache
def pdf() -> bytes:
    return specimen(3, "plain", "zh").pdf


REAL_REDACT = redaction_redact.redact


class Shop:
    """A platform's calls for releases."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.client = platform.client

    def gate_pass(self, candidate: str = "c-1") -> str:
        asked = {
            "employer_id": self.platform.employer,
            "member_id": self.platform.member,
            "candidate": candidate,
        }
        return str(self.platform.call("post", "/gate/decisions", asked)["gate_pass"])

    def post(
        self, gate_pass: str, resume: bytes | None = None, phone: str = PHONE, **more: str
    ) -> Any:
        key, prefer = more.pop("key", ""), more.pop("prefer", "")
        body: dict[str, Any] = {"gate_pass": gate_pass, "candidate_phone": phone} | more
        if resume is not None:
            body["resume"] = SimpleUploadedFile("cv.pdf", resume, "application/pdf")
        headers = {"Authorization": f"Bearer {self.platform.key}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        headers |= {"Prefer": prefer} if prefer else {}
        answer = Client().post("/api/v1/releases", body, headers=headers)
        heads = {"retry": answer.get("Retry-After"), "applied": answer.get("Preference-Applied")}
        return answer.json() | {"http": answer.status_code} | heads

    def read(self, release_id: str) -> Any:
        return self.platform.call("get", f"/releases/{release_id}")

    def link(self, release_id: str) -> Any:
        return self.platform.call("post", f"/releases/{release_id}/links")


def make(release: Any) -> bool:
    """Do the worker's job, by the platform's clock."""
    client = ApiClient.objects.get(pk=Copy.objects.get(pk=release["id"]).client_id)
    return make_copy.make_copy(release["id"], lambda: now_for(client))


def fetched(url: str) -> Any:
    return Client().get(url.split("8000", 1)[1] if "8000" in url else url)


def stored_files() -> list[Path]:
    return [path for path in EncryptedStorage().location.rglob("*") if path.is_file()]
