"""The check for signs of editing in a picture.

Findings are evidence for a reviewer, with their region on the page. They never reject a case:
messengers, scanners and honest annotations leave traces too, and a good forgery leaves none.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any, Final

from documents.forgery import CLOSELY, LEVELS, Kind, Lines, traces_of
from documents.forgery.editors import is_composing_editor, is_editor
from documents.licence.qr import REGISTER, is_an_issuers, leads_to
from documents.licence.read import picture_of
from verification.checks.base import Earlier, Pages, Subject, SubjectDocument
from verification.models import DocumentKind
from verification.rules.findings import Finding, Observation, Severity

REASON_OF: Final = {
    Kind.COMPRESSION: "forgery_inconsistent_compression",
    Kind.GROUND: "forgery_retyped_field",
    Kind.GLYPH: "forgery_retyped_field",
    Kind.COPY: "forgery_copied_patch",
    Kind.SCREEN: "document_recapture",
}
"""The reason for each kind of trace that is strong enough. Overlays never are."""
NEARLY: Final = 1.6
SEVERAL: Final = 2
"""If this many other fields are nearly as far off the comb, the cause is the print itself."""
_OF_EDITING: Final = (Kind.COMPRESSION, Kind.GROUND, Kind.GLYPH, Kind.COPY)


OTHER_PAPERS: Final = (
    DocumentKind.HR_SERVICE_LICENCE,
    DocumentKind.APPROVAL_DOCUMENT,
    DocumentKind.AUTHORIZATION_LETTER,
    DocumentKind.CLIENT_AUTHORIZATION,
)
ONE_LINE: Final = 2.5
"""The minimum ratio of width to height of a value that is on one line and can be compared within
it.
"""


class Forgery:
    code = "forgery"
    version = "2"
    lasting = False

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        documents = subject.of_kind(DocumentKind.BUSINESS_LICENCE)
        others = [document for kind in OTHER_PAPERS for document in subject.of_kind(kind)]
        read = _read_of_papers(earlier.get("agency_licence", {}))
        told = [
            {"kind": document.kind} | _observed(document, *read.get(document.id, (1, {}, 0)))
            for document in others
        ]
        if not documents:
            return {"document": None, "others": told}
        document, reading = documents[-1], earlier.get("reading", {})
        here = reading.get("document") == document.id
        page_lines = (
            (int(reading.get("page", 1)), reading.get("lines", {}), reading.get("turn", 0))
            if here
            else (1, {}, reading.get("turn", 0))
        )
        return _observed(document, *page_lines) | {"others": told}

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        observations = [observation] if observation["document"] else []
        findings = [
            finding
            for seen in [*observations, *observation["others"]]
            for finding in self._of_one(seen)
        ]
        if observation["document"]:
            findings += self._qr(earlier.get("reading", {}))
        nothing = (
            [Finding(self.code, "no_trace_of_editing", Severity.PASS)]
            if observations or observation["others"]
            else []
        )
        return findings or nothing

    def _of_one(self, seen: Observation) -> list[Finding]:
        return [
            *(self._trace(trace, seen) for trace in _strongest(seen["traces"])),
            *self._editor(seen),
        ]

    def _trace(self, trace: dict[str, Any], seen: Observation) -> Finding:
        kind = Kind(trace["kind"])
        strong = _strength(trace) >= 1 and not (
            kind is Kind.COMPRESSION and _of_the_print(trace, seen["traces"])
        )
        code, severity = (
            (REASON_OF[kind], Severity.UNABLE) if strong else (f"{kind}_noted", Severity.NOTE)
        )
        field = seen.get("kind") or trace["field"]
        return Finding(
            self.code,
            code,
            severity,
            field,
            page=seen["page"],
            region=_box(trace["region"]),
            document=seen["document"],
        )

    def _editor(self, seen: Observation) -> list[Finding]:
        """A finding about editing software named in the file, with the region of the strongest
        trace that supports it.

        Without a trace it is only a note about the page.
        """
        editor = seen["editor"] or ""
        if not is_editor(editor):
            return []
        agree = [
            trace
            for trace in seen["traces"]
            if is_composing_editor(editor) and trace["kind"] in _OF_EDITING
        ]
        code, severity = (
            ("forgery_edited", Severity.UNABLE) if agree else ("editor_noted", Severity.NOTE)
        )
        page = (
            [0, 0, *seen["size"]] if "size" in seen else None
        )  # observations from before the size was stored have no region
        region = max(agree, key=_strength)["region"] if agree else page
        field, box = seen.get("kind") or "document", _box(region)
        return [
            Finding(
                self.code,
                code,
                severity,
                field,
                editor,
                page=seen["page"],
                region=box,
                document=seen["document"],
            )
        ]

    def _qr(self, reading: Observation) -> list[Finding]:
        """A QR code that leads to another site, whatever company it names. The check `reading`
        judges the company.
        """
        elsewhere = [host for host in leads_to(reading.get("qr")) if not is_an_issuers(host)]
        page, region = reading.get("page", 1), _box(reading.get("regions", {}).get("qr"))
        if named := next((host for host in elsewhere if not _is_bare(host)), ""):
            return [
                Finding(
                    self.code,
                    "qr_not_registry",
                    Severity.UNABLE,
                    "qr",
                    named,
                    REGISTER,
                    page,
                    region,
                )
            ]
        return [
            Finding(self.code, "qr_noted", Severity.NOTE, "qr", host, REGISTER, page, region)
            for host in elsewhere[:1]
        ]


def _observed(document: SubjectDocument, number: int, lines: Lines, rotation: int) -> Observation:
    """Observe the page of a document that was read, or else its first page."""
    pages = Pages(document)
    picture = picture_of(pages[min(number, len(pages)) - 1])
    size, traces = (
        [picture.shape[1], picture.shape[0]],
        [trace.as_json() for trace in traces_of(picture, lines, rotation)],
    )
    return {
        "document": document.id,
        "page": number,
        "size": size,
        "editor": document.editor,
        "traces": traces,
    }


def _strength(trace: dict[str, Any]) -> float:
    """The score relative to the review threshold, so that traces of different kinds are
    comparable.
    """
    return float(trace["score"]) / LEVELS[Kind(trace["kind"])].review


def _box(region: Sequence[float] | None) -> tuple[float, float, float, float] | None:
    if region is None:
        return None
    x0, y0, x1, y1 = region
    return x0, y0, x1, y1


def _read_of_papers(agency: Observation) -> dict[str, tuple[int, Lines, int]]:
    """By document, the regions of one-line values on the page that the check `agency_licence` has
    read.
    """
    papers = [paper for paper in (agency.get("licence"), *agency.get("clients", ())) if paper]
    return {
        paper["document"]: (paper["page"], _in_one_line(paper["regions"]), 0) for paper in papers
    }


def _in_one_line(regions: dict[str, list[float]]) -> Lines:
    return {
        name: [box]
        for name, box in regions.items()
        if box[2] - box[0] >= ONE_LINE * (box[3] - box[1])
    }


def _of_the_print(trace: dict[str, Any], traces: Sequence[dict[str, Any]]) -> bool:
    """Whether a trace of compression comes from the print: it is in a field not worth forging, or
    several other fields have it nearly as strongly.

    Small black print on a bright page can be off the comb of its paper as a whole. A forger changes
    one or two fields.
    """
    if trace["field"] not in CLOSELY:
        return True
    alike = (
        t
        for t in traces
        if t["kind"] == trace["kind"]
        and t["field"] != trace["field"]
        and t["score"] * NEARLY > trace["score"]
    )
    return len({t["field"] for t in alike}) >= SEVERAL


def _is_bare(host: str) -> bool:
    """Whether `host` is an IP address instead of a name, as in the codes of some offices before
    2015.
    """
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _strongest(traces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The strongest trace of each kind and field."""
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for trace in traces:
        at = trace["kind"], trace["field"]
        if at not in best or trace["score"] > best[at]["score"]:
            best[at] = trace
    return list(best.values())
