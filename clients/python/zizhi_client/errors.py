"""What can go wrong? Problems that the service names by a code, and no answer at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


class ZizhiError(Exception):
    """Anything that was not answered as asked.

    Tell errors apart by `code`, which never changes its meaning.
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
        """Empty where no answer came that names one."""
        self.status = status
        """The HTTP status; 0 where no answer came."""
        self.field: str = told.get("field") or ""
        self.seen: str = told.get("seen") or ""
        self.expected: str = told.get("expected") or ""
        self.fix: str = fix.get("en") or ""
        """How it is mended, in English."""
        self.fix_zh: str = fix.get("zh") or ""
        self.errors: list[dict[str, str]] = told.get("errors") or []
        """Of `invalid_request`: each part that does not have the documented form."""
        self.request_id: str = told.get("request_id") or ""
        """Names the request in the service's log: quote it when you ask."""
        self.retry_after = retry_after
        """In how many seconds to try again, if the service said so."""
        super().__init__(
            " ".join(
                filter(
                    None,
                    [f"[{self.code}]" if self.code else "", self.says, self.fix, self.request_id],
                )
            )
        )


class Unauthenticated(ZizhiError):
    """401: no valid key."""


class Forbidden(ZizhiError):
    """403: the key has not the scope, or the employer is not yours."""


class NotFound(ZizhiError):
    """404, 405: no such thing, or none that you may know of."""


class Conflict(ZizhiError):
    """409: it stands otherwise than this needs."""


class Invalid(ZizhiError):
    """400, 413, 415, 422: not the documented form, or refused for the reason given."""


class RateLimited(ZizhiError):
    """429: too many requests; it has been tried again as often as was allowed."""


class Unavailable(ZizhiError):
    """5xx, a broken connection, a time-out, or an answer that cannot be read."""


class GateUnavailable(Unavailable):
    """The gate gave no answer. That means no: do not hand over the resume."""


class WebhookInvalid(ZizhiError):
    """A message that is not the service's, is too old, or cannot be read. Do not believe it."""


_BY_STATUS: Final[dict[int, type[ZizhiError]]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: NotFound,
    409: Conflict,
    429: RateLimited,
}


def error_of(status: int, told: Mapping[str, Any], retry_after: float | None) -> ZizhiError:
    """The exception for an answer with this status that says `told`."""
    kind = Unavailable if status >= 500 or status < 400 else _BY_STATUS.get(status, Invalid)
    return kind(f"The service answered {status}", status=status, retry_after=retry_after, told=told)
