"""Errors: problems that the service names by a code, and missing responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


class ZizhiError(Exception):
    """A call that failed.

    Distinguish errors by `code`, which never changes its meaning.
    """

    def __init__(
        self,
        says: str,
        *,
        status: int = 0,
        retry_after: float | None = None,
        told: Mapping[str, Any] | None = None,
    ) -> None:
        told = told or {}
        fix = told.get("fix") or {}
        self.says: str = told.get("title") or says
        """What is wrong, in English."""
        self.says_zh: str = told.get("detail") or ""
        """What is wrong, in Simplified Chinese."""
        self.code: str = told.get("code") or ""
        """Empty if the response names none."""
        self.status = status
        """The HTTP status; 0 without a response."""
        self.field: str = told.get("field") or ""
        self.seen: str = told.get("seen") or ""
        self.expected: str = told.get("expected") or ""
        self.fix: str = fix.get("en") or ""
        """How to fix the problem, in English."""
        self.fix_zh: str = fix.get("zh") or ""
        self.errors: list[dict[str, str]] = told.get("errors") or []
        """For `invalid_request`: each part that is not in the documented form."""
        self.request_id: str = told.get("request_id") or ""
        """The request's id in the service's log. Quote it when you ask for help."""
        self.retry_after = retry_after
        """Seconds until the next try, if the service gave any."""
        super().__init__(
            " ".join(
                filter(
                    None,
                    [f"[{self.code}]" if self.code else "", self.says, self.fix, self.request_id],
                )
            )
        )


class Unauthenticated(ZizhiError):
    """401: the key is missing or invalid."""


class Forbidden(ZizhiError):
    """403: the key lacks the scope, or the employer is not yours."""


class NotFound(ZizhiError):
    """404, 405: the object does not exist, or you may not see it."""


class Conflict(ZizhiError):
    """409: the object's current state does not allow this."""


class Invalid(ZizhiError):
    """400, 413, 415, 422: the request is malformed, or is refused for the given reason."""


class RateLimited(ZizhiError):
    """429: too many requests, even after retries."""


class Unavailable(ZizhiError):
    """5xx, a broken connection, a timeout, or an unreadable response."""


class GateUnavailable(Unavailable):
    """The gate did not answer. Treat this as a refusal: do not release the resume."""


class WebhookInvalid(ZizhiError):
    """A message that is forged, too old or unreadable. Do not trust it."""


_BY_STATUS: Final[dict[int, type[ZizhiError]]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: NotFound,
    409: Conflict,
    429: RateLimited,
}


def error_of(status: int, told: Mapping[str, Any], retry_after: float | None) -> ZizhiError:
    """Return the exception for a response with this status and body."""
    kind = Unavailable if status >= 500 or status < 400 else _BY_STATUS.get(status, Invalid)
    return kind(f"The service answered {status}", status=status, retry_after=retry_after, told=told)
