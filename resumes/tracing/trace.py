"""Traces leaked pictures: finds each among the clean pages, aligns, measures and scores it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from resumes.marking import underprint
from resumes.marking.key import MarkKey
from resumes.marking.page import Picture, to_grey
from resumes.tracing import registration, scoring
from resumes.tracing.clean import CleanPage, Grey, Landmarks
from resumes.tracing.evidence import Evidence, measure_evidence
from resumes.tracing.registration import Aligned, Position
from resumes.tracing.scoring import Score, Sums

_CANDIDATES: Final = 3
"""The number of likely pages that are positioned exactly."""
_ALIKE: Final = 0.5
"""Minimum share of the best page's landmarks for another page to be considered too."""
_FAR: Final = 1.5
"""Pixels; a page that drifted farther is aligned a second time."""
_KINDS: Final = 3
"""Cells, words, both."""


@dataclass(frozen=True)
class Release:
    """A copy that left the service, with the secrets of its pages."""

    number: str
    resume: str
    keys: tuple[MarkKey, ...]
    """By page number."""


@dataclass(frozen=True)
class Found:
    """The result for one leaked picture."""

    page: CleanPage | None
    """None if the picture matches none of the pages."""
    position: Position | None
    aligned: Aligned | None
    """The leak aligned with the page, in the comparison with the best score."""
    evidence: Evidence | None
    scores: tuple[Score, ...]
    """For the releases of that resume, the likeliest first."""


@dataclass(frozen=True)
class Trace:
    """The result of a trace."""

    pictures: tuple[Found, ...]
    """In the order of the input."""
    scores: tuple[Score, ...]
    """One for every release that a picture was compared with, the likeliest first. Each is the best
    of all pictures together and of each single one.
    """
    comparisons: int
    """The number of comparisons; each Score's `chance` takes them into account."""

    @property
    def named(self) -> tuple[str, ...]:
        """The releases that the pictures are copies of; none if it would be a guess.

        More than one if copies were mixed.
        """
        return tuple(score.release for score in self.scores if score.is_named)


@dataclass(frozen=True)
class _Comparison:
    """One alignment of a picture with its page."""

    aligned: Aligned
    evidence: Evidence
    cells: Sums
    words: Sums

    @property
    def kinds(self) -> tuple[Sums, Sums, Sums]:
        return self.cells, self.words, scoring.combine_sums(self.cells, self.words)


@dataclass(frozen=True)
class _Match:
    """A picture and the page that it matches."""

    page: CleanPage
    position: Position
    comparisons: tuple[_Comparison, ...]
    releases: tuple[Release, ...]
    compared: int
    """The number of comparisons, on this page and on similar ones."""

    @property
    def z(self) -> npt.NDArray[np.float64]:
        """Comparisons × kinds × releases."""
        return np.array([[kind.z for kind in comparison.kinds] for comparison in self.comparisons])

    @property
    def best(self) -> float:
        return float(self.z.max()) if self.releases else 0.0


def trace(
    pictures: Sequence[Picture], pages: Sequence[CleanPage], releases: Sequence[Release]
) -> Trace:
    """Compare `pictures` (of any size, grey or RGB) with `pages` and the `releases` of their
    resumes.
    """
    matches = [_matched(to_grey(picture), pages, releases) for picture in pictures]
    joint = _joint(matches)
    comparisons = sum(match.compared for match in matches if match) + len(joint)
    best: dict[str, Score] = {}
    found = []
    for match in matches:
        told = _told(match, comparisons)
        found.append(told)
        for score in told.scores:
            best[score.release] = max(best.get(score.release, score), score, key=lambda one: one.z)
    for number, z in joint.items():
        if z > best[number].z:
            best[number] = Score(
                number,
                z,
                best[number].underprint,
                best[number].words,
                scoring.false_match_probability(z, comparisons),
            )
    return Trace(
        tuple(found), tuple(sorted(best.values(), key=lambda score: -score.z)), comparisons
    )


def _matched(leak: Grey, pages: Sequence[CleanPage], releases: Sequence[Release]) -> _Match | None:
    """Return the match of `leak` with its page.

    Pages that look alike, such as two versions of a resume, are all compared.
    """
    matches = [
        _looked_at(leak, page, position, releases) for page, position in _positions(leak, pages)
    ]
    best = max(matches, key=lambda match: match.best, default=None)
    return best and replace(best, compared=sum(match.compared for match in matches))


def _looked_at(
    leak: Grey, page: CleanPage, position: Position, releases: Sequence[Release]
) -> _Match:
    """Compare `leak` on `page`, with and without drift correction, with each release of the
    resume.
    """
    asked = tuple(
        release
        for release in releases
        if release.resume == page.resume and page.number < len(release.keys)
    )
    keys = [release.keys[page.number] for release in asked]
    plain = registration.align_leak(leak, position, page)
    ways = [plain]
    if (drift := registration.estimate_drift(plain, page)) is not None:
        pulled = registration.align_leak(leak, position, page, drift)
        if (
            float(np.abs(drift).max()) > _FAR
            and (again := registration.estimate_drift(pulled, page)) is not None
        ):
            pulled = registration.align_leak(leak, position, page, drift + again)
        ways.append(pulled)
    rows, columns = underprint.cell_grid((page.grey.shape[0], page.grey.shape[1]), page.dpi)
    comparisons = []
    for way in ways:
        evidence = measure_evidence(way, page)
        cells = scoring.cell_sums(evidence, keys, rows * columns)
        comparisons.append(
            _Comparison(way, evidence, cells, scoring.word_sums(evidence, keys, len(page.units)))
        )
    return _Match(page, position, tuple(comparisons), asked, len(asked) * len(comparisons) * _KINDS)


def _positions(leak: Grey, pages: Sequence[CleanPage]) -> list[tuple[CleanPage, Position]]:
    """Return the pages that `leak` may come from, the likeliest first."""
    found: list[tuple[CleanPage, Position]] = []
    if not pages or min(leak.shape, default=0) < 16:
        return []
    for sized in registration.leak_sizes(leak):
        for page in _likely(sized.landmarks, pages):
            found += [
                (page, position) for position in registration.find_positions(sized.landmarks, page)
            ]
        if any(position.agreed >= registration.ENOUGH for _, position in found):
            break
    ordered = sorted(found, key=lambda one: -one[1].agreed)[:_CANDIDATES]
    return [one for one in ordered if one[1].agreed >= _ALIKE * ordered[0][1].agreed]


def _likely(leak: Landmarks, pages: Sequence[CleanPage]) -> list[CleanPage]:
    """Return the pages worth positioning: those with the most matching landmarks, and, for almost
    empty pages, the one with the largest share.
    """
    if len(pages) == 1:
        return list(pages)
    likeness = np.array([registration.count_matches(leak, page) for page in pages], np.float64)
    full = [
        n
        for n in np.argsort(-likeness)[: _CANDIDATES - 1].tolist()
        if likeness[n] >= _ALIKE * likeness.max()
    ]
    shares = likeness / np.sqrt([1 + page.landmarks.count for page in pages])
    return [pages[n] for n in dict.fromkeys([*full, int(shares.argmax())])]


def _told(match: _Match | None, comparisons: int) -> Found:
    if match is None:
        return Found(None, None, None, None, ())
    z = match.z
    best = z.max(axis=(0, 1)) if match.releases else np.zeros(0)
    which = int(z.max(axis=(1, 2)).argmax()) if match.releases else 0
    scores = [
        Score(
            release.number,
            float(best[n]),
            float(z[which, 0, n]),
            float(z[which, 1, n]),
            scoring.false_match_probability(float(best[n]), comparisons),
        )
        for n, release in enumerate(match.releases)
    ]
    comparison = match.comparisons[which]
    return Found(
        match.page,
        match.position,
        comparison.aligned,
        comparison.evidence,
        tuple(sorted(scores, key=lambda score: -score.z)),
    )


def _joint(matches: Sequence[_Match | None]) -> dict[str, float]:
    """Return z of each release over all pictures of its resume, if there is more than one.

    Weak pages add up.
    """
    totals: dict[str, list[tuple[float, float]]] = {}
    for match in matches:
        if match is None or not match.releases:
            continue
        sums = scoring.combine_sums(match.comparisons[-1].cells, match.comparisons[-1].words)
        for release, agreement in zip(match.releases, sums.agreement.tolist(), strict=True):
            totals.setdefault(release.number, []).append((agreement, sums.square))
    return {
        number: sum(agreement for agreement, _ in parts) / sum(square for _, square in parts) ** 0.5
        for number, parts in totals.items()
        if len(parts) > 1 and sum(square for _, square in parts) > 0
    }
