"""Opens an upload: examines it in the sandbox, scans it for viruses, judges the photographs."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings

from documents.photo.flaws import PhotoQuality
from documents.photo.quality import judge_page
from documents.upload.antivirus import scan
from documents.upload.intake import Intake, Limits, open_upload
from documents.upload.sandbox import NoSandbox
from events.core.errors import ProviderError, Refused
from verification.intake import upload_handler
from verification.models import DocumentKind

log = structlog.get_logger()

SCAN_SECONDS = 20.0
NOT_THE_FILES_FAULT = frozenset(
    {"document_not_opened", "document_scan_unavailable", "service_busy"}
)
"""Refusals that another try may settle."""


def examine_upload(data: bytes) -> tuple[Intake, dict[str, Any]]:
    """Examine the file and scan it for viruses; return the result of both. Raise Refused."""
    limits = Limits(
        bytes=settings.UPLOAD_MAX_BYTES,
        pixels=settings.UPLOAD_MAX_PIXELS,
        pages=settings.UPLOAD_MAX_PAGES,
    )
    try:
        with upload_handler.room_for_a_child():
            taken_in = open_upload(data, limits, required=settings.SANDBOX_REQUIRED)
        return taken_in, _scan(data)
    except NoSandbox as error:
        log.error("no_sandbox")
        raise Refused("document_not_opened", "document") from error
    except ProviderError as error:  # without a result nothing is stored
        log.error("upload_not_examined", error=type(error).__name__)
        raise Refused("document_scan_unavailable", "document") from error


def judge_photos(taken_in: Intake, kind: str) -> list[PhotoQuality | None]:
    """Return the quality of each page of a document of `kind`."""
    return [
        judge_page(page, licence=kind == DocumentKind.BUSINESS_LICENCE and page.number == 1)
        for page in taken_in.pages
    ]


def _scan(data: bytes) -> dict[str, Any]:
    """Scan `data` for viruses and return the result to store.

    Raise Refused `document_infected` and ProviderError.
    """
    if not settings.CLAMD_ADDRESS:
        return {"clean": None}
    result = scan(data, settings.CLAMD_ADDRESS, SCAN_SECONDS)
    if not result.clean:
        log.warning("upload_infected", signature=result.signature)
        raise Refused("document_infected", "document")
    return {"clean": True}
