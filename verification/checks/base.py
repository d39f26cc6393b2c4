"""The interface of checks: observe (with I/O), then judge the observation (without I/O)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, overload

from django.core.files.storage import default_storage
from PIL import Image

from verification.rules.findings import Finding, Observation
from verification.rules.validity import day_of

Earlier = Mapping[str, Observation]
"""The observations of earlier checks, by code."""


@dataclass(frozen=True)
class SubjectPage:
    """A page of a document: its stored file and its perceptual fingerprint."""

    storage_name: str
    number: int
    fingerprint: str


@dataclass(frozen=True)
class SubjectDocument:
    """A current document of the case."""

    id: str
    kind: str
    sha256: str
    editor: str
    scan: Observation
    pages: tuple[SubjectPage, ...]


@dataclass(frozen=True)
class Subject:
    """The subject of an attempt, as plain values. Checks use neither models nor requests."""

    case_id: str
    employer_id: str
    name: str
    uscc: str
    legal_representative: str
    account_class: str
    recruiter_email: str
    recruiter_email_verified: bool
    documents: tuple[SubjectDocument, ...]
    now: datetime
    member_id: str = ""
    """The member who submitted the case. Identifies their proofs of authority."""

    @property
    def today(self) -> date:
        return day_of(self.now)

    def of_kind(self, kind: str) -> tuple[SubjectDocument, ...]:
        return tuple(document for document in self.documents if document.kind == kind)


class Check(Protocol):
    """One check. `code` is stored and never renamed. A change of meaning needs a new `version`."""

    code: str
    version: str
    lasting: bool
    """Depends only on the licence, which cannot change during an attempt, so it is not observed
    again after a wait.
    """

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        """Observe, with I/O.

        Raises ProviderUnavailable (the case waits) or ProviderBroken (a person decides).
        """
        ...

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        """Derive findings. A pure function, so that stored observations can be judged again."""
        ...


class Pages(Sequence[Image.Image]):
    """The clean pages of a document as pictures. Each is decrypted on access, because eight at once
    would take half a gigabyte.
    """

    def __init__(self, document: SubjectDocument) -> None:
        self._stored = tuple(page.storage_name for page in document.pages)

    def __len__(self) -> int:
        return len(self._stored)

    @overload
    def __getitem__(self, number: int) -> Image.Image: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Image.Image]: ...
    def __getitem__(self, number: int | slice) -> Image.Image | Sequence[Image.Image]:
        if isinstance(number, slice):
            return [_opened(name) for name in self._stored[number]]
        return _opened(self._stored[number])


def _opened(storage_name: str) -> Image.Image:
    with default_storage.open(storage_name) as stored, Image.open(stored) as image:
        return image.convert("RGB")
