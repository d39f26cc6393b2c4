"""What does the rest of the house know about a cloud that reads licences?

It answers with fields, not with text and its places, so it is no `Reader`: a picture goes in, a
CloudReading comes out.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from PIL import Image

from documents.page.boxes import Region

_JPEG_QUALITY = 92


class Warned(StrEnum):
    """What a service says of the picture itself."""

    COPY = "copy"
    """A black and white photocopy."""
    RECAPTURE = "recapture"
    """A photograph of a screen or of another photograph."""
    SCOPE_UNREAD = "scope_unread"
    """The business scope is too small, blurred or covered to be trusted."""
    OTHER = "other"
    """A warning that we have no word for: `answer` has it."""


@dataclass(frozen=True)
class CloudReading:
    """What a service read.

    Values are in the forms of `documents.licence.fields`, keys out of its FIELDS.

    `fields` and `answer` hold personal data, so they are not part of the repr.
    """

    fields: dict[str, str] = field(repr=False)
    """A field that was not read is absent.

    `uscc` is as read, and may be invalid where it was misread.
    """
    reader: str
    confidence: dict[str, float] = field(default_factory=dict)
    """0..1, of the fields that the service is sure of in numbers; a service that gives none leaves
    it empty.
    """
    regions: dict[str, Region] = field(default_factory=dict)
    """Pixels of the picture as it was handed in; empty where the service tells no places."""
    warnings: frozenset[Warned] = frozenset()
    why_empty: str = ""
    """A code of `events.core.reasons` where nothing was read, else ""."""
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The service's own words, to be kept beside the reading."""

    def as_json(self) -> dict[str, Any]:
        """The same, in what JSON has: to be stored as an observation."""
        return asdict(self) | {
            "regions": {name: list(region) for name, region in self.regions.items()},
            "warnings": sorted(self.warnings),
        }


class FieldReader(Protocol):
    """A service that reads a licence.

    One instance serves a process; `read_fields` may be called from any thread.
    """

    name: str
    """Short and stored: `tencent`."""

    @property
    def version(self) -> str:
        """Of the client and the interface that it speaks."""

    def available(self) -> bool:
        """Whether what the client needs is installed. Cheap, asks nobody, and never raises."""

    def read_fields(self, jpeg: bytes) -> CloudReading:
        """The licence on `jpeg`, of any size.

        A picture without one is an answer: no fields, and `why_empty`.

        Raises ProviderUnavailable when the service did not answer in time or has reached a limit,
        ProviderBroken when asking again will not help (keys, contract, a reply that makes no
        sense). Nothing else. Neither quotes the reply, which names people.
        """


def jpeg_of(page: Image.Image, most_bytes: int | None = None) -> bytes:
    """`page` as a JPEG file without metadata, made smaller until it has at most `most_bytes` (some
    thousands; None: any size).
    """
    page = page.convert("RGB")  # always a copy
    page.info.clear()  # a comment would be written again
    while True:
        file = io.BytesIO()
        page.save(file, "JPEG", quality=_JPEG_QUALITY)
        size = file.tell()
        if most_bytes is None or size <= most_bytes or max(page.size) == 1:
            return file.getvalue()
        # The size goes with the area; a little less than that, so that few rounds are needed.
        scale = min(0.9, 0.95 * math.sqrt(most_bytes / size))
        page = page.resize(
            (max(1, int(page.width * scale)), max(1, int(page.height * scale))),
            Image.Resampling.LANCZOS,
        )
