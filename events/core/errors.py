"""What can go wrong, in the few kinds that a caller can tell apart?

`Refused` is an answer, and may be shown to the person who asked. The provider errors are not
answers: nobody is to blame, the work waits and is tried again. Doors translate them; nobody else
catches them.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as _field

from events.core.reasons import REASONS, Reason


@dataclass
class Refused(Exception):
    """The thing asked for is not allowed, and here is why.

    `code` is a key of `events.core.reasons.REASONS`. `field` names the input that it is about,
    `seen` and `expected` are short texts to show beside it; none of them may hold a secret.
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
    """An outside service, or an engine of ours, did not answer. Says nothing about the employer."""


class ProviderUnavailable(ProviderError):
    """The provider may answer later; ask again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float = 60.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ProviderBroken(ProviderError):
    """The provider answered something that makes no sense; asking again will not help."""
