"""An index of stored pages that finds those that may show the same picture, to compare them.

A page's landmarks are computed once and stored (`PageLandmarks`): when its document is read, or
else when they are first needed. Their words (`documents.similarity.keypoints`) are rows of
`PageBand`: `view` is the landmark, `band` the number of the word. The rows are written when a
case's pictures are first compared, before the search, so that of two cases with the same picture
that are checked at the same time at least one sees the other.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import QuerySet
from PIL import Image

from documents.similarity import keypoints
from documents.similarity.keypoints import Agreement, Grey, Landmarks, Seen
from events.core.sealing import Damaged, KeyMissing, data_keys, seal, unseal
from events.db.dialect import current_dialect
from verification.models import DocumentPage, PageBand, PageLandmarks

SAME: Final = 0.95
"""Two pages with at least this share of agreeing blocks show the same picture (`python -m
benchmarks.duplicates`).
"""
ROWS_AT_MOST: Final = 64
"""How many pages with the same word are considered.

Frequent words, such as a form's labels, tell little, so each counts only a fraction.
"""
RARE: Final = 8
"""A word on at most this many pages counts fully; a more frequent one counts proportionally
less.
"""
SCORE_AT_LEAST: Final = 5.0
"""Five rare words in common. Cropped, rotated and re-saved copies have six or more."""
CANDIDATES: Final = 6
"""Pages whose pictures are opened and compared, for each page."""
RANKED: Final = 256
"""How many of the likeliest pages are filtered by `among`, so that own earlier pages and withdrawn
pages do not displace others.
"""


@dataclass(frozen=True)
class Match:
    """A stored page that shows the same picture as one of ours."""

    mine: int
    theirs: int
    agreement: Agreement


# --- Stored landmarks -----------------------------------------------------------------------------


def prepare_landmarks(pages: Iterable[DocumentPage]) -> None:
    """Compute and store the landmarks of these pages, so that they are ready for comparison.
    Idempotent.

    The bands are written later, by the check, so that pictures that are never submitted do not
    crowd the index.
    """
    for page, known in _with_stored(pages):
        with suppress(FileNotFoundError):
            landmarks_of(page, known)


def landmarks_of(page: DocumentPage, known: PageLandmarks | None) -> Landmarks:
    """Return the stored landmarks, or else compute and store them.

    Raises FileNotFoundError if the picture is gone; then nothing is stored.
    """
    name = str(page.image.name)
    if not default_storage.exists(name):
        raise FileNotFoundError(name)
    found = _unsealed(known)
    if found is None:
        found = keypoints.find_keypoints(*_picture(name))
        sealed = seal(found.packed(), data_keys()[0], PageLandmarks(page=page).purpose)
        PageLandmarks.objects.update_or_create(page=page, defaults={"sealed": sealed})
    return found


def _with_stored(
    pages: Iterable[DocumentPage],
) -> Iterator[tuple[DocumentPage, PageLandmarks | None]]:
    pages = list(pages)
    stored = PageLandmarks.objects.in_bulk([page.pk for page in pages])
    return ((page, stored.get(page.pk)) for page in pages)


def _unsealed(known: PageLandmarks | None) -> Landmarks | None:
    """None if nothing is stored, or nothing that this version and these keys can read."""
    if known is None:
        return None
    try:
        return Landmarks.unpacked(unseal(bytes(known.sealed), data_keys(), known.purpose))
    except (Damaged, KeyMissing):
        return None


@lru_cache(maxsize=32)
def _picture(name: str) -> tuple[Grey, float]:
    """A stored page at the size for comparison. Pages never change. 32 take about 25 MB."""
    with default_storage.open(name) as stored, Image.open(io.BytesIO(stored.read())) as image:
        cv2.setNumThreads(1)  # the worker's processes share the cores already
        return keypoints.at_side(np.asarray(image.convert("L"), np.uint8))


def _seen(page: DocumentPage, found: Landmarks) -> Seen:
    return Seen(found, lambda: _picture(str(page.image.name))[0])


# --- The index ------------------------------------------------------------------------------------


def index_pages(pages: Iterable[DocumentPage]) -> None:
    """Write the bands of the pages that have none yet. Raises the storage's errors."""
    pages = list(pages)
    indexed = set(
        PageBand.objects.filter(page__in=pages).values_list("page_id", flat=True).distinct()
    )
    new = _with_stored(page for page in pages if page.pk not in indexed)
    rows = [row for page, known in new for row in bands_of(page.pk, landmarks_of(page, known))]
    PageBand.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def bands_of(page_id: int, found: Landmarks) -> list[PageBand]:
    """The index rows of the page."""
    return [
        PageBand(page_id=page_id, view=view, band=band, value=word)
        for view, of_landmark in enumerate(keypoints.landmark_words(found))
        for band, word in enumerate(of_landmark)
    ]


def candidate_pages(
    page_ids: Sequence[int], among: QuerySet[DocumentPage] | None = None
) -> dict[int, list[int]]:
    """For each page, those of `among` that share rare words with it, the likeliest first.

    ROWS_AT_MOST and RANKED limit the work.
    """
    listed = current_dialect().joined("o.page_id")
    marks = ",".join(["%s"] * len(page_ids))
    # The text contains only our own names and a number; outside values are parameters.
    statement = f"""
        SELECT m.page_id, (
            SELECT {listed} FROM (
                SELECT b.page_id FROM verification_pageband b
                WHERE b.band = m.band AND b.value = m.value AND b.page_id NOT IN ({marks}) LIMIT {ROWS_AT_MOST}
            ) o
        ) FROM verification_pageband m WHERE m.page_id IN ({marks})
    """  # noqa: E501, S608
    scores: dict[int, dict[int, float]] = {page_id: defaultdict(float) for page_id in page_ids}
    with connection.cursor() as cursor:
        cursor.execute(statement, [*page_ids, *page_ids])
        for mine, others in cursor.fetchall():
            found = others.split(",") if others else []
            for theirs in found:
                scores[mine][int(theirs)] += min(1.0, RARE / len(found))
    ranked = {mine: _likeliest(score) for mine, score in scores.items()}
    if among is not None:
        counting = set(
            among.filter(pk__in={page for found in ranked.values() for page in found}).values_list(
                "pk", flat=True
            )
        )
        ranked = {
            mine: [page for page in found if page in counting] for mine, found in ranked.items()
        }
    return {mine: found[:CANDIDATES] for mine, found in ranked.items()}


def _likeliest(score: dict[int, float]) -> list[int]:
    ranked = sorted(
        (page for page, points in score.items() if points >= SCORE_AT_LEAST),
        key=lambda page: (-score[page], page),
    )
    return ranked[:RANKED]


def same_picture(pages: Iterable[DocumentPage], among: QuerySet[DocumentPage]) -> list[Match]:
    """The pages of `among` that show the same picture as one of `pages`. Indexes `pages` first."""
    mine = {page.pk: page for page in pages}
    if not mine:
        return []
    index_pages(mine.values())
    likely = candidate_pages(list(mine), among)
    others = DocumentPage.objects.in_bulk({page for found in likely.values() for page in found})
    seen = (
        {
            page.pk: _if_stored(page, known)
            for page, known in _with_stored([*mine.values(), *others.values()])
        }
        if others
        else {}
    )
    matches = []
    for page_id, found in likely.items():
        for other in found:
            agreement = _compared(seen[page_id], seen[other])
            if agreement and agreement.share >= SAME:
                matches.append(Match(page_id, other, agreement))
    return matches


def _compared(ours: Seen | None, theirs: Seen | None) -> Agreement | None:
    try:
        return keypoints.compare_pictures(ours, theirs) if ours and theirs else None
    except FileNotFoundError:  # deleted in the meantime
        return None


def _if_stored(page: DocumentPage, known: PageLandmarks | None) -> Seen | None:
    """None if its picture is no longer stored."""
    try:
        return _seen(page, landmarks_of(page, known))
    except FileNotFoundError:
        return None
