"""Middleware around the API: request ids, form checks, limits and idempotency keys.

It wraps all other middleware except the security headers, so that every error under /api/v1 is
problem+json. Without an `Idempotency-Key` it makes no database query.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Final

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone

from config.api.problems import (
    https_required,
    is_problem,
    plain_problem,
    refusal_response,
    unavailable_response,
)
from downloads.releases.repeated_answers import still_allows
from employers.clock import now_for
from employers.models import ApiClient, Scope
from employers.platforms import idempotency
from employers.platforms.api import BearerKey, allowance_of, key_of
from employers.platforms.idempotency import Claim, StoredResponse
from events.core import undoing
from events.core.errors import Refused
from resumes.opening.open import Limits
from verification.intake import upload_handler

log = structlog.get_logger()
_lines = logging.getLogger(__name__)

PREFIX: Final = "/api/v1/"
WITH_A_BODY: Final = ("POST", "PUT", "PATCH")
WITH_FILES: Final = (f"{PREFIX}releases", f"{PREFIX}traces")
"""Calls whose body is `multipart/form-data` and may contain a file."""
DONE_ONCE: Final = ("POST", "PUT", "PATCH", "DELETE")
STORED_HEADERS: Final = ("Content-Type", "Location", "ETag")
NOT_STORED: Final = frozenset({400, 401, 403, 405, 413, 415, 429})
"""Statuses of requests that were not tried. They are not stored, so the same key works once the
error is fixed.
"""
STORED_BYTES: Final = 256 * 1024
FILE_BYTES: Final = Limits().bytes
NOTHING_TO_SHOW: Final = "default-src 'none'; frame-ancestors 'none'"
"""The content security policy of responses that are not pages, in case a browser opens one."""
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_.:\-]{1,64}")


class ApiDoor:
    """Django middleware for the API. Other requests pass through unchanged."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        began = time.perf_counter()
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else f"req_{secrets.token_urlsafe(12)}"
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            with upload_handler.releasing_uploads(request):
                response = self._respond(request)
            if _lines.isEnabledFor(logging.INFO):  # otherwise, writing it would be most of the cost
                log.info(
                    "api_request",
                    **_about(request, response),
                    ms=round((time.perf_counter() - began) * 1000, 1),
                )
        response["X-Request-Id"] = request_id
        response.headers.setdefault("Content-Security-Policy", NOTHING_TO_SHOW)
        if allowance := allowance_of(request):
            response["RateLimit-Limit"], response["RateLimit-Remaining"] = (
                str(allowance.limit),
                str(allowance.remaining),
            )
            response["RateLimit-Reset"] = str(allowance.reset)
        return response

    def _respond(self, request: HttpRequest) -> HttpResponse:
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return https_required()
        if status := _status_of_form(request):
            return plain_problem(status)
        try:
            if (
                request.path_info in WITH_FILES
                and request.method == "POST"
                and (status := _take_in_files(request))
            ):
                return unavailable_response() if status == 503 else plain_problem(status)
        except Refused as refused:
            return refusal_response(refused)
        except DatabaseError as error:
            log.error("database_unavailable", error=type(error).__name__)
            return unavailable_response()
        text = request.headers.get("Idempotency-Key")
        try:
            once = text is not None and request.method in DONE_ONCE
            response = self._once(request, text or "") if once else self.get_response(request)
        except Refused as refused:
            return refusal_response(refused)
        except DatabaseError as error:
            log.error("database_unavailable", error=type(error).__name__)
            return unavailable_response()
        except Exception as error:
            log.exception("api_broken", exc_info=error)
            return plain_problem(500)
        if response.status_code >= 400 and not is_problem(response):
            allow = response.get("Allow")
            response = plain_problem(response.status_code)
            if allow:
                response["Allow"] = allow
        return response

    def _once(self, request: HttpRequest, text: str) -> HttpResponse:
        """Answer a request with an idempotency key. Its changes and its stored response are
        committed together.
        """
        key = BearerKey()(request)
        if key is None:
            return self.get_response(request)
        # Includes the scopes, so that a key with fewer scopes does not get another key's response.
        may = _powers(key.scopes)
        asked = f"{may}\n{request.method} {request.get_full_path()}\n".encode() + _said(request)
        claim = idempotency.claim_key(key.client, text, asked, timezone.now())
        if isinstance(claim, StoredResponse):
            return _replayed(request, claim, key.client)
        try:
            response, is_stored = self._executed(request, claim)
        except BaseException:
            idempotency.drop_claim(claim)
            raise
        if not is_stored:
            idempotency.drop_claim(claim)
        return response

    def _executed(self, request: HttpRequest, claim: Claim) -> tuple[HttpResponse, bool]:
        """Return the response, and whether it is stored."""
        with undoing.undoing_transaction():
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
                return response, False
            if not _is_stored(response):
                return response, False
            headers = {name: response[name] for name in STORED_HEADERS if name in response}
            stored = StoredResponse(response.status_code, headers, response.content)
            if not idempotency.store_response(claim, stored, timezone.now()):
                # The request outlasted its claim and another has claimed the key. Roll back what
                # was done here.
                transaction.set_rollback(True)
                raise idempotency.in_progress(1)
        return response, True


def _status_of_form(request: HttpRequest) -> int | None:
    """Return the status for a malformed request, checked before its body is read."""
    if request.method not in WITH_A_BODY:
        return None
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit():
        return 400
    if request.path_info in WITH_FILES:
        return (
            415
            if request.content_type != "multipart/form-data"
            else 413
            if upload_handler.too_long(request, FILE_BYTES)
            else None
        )
    if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return 413
    return 415 if int(length) and request.content_type != "application/json" else None


def _take_in_files(request: HttpRequest) -> int | None:
    """Read a multipart form into memory, for a valid key. Return the status if it is unreadable,
    too large or finds no room.
    """
    if BearerKey()(request) is None:
        return None  # the authentication answers, without reading the body
    handler = upload_handler.BoundedUploadHandler(request, FILE_BYTES)
    request.upload_handlers = [handler]
    try:
        request.POST  # noqa: B018  (accessing it reads the body)
    except RequestDataTooBig:
        return 413
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        return 400
    if handler.no_room:
        return 503
    return 413 if handler.too_large else None


def _said(request: HttpRequest) -> bytes:
    """Return a request's content, for comparison.

    A form's boundary differs each time it is sent, so forms are compared by fields and files.
    """
    if request.path_info not in WITH_FILES:
        return request.body
    fields = sorted((name, values) for name, values in request.POST.lists())
    files = sorted(
        (name, _digest(file)) for name, several in request.FILES.lists() for file in several
    )
    return repr((fields, files)).encode()


def _digest(file: UploadedFile[bytes]) -> str:
    digest = hashlib.sha256(file.read()).hexdigest()
    file.seek(0)
    return digest


def _is_stored(response: HttpResponse) -> bool:
    if (
        response.streaming
        or response.status_code in NOT_STORED
        or len(response.content) > STORED_BYTES
    ):
        return False
    # Malformed requests (`invalid_request`) were not tried either. Refusals with a reason are
    # stored.
    return not (response.status_code == 422 and b'"code": "invalid_request"' in response.content)


def _powers(scopes: list[str]) -> str:
    """Return a key's scopes in one line, the same for a key before and after `employers:write` was
    divided into two.
    """
    names = set(scopes)
    if {Scope.EMPLOYERS_WRITE, Scope.ONBOARDING_MAKE} <= names:
        names.discard(Scope.ONBOARDING_MAKE)
    elif Scope.EMPLOYERS_WRITE in names:
        names.add("no links")
    return " ".join(sorted(names))


def _replayed(request: HttpRequest, stored: StoredResponse, client: ApiClient) -> HttpResponse:
    """Return the stored response.

    A gate's yes is repeated only while its grounds still hold.
    """
    may_be_a_yes = request.path_info.startswith(f"{PREFIX}gate/") and stored.status < 400
    if may_be_a_yes and not still_allows(stored.body, now_for(client)):
        return refusal_response(Refused("idempotency_outdated", "Idempotency-Key"))
    response = HttpResponse(stored.body, status=stored.status, headers=stored.headers)
    response["Idempotent-Replayed"] = "true"
    return response


def _about(request: HttpRequest, response: HttpResponse) -> dict[str, str | int]:
    """Return the log fields of a request. Query and body are left out, as they may be personal."""
    match = request.resolver_match
    key = key_of(request)
    return {
        "method": request.method or "",
        "route": match.route if match else "",
        "status": response.status_code,
        "client": str(key.client_id) if key else "",
    }
