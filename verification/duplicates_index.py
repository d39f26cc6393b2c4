"""Which stored pages may show the same picture as these? Found with an index, then looked at.

A page's landmark words (`verification.landmarks`) are rows of `PageBand`: `view` is the landmark, `band` which of its words.
They are written when a case's pictures are first held against others, before others are searched: so of two cases with
one picture that are checked in the same moment, at least one sees the other.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from django.core.files.storage import default_storage
from django.db import connection
from PIL import Image

from verification import landmarks
from verification.landmarks import Agreement, Seen
from verification.models import DocumentPage, PageBand

SAME: Final = 0.95
"""From this share of agreeing blocks on, two pages show the same picture (`python -m benchmarks.duplicates`)."""
LOOKED_AT: Final = 64
"""Of a word that many pages have, so many are looked at. Such words, a form's labels, tell little: each counts its part."""
RARE: Final = 8
"""A word that so many pages have counts whole; one that more have counts as much less."""
SCORE_AT_LEAST: Final = 5.0
"""Five rare words in common; cut, turned and saved-again copies have six or more."""
CANDIDATES: Final = 6
"""Pages whose pictures are opened and compared, for each page."""


@dataclass(frozen=True)
class Match:
    """One stored page that shows the same picture as one of ours."""

    mine: int
    theirs: int
    agreement: Agreement


def index_pages(pages: Iterable[DocumentPage]) -> dict[int, Seen]:
    """Write the bands of the pages that have none yet; what was seen of those, by page."""
    pages = list(pages)
    known = set(PageBand.objects.filter(page__in=pages).values_list("page_id", flat=True).distinct())
    seen = {page.pk: see(page) for page in pages if page.pk not in known}
    rows = [row for page_id, of_page in seen.items() for row in bands_of(page_id, of_page)]
    PageBand.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return seen


def bands_of(page_id: int, seen: Seen) -> list[PageBand]:
    """The rows by which the page is found."""
    return [
        PageBand(page_id=page_id, view=view, band=band, value=word)
        for view, of_landmark in enumerate(landmarks.words(seen))
        for band, word in enumerate(of_landmark)
    ]


def see(page: DocumentPage) -> Seen:
    """The stored page, opened. Raises what the storage raises."""
    name = str(page.image.name)
    if not default_storage.exists(name):
        raise FileNotFoundError(name)  # what is no longer kept is not remembered either
    return _see(name)


@lru_cache(maxsize=32)
def _see(name: str) -> Seen:
    """A stored page never changes. Where there are few, the same ones are candidates again and again; 32 take some 40 MB."""
    with default_storage.open(name) as stored, Image.open(io.BytesIO(stored.read())) as image:
        cv2.setNumThreads(1)  # the worker's processes share the cores already
        return landmarks.see(np.asarray(image.convert("L"), np.uint8))


def candidates(page_ids: Sequence[int]) -> dict[int, list[int]]:
    """For each page those that share rare words with it, the likeliest first. One query, whose work is bounded by LOOKED_AT."""
    listed = {"postgresql": "string_agg(o.page_id::text, ',')"}.get(connection.vendor, "group_concat(o.page_id)")
    marks = ",".join(["%s"] * len(page_ids))
    # Only names of our own and a number stand in the text; what comes from outside is a parameter.
    statement = f"""
        SELECT m.page_id, (
            SELECT {listed} FROM (
                SELECT b.page_id FROM verification_pageband b
                WHERE b.band = m.band AND b.value = m.value AND b.page_id NOT IN ({marks}) LIMIT {LOOKED_AT}
            ) o
        ) FROM verification_pageband m WHERE m.page_id IN ({marks})
    """  # noqa: S608
    scores: dict[int, dict[int, float]] = {page_id: defaultdict(float) for page_id in page_ids}
    with connection.cursor() as cursor:
        cursor.execute(statement, [*page_ids, *page_ids])
        for mine, others in cursor.fetchall():
            found = others.split(",") if others else []
            for theirs in found:
                scores[mine][int(theirs)] += min(1.0, RARE / len(found))
    return {mine: _likeliest(score) for mine, score in scores.items()}


def _likeliest(score: dict[int, float]) -> list[int]:
    ranked = sorted((page for page, points in score.items() if points >= SCORE_AT_LEAST), key=lambda page: (-score[page], page))
    return ranked[:CANDIDATES]


def same_picture(pages: Iterable[DocumentPage]) -> list[Match]:
    """The stored pages, of whomever, that show the same picture as one of `pages`; these are indexed first."""
    mine = {page.pk: page for page in pages}
    if not mine:
        return []
    seen = index_pages(mine.values())
    likely = candidates(list(mine))
    others: dict[int, DocumentPage] = DocumentPage.objects.in_bulk({page for found in likely.values() for page in found})
    looked: dict[int, Seen | None] = {}
    matches = []
    for page_id, found in likely.items():
        for other in found:
            if other not in looked:
                looked[other] = _if_kept(others[other])
            theirs = looked[other]
            if theirs is None:
                continue
            ours = seen[page_id] if page_id in seen else seen.setdefault(page_id, see(mine[page_id]))
            agreement = landmarks.compare(ours, theirs)
            if agreement and agreement.share >= SAME:
                matches.append(Match(page_id, other, agreement))
    return matches


def _if_kept(page: DocumentPage) -> Seen | None:
    """A page of somebody else's; None when its picture is no longer kept."""
    try:
        return see(page)
    except FileNotFoundError:
        return None
