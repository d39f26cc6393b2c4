"""The kinds of errors that callers distinguish.

`Refused` is an answer and may be shown to the person who asked. Provider errors are not answers:
the employer is not at fault, and the work is tried again later. Only entry points (pages, the API,
tasks) catch them.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as _field

from events.core.reasons import REASONS, Reason


@dataclass
class Refused(Exception):
    """A request that is not allowed, and the reason.

    `code` is a key of `events.core.reasons.REASONS`. `field` names the input at fault; `seen` and
    `expected` are short texts shown beside it. None of them may hold a secret.
    """

    code: str
    field: str = ""
    seen: str = ""
    expected: str = ""
    details: dict[str, str] = _field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.code not in REASONS:
            raise KeyError(f"{self.code!r} is not in events.core.reasons.REASONS")
        super().__init__(self.code)

    @property
    def reason(self) -> Reason:
        return REASONS[self.code]

    def __str__(self) -> str:
        return self.code


class ProviderError(Exception):
    """An outside service, or one of our engines, did not answer. Says nothing about the
    employer.
    """


class ProviderUnavailable(ProviderError):
    """The provider may answer later. Try again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float = 60.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ProviderBroken(ProviderError):
    """The provider's answer makes no sense. Trying again will not help."""
