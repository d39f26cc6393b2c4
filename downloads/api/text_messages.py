"""API: what became of a text message to a candidate."""

from __future__ import annotations

from typing import Final, Literal, cast

from downloads.models import CandidateText, ConsentRequest, Release

TextMessage = Literal["", "waiting", "sent", "delivered", "failed", "dropped"]
TEXT_MESSAGE: Final = (
    "Whether the candidate was told of this {} by text message: waiting, sent, delivered, failed,"
    " or dropped because it was no longer needed. Empty if none was to be sent."
)


def text_message_of(row: Release | ConsentRequest) -> TextMessage:
    """Return what became of the text message about `row`."""
    text: CandidateText | None = getattr(row, "text", None)
    return text_state(text) if text else ""


def text_state(text: CandidateText) -> TextMessage:
    return cast(TextMessage, text.outcome or "waiting")
