"""The interface of cloud services that read licences.

A service returns fields, not text with positions, so it is not a `Reader`: it takes a picture and
returns a CloudReading.
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
    """A service's warnings about the picture."""

    COPY = "copy"
    """A black and white photocopy."""
    RECAPTURE = "recapture"
    """A photograph of a screen or of another photograph."""
    SCOPE_UNREAD = "scope_unread"
    """The business scope is too small, blurred or covered to be trusted."""
    OTHER = "other"
    """A warning without a code of ours. It is in `answer`."""


@dataclass(frozen=True)
class CloudReading:
    """A service's reading of a licence.

    Keys are from `documents.licence.fields.FIELDS`, and values have the forms used there. `fields`
    and `answer` hold personal data, so they are not part of the repr.
    """

    fields: dict[str, str] = field(repr=False)
    """A field that was not read is absent.

    `uscc` is as read, and may be invalid if it was misread.
    """
    reader: str
    confidence: dict[str, float] = field(default_factory=dict)
    """0..1, by field. Empty for a service that reports no confidence."""
    regions: dict[str, Region] = field(default_factory=dict)
    """Pixels of the picture as submitted; empty if the service reports no positions."""
    warnings: frozenset[Warned] = frozenset()
    why_empty: str = ""
    """A code of `events.core.reasons` if nothing was read, else ""."""
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The service's raw answer, stored with the reading."""

    def as_json(self) -> dict[str, Any]:
        """Return the reading as JSON values, to be stored as an observation."""
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
        """The version of the client and of the interface that it uses."""

    def available(self) -> bool:
        """Whether the client's dependencies are installed. Cheap, sends nothing, never raises."""

    def read_fields(self, jpeg: bytes) -> CloudReading:
        """Read the licence on `jpeg`, which may have any size.

        A picture without one is an answer: no fields, and `why_empty`.

        Raises ProviderUnavailable if the service timed out or reached a limit, and ProviderBroken
        if asking again will not help (keys, contract, a malformed reply). Nothing else. Neither
        quotes the reply, which names people.
        """


def jpeg_of(page: Image.Image, most_bytes: int | None = None) -> bytes:
    """Return `page` as a JPEG file without metadata, of at most `most_bytes`.

    The page is scaled down until the file fits. `most_bytes` is a few thousand or more; None is no
    limit.
    """
    page = page.convert("RGB")  # always a copy
    page.info.clear()  # a comment would be written again
    while True:
        file = io.BytesIO()
        page.save(file, "JPEG", quality=_JPEG_QUALITY)
        size = file.tell()
        if most_bytes is None or size <= most_bytes or max(page.size) == 1:
            return file.getvalue()
        # The size grows with the area. Aim a little lower, so that few rounds are needed.
        scale = min(0.9, 0.95 * math.sqrt(most_bytes / size))
        page = page.resize(
            (max(1, int(page.width * scale)), max(1, int(page.height * scale))),
            Image.Resampling.LANCZOS,
        )
