"""A client's letter: its contents, its end, and whether it names the agency."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from documents.licence.witnesses import same_name
from documents.ocr.base import Picture, Reader
from documents.page.boxes import TextBox, rotate_boxes, rotation_of
from documents.page.layout import LARGEST_TILT, slope_of
from documents.papers.model import BREAK, GAP, Running, rows_of
from documents.papers.read import read_paper
from verification.checks.agency.paper_findings import day_of, finding_about, mismatch_severity
from verification.checks.base import Pages, Subject, SubjectDocument
from verification.models import ClientAuthorisation, DocumentKind
from verification.rules.findings import Finding, Severity

_TITLE: Final = re.compile(r"^[一-鿿]{0,12}(?:授权|委托)[书函]$", re.MULTILINE)
"""Agencies' letters have their own titles, such as 委托招聘授权书."""


def read_letter(
    subject: Subject,
    document: SubjectDocument,
    declared: ClientAuthorisation | None,
    readers: Sequence[Reader],
) -> dict[str, Any]:
    """Read a client's letter. Personal data in it is not kept."""
    noting = [_Noting(reader) for reader in readers]
    letter = read_paper("authorization_letter", Pages(document), noting)
    texts = [text for reader in noting for text in reader.texts]
    fields = {
        name: letter.fields[name] for name in ("company", "valid_until") if name in letter.fields
    }
    return {
        "document": document.id,
        "titled": letter.titled or any(_TITLE.search(text) for text in texts),
        "kind": letter.kind,
        "sealed": letter.sealed,
        "page": letter.page,
        "fields": fields,
        "confidence": {name: letter.confidence[name] for name in fields},
        "regions": {name: list(letter.regions[name]) for name in fields},
        "names_agency": any(_plain(subject.name) in _plain(text) for text in texts),
        "declared": declared.client_name if declared else "",
        "declared_until": declared.valid_until.isoformat()
        if declared and declared.valid_until
        else "",
    }


def client_finding(letter: Mapping[str, Any], agency: str, today: date) -> Finding:
    """Return the most serious finding about one client's letter for `agency` on `today`."""
    client, kind = letter["fields"].get("company", ""), DocumentKind.CLIENT_AUTHORIZATION
    ends = letter_ends(letter)
    if not letter["titled"] or not client:
        return finding_about(
            letter,
            "document_unreadable",
            Severity.UNABLE,
            kind,
            seen=client,
            expected=letter["declared"],
        )
    if same_name(
        client, agency
    ):  # it authorises its own people, or the parties were confused in reading
        return finding_about(
            letter, "agency_client_mismatch", Severity.UNABLE, "company", client, letter["declared"]
        )
    if letter["declared"] and not same_name(client, letter["declared"]):
        return finding_about(
            letter,
            "agency_client_mismatch",
            mismatch_severity(letter, "company"),
            "company",
            client,
            letter["declared"],
        )
    if ends and ends < today:
        return finding_about(
            letter, "agency_client_expired", Severity.CONCERN, "valid_until", ends.isoformat()
        )
    if not letter["names_agency"]:
        return finding_about(
            letter, "agency_client_mismatch", Severity.UNABLE, kind, client, agency
        )
    if not letter["sealed"]:  # a greyscale copy shows no seal, and anyone can make one
        return finding_about(letter, "agency_client_unsealed", Severity.UNABLE, kind, client)
    return finding_about(letter, "agency_client_agrees", Severity.PASS, "company", client)


def letter_ends(letter: Mapping[str, Any]) -> date | None:
    """The last day of a client's letter: the earlier of the day in the letter and the declared day;
    None if it has no end.
    """
    ends = (day_of(letter["fields"].get("valid_until", "")), day_of(letter["declared_until"]))
    return min((day for day in ends if day), default=None)


class _Noting:
    """A reader that keeps the text of each page, only while the check runs."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.name, self.version = reader, reader.name, reader.version
        self.texts: list[str] = []

    def available(self) -> bool:
        return self.reader.available()

    def read(self, image: Picture) -> list[TextBox]:
        boxes = self.reader.read(image)
        self.texts.append(_text_of(boxes, image.shape[1], image.shape[0]))
        return boxes


def _text_of(boxes: Sequence[TextBox], width: int, height: int) -> str:
    """The text of a page in reading order, one line per paragraph, without other whitespace."""
    upright = rotate_boxes(boxes, rotation_of(boxes), width, height)
    slope = slope_of(upright)
    return (
        Running(rows_of(upright, slope, LARGEST_TILT), slope)
        .text.replace(GAP, "")
        .replace(BREAK, "\n")
    )


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
