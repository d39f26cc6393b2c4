"""Tests of judging photographs, in any rotation, and of the advice to employers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from config.messages import compile_all
from documents.ocr.base import Picture
from documents.photo.flaws import (
    BLURRED,
    CODES,
    CROPPED,
    GLARE,
    NOT_A_LICENCE,
    SMALL,
    Flaw,
    PhotoQuality,
)
from documents.photo.quality import judge_page, judge_photo
from documents.specimens import EDITIONS, make_specimen
from documents.upload.intake import CleanPage
from events.core.reasons import REASONS
from tests.effort import examples
from tests.factories import make_case, make_document, make_member
from verification.admin import case_content
from verification.models import Case, Document, DocumentPage

for _folder in settings.LOCALE_PATHS:
    compile_all(Path(_folder))

SEEDS = (3, 4)
ROTATIONS = (0, *(pytest.param(rotation, marks=pytest.mark.accuracy) for rotation in (1, 2, 3)))


@cache
def photo(seed: int, damage: str = "light") -> Picture:
    return np.ascontiguousarray(
        np.asarray(make_specimen(seed, EDITIONS[seed % 2], damage).image)[:, :, ::-1]
    )


def rotated(picture: Picture, rotation: int) -> Picture:
    return np.ascontiguousarray(np.rot90(picture, rotation))


def with_lamp(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    lit = picture.copy()
    cv2.ellipse(
        lit, (width // 2, height // 2), (width // 9, height // 12), 20, 0, 360, (255, 255, 255), -1
    )
    return lit


def without_corner(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[: int(height * 0.82), : int(width * 0.82)])


def reduced(picture: Picture) -> Picture:
    scale = 400 / max(picture.shape)
    return np.asarray(
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )


def shaken(picture: Picture) -> Picture:
    """Blur along the rows only, by 25 pixels."""
    return np.asarray(cv2.blur(picture, (25, 1)), np.uint8)


def blurred(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 4), np.uint8)


def past_reading(picture: Picture) -> Picture:
    """Blur so much that no line of print is left."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 9), np.uint8)


def far_away(picture: Picture) -> Picture:
    """A sheet on a large dark desk, in 12 megapixels: small, but with legible print."""
    desk = np.full((3000, 4000, 3), (70, 90, 110), np.uint8)
    scale = 1100 / max(picture.shape)
    sheet = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    desk[900 : 900 + sheet.shape[0], 1200 : 1200 + sheet.shape[1]] = sheet
    return np.asarray(desk, np.uint8)


def plain(kind: str) -> Picture:
    """A picture without any print."""
    rng = np.random.default_rng(7)
    fall = np.linspace(40, 220, 1200)[None, :, None]
    made = {
        "blank": np.full((900, 1200, 3), 240.0),
        "gradient": np.tile(fall, (900, 1, 3)),
        "noise": rng.uniform(0, 255, (900, 1200, 3)),
        "sheet in a dim room": np.tile(fall, (900, 1, 3)) + rng.normal(0, 4, (900, 1200, 1)),
        "clouds": cv2.resize(
            rng.uniform(60, 220, (12, 16, 3)), (1200, 900), interpolation=cv2.INTER_CUBIC
        )
        + rng.normal(0, 3, (900, 1200, 1)),
    }[kind]
    return np.asarray(np.clip(made, 0, 255), np.uint8)


def chat() -> Picture:
    """A phone's screen: bubbles of two colours with lines in them on one grey."""
    screen = np.full((2340, 1080, 3), 237, np.uint8)
    for i, top in enumerate(range(160, 2200, 170)):
        left = 150 if i % 2 else 330
        screen[top : top + 120, left : left + 600] = (255, 255, 255) if i % 2 else (105, 236, 149)
        cv2.putText(
            screen,
            "see you at three, bring the form",
            (left + 15, top + 70),
            cv2.FONT_HERSHEY_SIMPLEX,
            1.05,
            (20, 20, 20),
            2,
        )
    return screen


class TestSpecimens:
    @pytest.mark.parametrize("rotation", ROTATIONS)
    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("damage", ["none", "light"])
    def test_a_good_photo_has_no_flaw(self, seed: int, damage: str, rotation: int) -> None:
        assert judge_photo(rotated(photo(seed, damage), rotation)) == PhotoQuality()

    @pytest.mark.parametrize("rotation", ROTATIONS)
    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize(
        ("spoilt", "code"),
        [
            (blurred, BLURRED),
            (past_reading, BLURRED),
            (shaken, BLURRED),
            (with_lamp, GLARE),
            (without_corner, CROPPED),
            (reduced, SMALL),
        ],
    )
    def test_each_flaw_is_the_only_one_told(
        self, spoilt: Callable[[Picture], Picture], code: str, seed: int, rotation: int
    ) -> None:
        assert judge_photo(rotated(spoilt(photo(seed)), rotation)).codes == (code,)

    @pytest.mark.parametrize("rotation", ROTATIONS)
    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_part_that_was_cut_off(self, seed: int, rotation: int) -> None:
        assert judge_photo(rotated(photo(seed, "light+cropped"), rotation)).codes == (CROPPED,)

    @pytest.mark.parametrize(
        "damage",
        [
            "heavy",
            "noise",
            "shadow",
            "photocopy",
            "recapture",
            "low_quality",
            "small",
            "perspective",
            "creased",
        ],
    )
    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.sampled(4)
    def test_a_poor_photo_is_never_called_no_licence(self, damage: str, seed: int) -> None:
        assert NOT_A_LICENCE not in judge_photo(photo(seed, damage)).codes

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_sheet_far_away_in_a_large_picture_is_a_licence(self, seed: int) -> None:
        assert judge_photo(far_away(photo(seed))) == PhotoQuality()

    @pytest.mark.parametrize("rotation", ROTATIONS)
    @pytest.mark.parametrize("kind", ["blank", "gradient", "noise", "sheet in a dim room"])
    def test_what_shows_no_print_is_no_licence(self, kind: str, rotation: int) -> None:
        picture = rotated(plain(kind), rotation)
        assert judge_photo(picture).flaws[0].area == (0, 0, picture.shape[1], picture.shape[0])
        assert judge_photo(picture).codes == (NOT_A_LICENCE,)
        assert judge_photo(picture, licence=False) == PhotoQuality()

    @pytest.mark.parametrize("rotation", ROTATIONS)
    def test_a_screenshot_of_a_chat_is_no_licence(self, rotation: int) -> None:
        assert judge_photo(rotated(chat(), rotation)).codes == (NOT_A_LICENCE,)

    def test_clouds_are_no_good_photo(self) -> None:
        assert judge_photo(plain("clouds")).codes in {(NOT_A_LICENCE,), (BLURRED,)}


class TestAreas:
    def test_glare_is_where_the_lamp_is(self) -> None:
        height, width = photo(3).shape[:2]
        (found,) = judge_photo(with_lamp(photo(3))).flaws
        left, top, right, bottom = found.area
        assert abs((left + right) / 2 - width / 2) < 0.03 * width
        assert abs((top + bottom) / 2 - height / 2) < 0.03 * height
        assert 0.02 < found.measure < 0.04

    def test_what_is_cut_off_is_told_at_its_own_side(self) -> None:
        height, width = photo(3).shape[:2]
        below = judge_photo(np.ascontiguousarray(photo(3)[: int(0.75 * height)])).flaws
        assert [(p.y + p.height, p.width) for p in below] == [(int(0.75 * height), width)]
        left = judge_photo(np.ascontiguousarray(photo(3)[:, int(0.25 * width) :])).flaws
        assert [(p.x, p.height) for p in left] == [(0, height)]

    def test_a_reduced_copy_is_told_in_pixels_of_the_page(self) -> None:
        height, width = photo(3).shape[:2]
        (whole,) = judge_photo(with_lamp(photo(3))).flaws
        half = np.asarray(
            cv2.resize(
                with_lamp(photo(3)), (width // 2, height // 2), interpolation=cv2.INTER_AREA
            ),
            np.uint8,
        )
        (copied,) = judge_photo(half, size=(width, height)).flaws
        assert np.allclose(copied.area, whole.area, atol=12)

    @hypothesis_settings(max_examples=examples(60))
    @given(
        st.tuples(st.integers(1, 70), st.integers(1, 70)).flatmap(
            lambda size: arrays(
                np.uint8, (*size, 3), elements=st.integers(0, 255), fill=st.integers(0, 255)
            )
        ),
        st.sampled_from([1, 3, 40]),
        st.booleans(),
    )
    def test_any_picture_is_judged_within_itself(
        self, small: Picture, times: int, licence: bool
    ) -> None:
        picture = np.ascontiguousarray(
            small.repeat(times, axis=0).repeat(times, axis=1)[:3000, :3000]
        )
        for flaw in judge_photo(picture, licence).flaws:
            left, top, right, bottom = flaw.area
            assert 0 <= left < right <= picture.shape[1]
            assert 0 <= top < bottom <= picture.shape[0]
            assert flaw.measure >= 0
            assert flaw.code in REASONS

    @pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (2, 3), (9, 4001)])
    @pytest.mark.parametrize("shade", [0, 128, 255])
    def test_pictures_of_odd_shape(self, size: tuple[int, int], shade: int) -> None:
        assert judge_photo(np.full((*size, 3), shade, np.uint8)).codes == (NOT_A_LICENCE,)


class TestStored:
    def test_comes_back_as_it_was(self) -> None:
        quality = PhotoQuality(
            (Flaw(BLURRED, (1, 2, 30, 40), 4.25), Flaw(GLARE, (5, 6, 7, 8), 0.0123))
        )
        assert PhotoQuality.from_json(quality.as_json()) == quality

    def test_nobody_looked_and_codes_of_another_day(self) -> None:
        assert PhotoQuality.from_json(None) == PhotoQuality()
        assert (
            PhotoQuality.from_json(
                {"version": "0", "problems": [{"code": "gone", "area": [0, 0, 1, 1], "measure": 1}]}
            )
            == PhotoQuality()
        )

    def test_every_code_is_a_reason(self) -> None:
        assert set(CODES) <= set(REASONS)

    def test_a_page_of_intake_is_judged_as_the_picture(self) -> None:
        picture = cv2.resize(with_lamp(photo(3)), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        height, width = picture.shape[:2]
        jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
        judged = judge_page(CleanPage(1, jpeg, width, height, ""))
        assert judged is not None
        (found,) = judged.flaws
        assert found.code == GLARE
        assert abs(found.x + found.width / 2 - width / 2) < 0.03 * width

    @pytest.mark.parametrize("jpeg", [b"", b"\xff\xd8\xff\xe0 no picture"])
    def test_a_page_that_does_not_open_is_not_judged(self, jpeg: bytes) -> None:
        assert judge_page(CleanPage(1, jpeg, 10, 10, "")) is None


@pytest.mark.django_db
class TestTheEmployer:
    @pytest.fixture
    def case(self, now: datetime) -> Case:
        return make_case(make_member(now, email_verified_at=now), now)

    @pytest.fixture
    def visitor(self, case: Case) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(case.employer.members.get().user)
        return client

    def send(
        self, visitor: Client, picture: Picture, kind: str = "business_licence", **more: str
    ) -> str:
        file = BytesIO()
        Image.fromarray(picture[:, :, ::-1]).save(file, "JPEG", quality=90)
        upload = SimpleUploadedFile("photo.jpg", file.getvalue(), "image/jpeg")
        data = {"kind": kind, "files": [upload], **more}
        response = visitor.post(
            "/case/documents/", data, headers={"x-requested-with": "XMLHttpRequest"}
        )
        assert response.status_code == 200
        return str(response.content.decode())

    def test_is_told_at_once_and_may_keep_it(self, visitor: Client) -> None:
        page = self.send(visitor, with_lamp(photo(3)))
        (found,) = DocumentPage.objects.get().judged.flaws
        assert found.code == GLARE
        assert "Glare covers part of the text" in page
        assert "turn off the flash" in page
        assert (
            f'<rect x="{found.x}" y="{found.y}" width="{found.width}" height="{found.height}"/>'
            in page
        )
        assert "Replace this photo" in page
        assert '<a class="button" href="#submit">Keep this photo</a>' in page
        assert "Submit for verification" in page
        chinese = visitor.get("/case/", headers={"accept-language": "zh-CN"}).content.decode()
        assert "照片有反光" in chinese
        assert "就用这张" in chinese

    def test_a_good_photo_draws_no_remark(self, visitor: Client) -> None:
        page = self.send(visitor, photo(3))
        assert DocumentPage.objects.get().quality == {"version": "1", "problems": []}
        assert "Check this photo" not in page
        assert "<rect" not in page

    def test_another_kind_of_paper_is_never_called_no_licence(self, visitor: Client) -> None:
        self.send(visitor, plain("blank"), kind="authorization_letter")
        assert DocumentPage.objects.get().judged == PhotoQuality()
        self.send(visitor, plain("blank"))
        assert DocumentPage.objects.exclude(
            document__kind="authorization_letter"
        ).get().judged.codes == (NOT_A_LICENCE,)

    def test_a_better_photo_takes_the_place_of_the_bad_one(self, visitor: Client) -> None:
        self.send(visitor, with_lamp(photo(3)))
        bad = Document.objects.get()
        page = self.send(visitor, photo(3), replaces=str(bad.pk))
        good = Document.objects.current().get()
        assert good != bad
        assert "Check this photo" not in page
        assert "Undo" in page

    def test_the_same_photo_again_stays(self, visitor: Client) -> None:
        self.send(visitor, with_lamp(photo(3)))
        bad = Document.objects.get()
        self.send(visitor, with_lamp(photo(3)), replaces=str(bad.pk))
        assert Document.objects.current().get() == bad

    def test_nobody_elses_document_is_replaced(self, visitor: Client, now: datetime) -> None:
        other = make_document(make_case(make_member(now), now), now)
        file = SimpleUploadedFile(
            "photo.jpg", cv2.imencode(".jpg", photo(3))[1].tobytes(), "image/jpeg"
        )
        data = {"kind": "business_licence", "files": [file], "replaces": str(other.pk)}
        assert visitor.post("/case/documents/", data).status_code == 404
        assert Document.objects.get() == other
        other.refresh_from_db()
        assert other.superseded_at is None

    def test_a_reviewer_sees_it_in_one_line(
        self, visitor: Client, case: Case, now: datetime
    ) -> None:
        self.send(visitor, with_lamp(photo(3)))
        case.refresh_from_db()
        with translation.override("en"):
            (shown,) = case_content.case_page(case, None, case_content.NOTHING_TYPED, now)["pages"]
            line = render_to_string("admin/verification/case/parts/pages.html", {"pages": [shown]})
        assert "Noticed at upload: Glare covers part of the text</p>" in line

    def test_pages_that_came_before_say_nothing(
        self, visitor: Client, case: Case, now: datetime
    ) -> None:
        make_document(case, now)
        assert "Check this photo" not in visitor.get("/case/").content.decode()
