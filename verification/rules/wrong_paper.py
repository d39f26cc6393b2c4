"""Whether an upload is another paper than the one that was asked for.

Only a paper that shows its own kind is called wrong. A page that shows nothing clear is at most not
recognised, and a person looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from documents.page.paper_kinds import PERSONAL, PaperKind
from verification.rules.findings import Finding, Observation, Severity

CHECK: Final = "upload"
"""The check of findings about an upload before the case is submitted. None is stored."""
EXPECTED: Final[Mapping[str, PaperKind]] = {
    "business_licence": PaperKind.BUSINESS_LICENCE,
    "authorization_letter": PaperKind.AUTHORIZATION_LETTER,
    "hr_service_licence": PaperKind.HR_SERVICE_LICENCE,
    "client_authorization": PaperKind.AUTHORIZATION_LETTER,
}
"""The paper that belongs to each kind of document. Founding documents have too many forms."""
_MAY_BE_FOUNDING: Final = frozenset({None, PaperKind.OTHER_PERMIT, PaperKind.TAX_CERTIFICATE})
_IDENTIFYING: Final = frozenset({"uscc", "company", "letter_company", "number"})
"""Values that only the right paper is likely to have. Any chat may mention a company's name."""


def wrong_paper(slot: str, reading: Observation) -> Finding | None:
    """Return what is wrong with the paper in the `slot` for one kind of document, or None."""
    if "kind" not in reading:  # read by an earlier version
        return None
    kind, expected = reading["kind"], EXPECTED.get(slot)
    if _is_titled(reading) or (expected is not None and kind == expected):
        return None
    if kind == PaperKind.NO_TEXT:
        return Finding(CHECK, "document_no_text", Severity.UNABLE, slot, expected=slot)
    if kind is None:
        says_something = bool(_IDENTIFYING & (reading.get("fields") or {}).keys())
        if expected is None or says_something:
            return None
        return Finding(CHECK, "document_not_recognised", Severity.UNABLE, slot, expected=slot)
    if expected is None and kind in _MAY_BE_FOUNDING:
        return None
    return Finding(CHECK, "document_wrong_paper", Severity.UNABLE, slot, str(kind), slot)


def personal_paper(reading: Observation | None) -> str:
    """Return the kind of the personal paper that was uploaded by mistake, or ""."""
    kind = str((reading or {}).get("kind") or "")
    return kind if kind in PERSONAL and not _is_titled(reading or {}) else ""


def _is_titled(reading: Observation) -> bool:
    """Whether the page has the title or the fields of the paper that it was read as."""
    return bool(reading.get("titled") or reading.get("looks_like_licence"))
