"""How close is what was read to what is printed?

Pure: readings and their truths go in, counts and shares come out. Values are compared as a person
would: whatever the width of letters, the shape of brackets and marks, and white space. A scope of
business, hundreds of characters long, is scored by its character error rate; everything else is
right or not.
"""

from __future__ import annotations

import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from documents.licence.fields import FIELDS

SURE: Final = 0.99
"""A value with so much confidence is taken without a person looking at it."""
SCOPE: Final = "business_scope"
_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("〔【［〈《", "("),
        **dict.fromkeys("〕】］〉》", ")"),
        **dict.fromkeys("，、", ","),
        **dict.fromkeys("。·・", "."),
        **dict.fromkeys("—–－", "-"),
        "；": ";",
        "：": ":",
    }
)


@dataclass(frozen=True)
class Outcome:
    """What became of one picture whose print is known.

    `truth`: fields as printed, "" for one that the sheet does not have; a field that is missing is
    not known, and is not scored. `refused`: the intake's reason code, where it took no page out of
    the file.
    """

    file: str
    truth: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)
    confidence: Mapping[str, float] = field(default_factory=dict)
    is_licence: bool = False
    qr_uscc: str | None = None
    refused: str | None = None

    def sure(self, name: str) -> bool:
        return bool(self.fields.get(name)) and self.confidence.get(name, 0.0) >= SURE

    def right(self, name: str) -> bool:
        """Whether `name`, which is in the truth, was read as printed, or left empty where nothing
        is printed.
        """
        return plain(self.fields.get(name, "")) == plain(self.truth[name])

    @property
    def qr_disagrees(self) -> bool:
        """Whether the QR code states a company other than the print does."""
        return self.qr_uscc is not None and self.qr_uscc != plain(self.fields.get("uscc", ""))


def plain(text: str) -> str:
    """`text` for comparison: half width, brackets and marks of one shape, no white space, no marks
    at the end.
    """
    unified = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).translate(_ALIKE))
    return "".join(unified.split()).rstrip(".,;*#※").upper()


def distance(one: str, other: str) -> int:
    """How many characters must be put in, taken out or changed to make `other` of `one`
    (Levenshtein).
    """
    above = list(range(len(other) + 1))
    for row, a in enumerate(one, start=1):
        here = [row]
        for column, b in enumerate(other, start=1):
            here.append(min(above[column] + 1, here[-1] + 1, above[column - 1] + (a != b)))
        above = here
    return above[-1]


def error_rate(printed: str, read: str) -> float:
    """0..1: the distance between both, as compared, for each printed character; never more than
    1.
    """
    printed, read = plain(printed), plain(read)
    return min(1.0, distance(printed, read) / max(1, len(printed)))


def content_error_rate(printed: str, read: str) -> float:
    """0..1: as `error_rate`, but in whatever order: characters missing or too many, whichever is
    more.

    Labels of long paragraphs can have the lines in another order than the print; this tells what
    was not read from what was written down otherwise.
    """
    there, seen = Counter(plain(printed)), Counter(plain(read))
    return min(1.0, max((there - seen).total(), (seen - there).total()) / max(1, there.total()))


def of_field(name: str, outcomes: Iterable[Outcome]) -> dict[str, Any] | None:
    """How `name` fared where it is printed; `invented` counts values where nothing is printed.

    None where never printed.

    `sure` counts values given with at least SURE, `sure_right` those of them that are right.
    """
    known = [outcome for outcome in outcomes if name in outcome.truth]
    printed = [outcome for outcome in known if outcome.truth[name]]
    if not printed:
        return None
    sure = [outcome for outcome in known if outcome.sure(name)]
    exact = sum(outcome.right(name) for outcome in printed)
    empty = sum(not outcome.fields.get(name) for outcome in printed)
    return {
        "printed": len(printed),
        "exact": exact,
        "share": round(exact / len(printed), 4),
        "wrong": len(printed) - exact - empty,
        "empty": empty,
        "invented": sum(
            not outcome.truth[name] and bool(outcome.fields.get(name)) for outcome in known
        ),
        "sure": len(sure),
        "sure_right": sum(outcome.right(name) for outcome in sure),
    }


def of_licences(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Every field's score; what of all that was given as sure is right; what went wrong with names
    of the files.
    """
    fields = {name: score for name in FIELDS if (score := of_field(name, outcomes)) is not None}
    scopes = [(o.truth[SCOPE], o.fields.get(SCOPE, "")) for o in outcomes if o.truth.get(SCOPE)]
    rates, contents = (
        [error_rate(*scope) for scope in scopes],
        [content_error_rate(*scope) for scope in scopes],
    )
    return {
        "fields": fields,
        "sure": sum(score["sure"] for score in fields.values()),
        "sure_right": sum(score["sure_right"] for score in fields.values()),
        "uscc_wrong_given_as_sure": [
            o.file for o in outcomes if "uscc" in o.truth and o.sure("uscc") and not o.right("uscc")
        ],
        "refused_as_none": [o.file for o in outcomes if not o.is_licence and o.refused is None],
        "refused_by_intake": {o.file: o.refused for o in outcomes if o.refused is not None},
        "scope_cer_mean": round(statistics.mean(rates), 4) if rates else None,
        "scope_cer_median": round(statistics.median(rates), 4) if rates else None,
        "scope_content_mean": round(statistics.mean(contents), 4) if contents else None,
    }


def of_forgeries(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """How forged licences fared; `truth` of each holds the code that was forged onto it.

    None may be given as sure.
    """
    return {
        "pictures": len(outcomes),
        "given_as_sure": [outcome.file for outcome in outcomes if outcome.sure("uscc")],
        "qr_read": sum(outcome.qr_uscc is not None for outcome in outcomes),
        "qr_mismatch_noticed": sum(outcome.qr_disagrees for outcome in outcomes),
    }


def of_decoys(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """How pictures fared that are no licence."""
    return {
        "pictures": len(outcomes),
        "accepted": [outcome.file for outcome in outcomes if outcome.is_licence],
    }
