"""Tests of marking: every copy of a page differs, is the same for the same key, and keeps the page
intact.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resumes.marking import DPI, MarkKey, Picture, Words, mark_page, underprint, visible, wordshift
from resumes.marking.page import to_grey
from resumes.specimens import make_resume
from tests.effort import examples

WORDS = Words("澜川省云帆网络科技有限公司", "R7K2-M9QX", datetime(2026, 5, 31, 18, 5, tzinfo=UTC))
KEY = MarkKey.derived(b"service key", "release", 0)
keys = st.builds(
    MarkKey.derived, st.binary(min_size=16, max_size=32), st.text(max_size=12), st.integers(0, 40)
)


@cache
def resume_page(seed: int, dpi: int = DPI) -> Picture:
    return make_resume(seed).pictures(dpi)[0]


# --- Keys -----------------------------------------------------------------------------------------


def test_a_key_never_changes_its_signs() -> None:
    """Copies that left long ago are traced with exactly these signs."""
    assert KEY.secret.hex() == "fcfd3c0d674d74b756662b2acffffa967f0682af5f5ae4cfe715943fa8da3841"
    assert KEY.signs("underprint", 16).tolist() == [
        1,
        1,
        1,
        -1,
        1,
        1,
        -1,
        1,
        1,
        -1,
        -1,
        1,
        -1,
        1,
        1,
        -1,
    ]
    assert KEY.signs("words", 16).tolist() == [
        -1,
        -1,
        -1,
        -1,
        1,
        -1,
        -1,
        -1,
        1,
        -1,
        -1,
        -1,
        -1,
        -1,
        -1,
        1,
    ]


@given(keys, keys, st.integers(64, 400))
def test_other_keys_have_other_signs(one: MarkKey, other: MarkKey, count: int) -> None:
    signs = one.signs("words", count)
    assert set(signs.tolist()) <= {-1, 1}
    assert signs.tolist() == one.signs("words", count + 9)[:count].tolist()
    assert (signs.tolist() == other.signs("words", count).tolist()) == (one == other)
    assert signs.tolist() != one.signs("underprint", count).tolist()


def test_each_release_and_each_page_has_its_own_key_and_none_is_shown() -> None:
    derived = {
        MarkKey.derived(service, release, page).secret
        for service in (b"a", b"b")
        for release in ("r1", "r11", "")
        for page in (0, 1)
    }
    assert len(derived) == 12
    assert KEY.secret.hex() not in repr(KEY)
    assert str(KEY.secret) not in f"{KEY}"


def test_signs_are_fair() -> None:
    total = sum(
        int(MarkKey.derived(b"k", str(n), 0).signs("underprint", 1000).sum()) for n in range(400)
    )
    assert abs(total) < 6 * (400 * 1000) ** 0.5


# --- Pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
@pytest.mark.sampled(2)
def test_every_key_gives_another_page_and_the_same_key_the_same(seed: int) -> None:
    page = resume_page(seed)
    before = page.copy()
    pages = [mark_page(page, MarkKey.derived(b"k", str(n), 0), WORDS).tobytes() for n in range(4)]
    assert len(set(pages)) == 4
    assert mark_page(page, MarkKey.derived(b"k", "0", 0), WORDS).tobytes() == pages[0]
    assert (page == before).all()


@settings(max_examples=examples(60), deadline=None)
@given(
    height=st.integers(0, 160),
    width=st.integers(0, 160),
    channels=st.sampled_from([0, 1, 3, 4]),
    fill=st.sampled_from([0, 1, 128, 254, 255, -1]),
    dpi=st.sampled_from([36, 72, 150, 200, 300]),
    key=keys,
)
def test_any_array_is_a_page(
    height: int, width: int, channels: int, fill: int, dpi: int, key: MarkKey
) -> None:
    shape = (height, width, channels) if channels else (height, width)
    rng = np.random.default_rng(height * 1000 + width)
    page = (
        rng.integers(0, 256, shape).astype(np.uint8) if fill < 0 else np.full(shape, fill, np.uint8)
    )
    result = mark_page(page, key, WORDS, dpi)
    assert result.shape == page.shape
    assert result.dtype == np.uint8
    assert mark_page(page, key, WORDS, dpi).tobytes() == result.tobytes()


@settings(max_examples=examples(25), deadline=None)
@given(one=keys, other=keys, light=st.integers(200, 255))
def test_a_blank_page_differs_from_copy_to_copy(one: MarkKey, other: MarkKey, light: int) -> None:
    page = np.full((300, 220), light, np.uint8)
    assert (mark_page(page, one, WORDS).tobytes() == mark_page(page, other, WORDS).tobytes()) == (
        one == other
    )


@pytest.mark.parametrize("level", [0, 255])
def test_a_page_of_one_colour_carries_the_visible_mark(level: int) -> None:
    page = np.full((1754, 1240), level, np.uint8)
    result = mark_page(page, KEY, WORDS)
    strong = np.abs(result.astype(int) - level) > 25
    assert strong.mean() > 0.02
    for rows in np.array_split(strong, 4):
        for part in np.array_split(rows, 4, axis=1):
            assert part.any(), "a part of the page without the mark"


def test_the_mark_says_who_what_and_when_in_chinese_time() -> None:
    assert WORDS.lines == ("澜川省云帆网络科技有限公司", "R7K2-M9QX · 2026-06-01 02:05")
    blank = np.full((1754, 1240), 255, np.uint8)
    others = [
        Words("云溪市青禾商贸有限公司", WORDS.number, WORDS.at),
        Words(WORDS.employer, "R7K2-M9QY", WORDS.at),
    ]
    assert len({mark_page(blank, KEY, words).tobytes() for words in (WORDS, *others)}) == 3


@pytest.mark.parametrize("employer", ["", "a" * 120, "堃喆𠮷龘", "Ünïcode & Co.", "行\n行", "😀"])
def test_any_name_can_be_put_on_a_page(employer: str) -> None:
    page = np.full((400, 300, 3), 255, np.uint8)
    assert (mark_page(page, KEY, Words(employer, "R1", WORDS.at)) < 230).any()


def test_the_resume_stays_readable() -> None:
    """Paper stays light. Letters, up to a pixel aside, stay dark except for a few strokes under the
    mark.
    """
    for seed in (0, 1, 4):
        page = to_grey(resume_page(seed))
        result = mark_page(page, KEY, WORDS)
        paper = cv2.erode(page, np.ones((5, 5), np.uint8)) > 240
        assert result[paper].mean() > 238
        assert np.percentile(result[paper], 1) > 170
        darkest = cv2.erode(result, np.ones((3, 3), np.uint8))[page < 90]
        assert np.percentile(darkest, 90) < 110


def test_a_page_can_be_of_any_resolution() -> None:
    for dpi in (100, 200):
        page = resume_page(0, dpi)
        assert len(wordshift.shift_units(to_grey(page), dpi)) == pytest.approx(
            len(wordshift.shift_units(to_grey(resume_page(0)), DPI)), rel=0.35
        )
        assert mark_page(page, KEY, WORDS, dpi).shape == page.shape


# --- Parts of the mark ----------------------------------------------------------------------------


def test_the_underprint_is_pale_and_follows_the_key() -> None:
    paper = underprint.underprint_paper((200, 190), KEY, DPI)
    assert paper.shape == (200, 190)
    assert (
        abs(int(paper.min()) - underprint.PAPER)
        <= underprint.DEPTH
        >= abs(int(paper.max()) - underprint.PAPER)
    )
    rows, columns = underprint.cell_grid((200, 190), DPI)
    signs = underprint.cell_signs(KEY, rows * columns).reshape(rows, columns)
    for row in range(rows - 1):
        for column in range(columns - 1):
            middle = int(paper[row * 9 + 4, column * 9 + 4])
            assert (middle > underprint.PAPER) == (signs[row, column] > 0)


def test_words_are_found_where_they_are_and_rules_are_none() -> None:
    """Exactly these boxes: copies that left are traced with them."""
    page = np.full((300, 400), 255, np.uint8)
    for x in (40, 70, 100, 150):
        page[50:70, x : x + 20] = 20
    page[100:103, 20:380] = 20
    page[20:280, 385:388] = 20
    page[150:170, 60:80], page[150:170, 82:102] = 20, 20
    page[200:220, 60:80], page[200:220, 81:101] = 20, 20
    assert wordshift.shift_units(page, DPI).tolist() == [
        [39, 49, 61, 71],
        [69, 49, 91, 71],
        [99, 49, 121, 71],
        [149, 49, 171, 71],
        [59, 149, 81, 171],
        [81, 149, 103, 171],
        [59, 199, 102, 221],
    ]


def test_words_move_by_a_pixel_and_nothing_else_does() -> None:
    page = to_grey(resume_page(0))
    boxes = wordshift.shift_units(page, DPI)
    result = wordshift.shift_words(page, boxes, KEY)
    around = np.zeros(page.shape, bool)
    for x0, y0, x1, y1 in boxes.tolist():
        around[max(0, y0 - 1) : y1 + 2, max(0, x0 - 1) : x1 + 2] = True
    assert (result == page)[~around].all()
    across, down = wordshift.shift_signs(KEY, len(boxes))
    kept = 0
    for n, (x0, y0, x1, y1) in enumerate(boxes.tolist()):
        dx, dy = (int(across[n]) + 1) // 2, (int(down[n]) + 1) // 2
        moved = result[y0 + 1 + dy : y1 - 1 + dy, x0 + 1 + dx : x1 - 1 + dx]
        kept += (moved == page[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1]).all()
    assert len(boxes) > 150
    assert kept > 0.97 * len(boxes)  # the pale edge of a letter may be in its neighbour's margin


def test_a_character_that_no_font_has_is_shown_as_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    with_font = visible._letters("龘", 40)
    monkeypatch.setattr(visible, "_rare", lambda size: None)
    assert (visible._letters("龘", 40) == visible._letters("〓", 40)).all()
    assert with_font.any()
