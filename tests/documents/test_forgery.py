"""Does a picture that was altered tell of it, and does an honest one stay silent?"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import override
from PIL import Image

from documents.forgery import LEVELS, Kind, Trace, traces_of
from documents.forgery.compression import unlike_the_rest
from documents.forgery.copies import same_patches
from documents.forgery.editors import composes, touches
from documents.forgery.glyphs import out_of_line
from documents.forgery.ground import smoother_than_around
from documents.forgery.model import Picture, back, inside, upright, windows
from documents.forgery.screen import of_screen
from documents.licence.extract import fields_of
from documents.licence.read import picture_of
from documents.ocr.rapid import RapidReader
from documents.specimens import make
from documents.specimens.forgery import ATTACKS, Attack, Photo, attacked, saved
from documents.typesetting import Paper
from verification.cases import wording
from verification.checks.base import Subject, SubjectDocument, SubjectPage
from verification.checks.forgery import Forgery, _read_of_papers
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import about

SEEDS = (5, 3)


@cache
def reader() -> RapidReader:
    return RapidReader()


@dataclass(frozen=True)
class Read:
    """A specimen's picture and where its values stand."""

    picture: Paper
    lines: Mapping[str, Sequence[tuple[int, int, int, int]]]

    @property
    def photo(self) -> Photo:
        return Photo(self.picture, self.lines)

    @property
    def reading(self) -> dict[str, Any]:
        """What the check that reads the page stores of it, as far as this one asks."""
        return {
            "document": "d",
            "page": 1,
            "turn": 0,
            "qr": None,
            "qr_uscc": None,
            "lines": self.lines,
        }


@cache
def read(seed: int, damage: str = "phone") -> Read:
    image = make(seed, "landscape", damage).image
    picture = picture_of(image)
    return Read(
        np.asarray(image), fields_of(reader().read(picture), image.width, image.height).lines
    )


def decoded(jpeg: bytes) -> Picture:
    """Blue green red, as checks have it."""
    with Image.open(io.BytesIO(jpeg)) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def bgr(picture: Paper) -> Picture:
    return np.ascontiguousarray(picture[:, :, ::-1])


def forged(
    seed: int, attack: Attack, damage: str = "phone", quality: int = 92
) -> tuple[Picture, tuple[float, ...]]:
    altered = attacked(
        read(seed, damage).photo,
        attack,
        seed,
        read(6, damage).photo if attack == "pasted_field" else None,
    )
    assert altered
    return decoded(saved(altered[0], quality)), tuple(altered[1])


def worst(traces: list[Trace], kind: Kind) -> Trace:
    return max((trace for trace in traces if trace.kind is kind), key=lambda trace: trace.score)


def meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def looks(traces: list[Trace]) -> set[Kind]:
    return {trace.kind for trace in traces if trace.score >= LEVELS[trace.kind].look}


class TestHonest:
    @pytest.mark.parametrize("damage", ["scan", "phone", "light", "hard", "none"])
    def test_nobody_has_to_look_at_a_picture_as_it_was_taken(self, damage: str) -> None:
        one = read(5, damage)
        assert looks(traces_of(bgr(one.picture), one.lines)) == set()

    @pytest.mark.parametrize("quality", [75, 90])
    @pytest.mark.parametrize("seed", SEEDS)
    def test_nor_at_one_that_a_messenger_passed_on(self, seed: int, quality: int) -> None:
        one = read(seed)
        assert looks(traces_of(decoded(saved(one.picture, quality)), one.lines)) == set()

    def test_nor_where_a_mark_of_use_was_laid_over_the_photo_afterwards(self) -> None:
        """仅供…使用, typed across a photo in a phone's album: it crosses values, and is not of them
        alone.
        """
        one = read(5)
        marked = one.picture.copy()
        height, width = marked.shape[:2]
        for row in range(height // 8, height, height // 6):
            for column in range(width // 12, width, width // 4):
                cv2.putText(
                    marked,
                    "FOR RECRUITMENT ONLY",
                    (column, row),
                    cv2.FONT_HERSHEY_SIMPLEX,
                    0.7,
                    (170, 110, 90),
                    2,
                )
        traces = traces_of(decoded(saved(marked, 92)), one.lines)
        assert looks(traces) & {Kind.COMPRESSION} == set()
        assert Kind.OVERLAY in {trace.kind for trace in traces}

    def test_a_picture_without_values_or_smaller_than_any_window_says_nothing(self) -> None:
        assert traces_of(np.full((40, 60, 3), 200, np.uint8), {}) == []
        assert (
            traces_of(
                np.full((20, 20, 3), 200, np.uint8),
                {"uscc": [(-5, 3, 40, 90)], "name": [(30, 30, 40, 40)]},
            )
            == []
        )


class TestCompression:
    @pytest.mark.parametrize("attack", ["painted_over", "pasted_field"])
    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_value_that_was_put_into_the_photo_has_no_comb(
        self, seed: int, attack: Attack
    ) -> None:
        picture, place = forged(seed, attack)
        found = worst(unlike_the_rest(picture, read(seed).lines), Kind.COMPRESSION)
        assert found.score >= LEVELS[Kind.COMPRESSION].look
        assert meet(found.region, place)

    def test_one_digit_is_enough(self) -> None:
        picture, place = forged(5, "retyped_digit")
        found = worst(unlike_the_rest(picture, read(5).lines), Kind.COMPRESSION)
        assert (
            found.field,
            found.score >= LEVELS[Kind.COMPRESSION].look,
            meet(found.region, place),
        ) == ("uscc", True, True)

    def test_without_an_earlier_comb_nothing_can_be_told(self) -> None:
        one = read(5, "none")
        altered = attacked(one.photo, "painted_over", 5)
        assert altered
        assert unlike_the_rest(bgr(altered[0]), one.lines) == []


class TestCopies:
    @pytest.mark.parametrize("damage", ["phone", "scan"])
    def test_a_digit_that_was_copied_is_found_twice(self, damage: str) -> None:
        picture, place = forged(5, "copied_digit", damage)
        found = worst(same_patches(picture, read(5, damage).lines), Kind.COPY)
        assert found.score >= LEVELS[Kind.COPY].look
        assert meet(found.region, place)

    @pytest.mark.parametrize("damage", ["phone", "scan", "none"])
    def test_equal_digits_of_one_print_are_not(self, damage: str) -> None:
        one = read(5, damage)
        assert all(
            trace.score < LEVELS[Kind.COPY].look
            for trace in same_patches(bgr(one.picture), one.lines)
        )

    @pytest.mark.parametrize("turn", [90, 180, 270])
    def test_whichever_way_the_page_lies(self, turn: int) -> None:
        """`turn` degrees clockwise would set it upright, so it lies turned the other way."""
        picture, place = forged(5, "copied_digit")
        height, width = picture.shape[:2]
        lying = np.ascontiguousarray(np.rot90(picture, turn // 90))
        line = lain(tuple(read(5).lines["uscc"][0]), turn, width, height)
        found = worst(same_patches(lying, {"uscc": [line]}, turn), Kind.COPY)
        assert found.score >= LEVELS[Kind.COPY].look
        assert meet(found.region, lain(place, turn, width, height))


def lain(region: tuple[float, ...], turn: int, width: int, height: int) -> tuple[float, ...]:
    """`region` of an upright page of `width` × `height`, after that was turned counter-clockwise by
    `turn` degrees.
    """
    x0, y0, x1, y1 = region
    if turn == 90:
        return y0, width - x1, y1, width - x0
    if turn == 180:
        return width - x1, height - y1, width - x0, height - y0
    return height - y1, x0, height - y0, x1


class TestGround:
    def grainy(self) -> Picture:
        rng = np.random.default_rng(1)
        return np.asarray(
            np.clip(210 + rng.normal(0, 6, (120, 400, 1)) + np.zeros(3), 0, 255), np.uint8
        )

    def test_ground_without_grain_on_grainy_paper_is_seen(self) -> None:
        picture = self.grainy()
        picture[40:70, 100:260] = 210
        cv2.putText(picture, "1234567", (105, 62), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (40, 40, 40), 1)
        (trace,) = smoother_than_around(picture, {"name": [(100, 40, 260, 70)]})
        assert trace.score >= LEVELS[Kind.GROUND].look

    def test_print_on_the_same_paper_is_not(self) -> None:
        picture = self.grainy()
        cv2.putText(picture, "1234567", (105, 62), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (40, 40, 40), 1)
        (trace,) = smoother_than_around(picture, {"name": [(100, 40, 260, 70)]})
        assert trace.score < LEVELS[Kind.GROUND].note


class TestGlyphs:
    def line(self, odd: int | None = None) -> Picture:
        """Twelve digits, softened by a lens; one of them typed in afterwards in crisp blue, and
        lower.
        """
        picture = np.full((60, 420, 3), 215, np.uint8)
        for at, character in enumerate("918203746152"):
            if at != odd:
                cv2.putText(
                    picture,
                    character,
                    (12 + at * 33, 44),
                    cv2.FONT_HERSHEY_SIMPLEX,
                    1.1,
                    (60, 60, 60),
                    2,
                    cv2.LINE_AA,
                )
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.6), np.uint8)
        picture = np.asarray(
            np.clip(picture + np.random.default_rng(2).normal(0, 2, picture.shape), 0, 255),
            np.uint8,
        )
        if odd is not None:
            cv2.putText(
                picture, "4", (12 + odd * 33, 49), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (120, 10, 10), 3
            )
        return picture

    def test_a_character_of_another_ink_and_height_is_out_of_line(self) -> None:
        (trace,) = out_of_line(self.line(odd=5), {"uscc": [(0, 0, 420, 60)]})
        assert trace.score >= LEVELS[Kind.GLYPH].look
        assert meet(trace.region, (12 + 5 * 33, 10, 12 + 6 * 33, 55))

    def test_one_print_is_in_line(self) -> None:
        (trace,) = out_of_line(self.line(), {"uscc": [(0, 0, 420, 60)]})
        assert trace.score < LEVELS[Kind.GLYPH].note

    def test_a_line_of_few_characters_is_not_judged(self) -> None:
        assert out_of_line(self.line(odd=2)[:, :160], {"uscc": [(0, 0, 160, 60)]}) == []


class TestScreen:
    @pytest.mark.parametrize("damage", ["phone", "none"])
    def test_a_photo_of_a_screen_shows_its_grid(self, damage: str) -> None:
        picture, _ = forged(5, "recaptured", damage, quality=85)
        assert of_screen(picture).score >= LEVELS[Kind.SCREEN].look

    @pytest.mark.parametrize(
        "damage", ["scan", "phone", "light", "hard", "none", "photocopy", "noise"]
    )
    def test_paper_does_not(self, damage: str) -> None:
        assert (
            of_screen(bgr(np.asarray(make(4, "portrait", damage).image))).score
            < LEVELS[Kind.SCREEN].note
        )


class TestPlaces:
    @pytest.mark.parametrize("turn", [0, 90, 180, 270])
    def test_a_place_on_the_upright_strip_is_told_as_one_on_the_page(self, turn: int) -> None:
        page = np.zeros((50, 80, 3), np.uint8)
        page[20:24, 30:37] = 255
        line = (10, 10, 70, 45)
        strip = upright(page, line, turn)
        ys, xs = np.nonzero(strip[..., 0])
        place = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
        assert back(place, line, turn) == (30, 20, 37, 24)

    def test_windows_go_along_the_line_and_stay_on_it(self) -> None:
        assert windows((0, 0, 40, 20)) == [(0, 0, 20, 20), (10, 0, 30, 20), (20, 0, 40, 20)]
        assert windows((5, 0, 15, 25)) == [
            (5, 0, 15, 10),
            (5, 5, 15, 15),
            (5, 10, 15, 20),
            (5, 15, 15, 25),
        ]
        assert inside((-3, 4, 99, 9.6), 50, 60) == (0, 4, 50, 10)


class TestEditors:
    @pytest.mark.parametrize(
        "name",
        [
            "Adobe Photoshop CC 2019 (Windows)",
            "GIMP 2.10.34",
            "美图秀秀",
            "Adobe Illustrator 27.0",
            "PicsArt",
        ],
    )
    def test_editors_are_known(self, name: str) -> None:
        assert composes(name) and touches(name)

    @pytest.mark.parametrize(
        "name", ["Adobe Photoshop Lightroom 6.0", "Snapseed 2.0", "ACDSee Pro 10"]
    )
    def test_programs_for_light_and_frame_are_less(self, name: str) -> None:
        assert touches(name) and not composes(name)

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "16.5.1",
            "HUAWEI P40 10.1.0",
            "MediaTek Camera Application",
            "iOS 17",
            "Microsoft® Word 2019",
            "WPS 文字",
            "EPSON Scan",
            "iText 7",
        ],
    )
    def test_phones_scanners_and_offices_are_none(self, name: str) -> None:
        assert not touches(name)


# --- The check ------------------------------------------------------------------------------------

DOCUMENT = SubjectDocument("d", "business_licence", "", "", {}, ())
SUBJECT = Subject(
    case_id="case",
    employer_id="employer",
    name="云溪市示例科技有限公司",
    uscc="",
    legal_representative="",
    account_class="direct_employer",
    recruiter_email="hr@shili.example",
    recruiter_email_verified=True,
    documents=(DOCUMENT,),
    now=datetime(2026, 11, 24, tzinfo=UTC),
)


def observed(*traces: Trace, editor: str = "") -> dict[str, Any]:
    return {
        "document": "d",
        "page": 2,
        "editor": editor,
        "traces": [trace.as_json() for trace in traces],
        "others": [],
    }


def judged(observation: dict[str, Any], **reading: Any) -> list[Finding]:
    return Forgery().judge(
        SUBJECT, {"reading": {"qr": None, "qr_uscc": None} | reading}, observation
    )


def codes(findings: list[Finding]) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in findings}


def trace(kind: Kind, strong: bool, field: str = "uscc") -> Trace:
    level = LEVELS[kind]
    return Trace(kind, level.look if strong else level.note, (1, 2, 3, 4), field)


class TestJudging:
    @pytest.mark.parametrize(
        ("kind", "reason"),
        [
            (Kind.COMPRESSION, "forgery_inconsistent_compression"),
            (Kind.GROUND, "forgery_retyped_field"),
            (Kind.GLYPH, "forgery_retyped_field"),
            (Kind.COPY, "forgery_copied_patch"),
            (Kind.SCREEN, "document_recapture"),
        ],
    )
    def test_a_strong_trace_calls_a_person_and_a_weak_one_is_noted(
        self, kind: Kind, reason: str
    ) -> None:
        (finding,) = judged(observed(trace(kind, strong=True)))
        assert (finding.code, finding.severity, finding.page, finding.region, finding.field) == (
            reason,
            Severity.UNABLE,
            2,
            (1, 2, 3, 4),
            "uscc",
        )
        assert codes(judged(observed(trace(kind, strong=False)))) == {
            f"{kind}_noted": Severity.NOTE
        }

    def test_print_that_is_off_the_comb_everywhere_was_not_pasted(self) -> None:
        compressed = [
            trace(Kind.COMPRESSION, strong=True, field=field) for field in ("uscc", "name", "term")
        ]
        assert codes(judged(observed(*compressed))) == {"compression_noted": Severity.NOTE}
        assert (
            codes(judged(observed(*compressed[:2])))["forgery_inconsistent_compression"]
            is Severity.UNABLE
        )
        assert (
            codes(judged(observed(trace(Kind.COMPRESSION, strong=True, field="business_scope"))))[
                "compression_noted"
            ]
            is Severity.NOTE
        )

    def test_nothing_here_is_ever_more_than_a_question(self) -> None:
        every = observed(
            *(Trace(kind, 1e9, (0, 0, 1, 1)) for kind in Kind if kind is not Kind.OVERLAY),
            editor="Photoshop",
        )
        assert (
            max(finding.severity for finding in judged(every, qr="http://evil.example/"))
            is Severity.UNABLE
        )

    def test_an_overlay_is_never_held_against_anybody(self) -> None:
        assert (
            codes(judged(observed(Trace(Kind.OVERLAY, 1e6, (0, 0, 9, 9)))))["overlay_noted"]
            is Severity.NOTE
        )

    def test_of_one_kind_and_field_the_strongest_is_told(self) -> None:
        told = judged(
            observed(
                trace(Kind.COPY, strong=False),
                replace(trace(Kind.COPY, strong=True), region=(5, 6, 7, 8)),
            )
        )
        assert [(finding.code, finding.region) for finding in told] == [
            ("forgery_copied_patch", (5, 6, 7, 8))
        ]

    def test_an_editors_name_alone_is_a_note_and_with_a_trace_a_question(self) -> None:
        assert codes(judged(observed(editor="GIMP 2.10"))) == {"editor_noted": Severity.NOTE}
        assert (
            codes(judged(observed(trace(Kind.COPY, strong=False), editor="GIMP 2.10")))[
                "forgery_edited"
            ]
            is Severity.UNABLE
        )
        assert codes(judged(observed(editor="iOS 17.2"))) == {"no_trace_of_editing": Severity.PASS}

    def test_an_editor_is_of_the_place_of_its_strongest_trace_or_of_the_whole_page(self) -> None:
        weak, strong = (
            replace(trace(Kind.COMPRESSION, strong=False), region=(5, 6, 7, 8)),
            trace(Kind.COPY, strong=True),
        )
        screen = Trace(Kind.SCREEN, 1e9, (0, 0, 800, 600))
        assert weak.score > strong.score, "of kinds with different measures"
        found = {f.code: f for f in judged(observed(weak, strong, screen, editor="GIMP 2.10"))}
        assert (found["forgery_edited"].page, found["forgery_edited"].region) == (2, (1, 2, 3, 4))
        (noted,) = judged(observed(editor="GIMP 2.10") | {"size": [800, 600]})
        assert (noted.code, noted.page, noted.region) == ("editor_noted", 2, (0, 0, 800, 600))
        with override("en"):
            assert "the whole page" in str(wording.FOUND["editor_noted"].staff)

    @pytest.mark.parametrize(
        ("payload", "code"),
        [("http://222.76.242.84/x", "qr_noted"), ("http://evil.example", "qr_not_registry")],
    )
    def test_a_code_is_told_of_at_its_place(self, payload: str, code: str) -> None:
        (found,) = [
            f
            for f in judged(observed(), qr=payload, page=2, regions={"qr": [9, 8, 70, 60]})
            if f.field == "qr"
        ]
        assert (found.code, found.page, found.region) == (code, 2, (9, 8, 70, 60))

    @pytest.mark.parametrize(
        ("payload", "code"),
        [
            ("http://www.gsxt.gov.cn/index.html?uniscid=x", None),
            ("https://sc.gsxt.gov.cn/a", None),
            ("http://qyxy.baic.gov.cn/x", None),
            ("编号 123", None),
            ("http://222.76.242.84/x", "qr_noted"),
            ("http://gsxt.gov.cn.query-licence.example/?uniscid=1", "qr_not_registry"),
            ("https://www.gsxt-gov.cn/?uniscid=1", "qr_not_registry"),
            ("http://evilgov.cn/", "qr_not_registry"),
            ("http://[::1", "qr_not_registry"),
            ("evil.example/?统一社会信用代码:x", "qr_not_registry"),
            ("http://222.76.242.84/x http://evil.example", "qr_not_registry"),
        ],
    )
    def test_a_code_that_leads_elsewhere_is_told(self, payload: str, code: str | None) -> None:
        told = {finding.code for finding in judged(observed(), qr=payload)} - {
            "no_trace_of_editing"
        }
        assert told == ({code} if code else set())

    def test_a_foreign_host_is_one_whatever_company_its_address_names(self) -> None:
        assert codes(judged(observed(), qr="http://x.example", qr_uscc="91")) == {
            "qr_not_registry": Severity.UNABLE
        }

    def test_without_a_licence_there_is_nothing_to_say(self) -> None:
        assert Forgery().observe(replace(SUBJECT, documents=()), {}) == {
            "document": None,
            "others": [],
        }
        assert judged({"document": None, "others": []}) == []

    def test_other_papers_are_looked_at_as_well_and_named(self) -> None:
        """An edited HR service licence, beside a business licence that nobody has touched."""
        other = (
            {"kind": "hr_service_licence"}
            | observed(trace(Kind.COMPRESSION, True, "name"), editor="GIMP 2.10")
            | {"document": "hr", "page": 1}
        )
        found = [
            f for f in judged(observed() | {"others": [other]}) if f.severity is Severity.UNABLE
        ]
        assert {f.code for f in found} == {"forgery_inconsistent_compression", "forgery_edited"}
        assert {(f.document, f.field, f.page) for f in found if f.region} == {
            ("hr", "hr_service_licence", 1)
        }
        assert {about(f.code, f.field) for f in found} == {"agency_licence"}
        assert judged({"document": None, "others": [other]}) == found, (
            "a body that has no business licence"
        )

    def test_places_are_known_by_the_check_that_read_the_paper(self) -> None:
        paper = {
            "document": "hr",
            "page": 2,
            "regions": {"name": [0, 0, 300, 40], "scope": [0, 0, 300, 290]},
        }
        read = _read_of_papers({"licence": paper, "clients": [paper | {"document": "letter"}]})
        assert read == {
            "hr": (2, {"name": [[0, 0, 300, 40]]}, 0),
            "letter": (2, {"name": [[0, 0, 300, 40]]}, 0),
        }
        assert _read_of_papers({"broken": "x"}) == _read_of_papers({"licence": None}) == {}


class TestObserving:
    def subject(self, jpeg: bytes) -> Subject:
        name = default_storage.save("pages/forgery-test.jpg", ContentFile(jpeg))
        document = replace(DOCUMENT, editor="Photoshop", pages=(SubjectPage(name, 1, "0" * 16),))
        return replace(SUBJECT, documents=(document,))

    @pytest.mark.django_db
    def test_the_page_that_was_read_is_looked_at_where_its_values_stand(self) -> None:
        altered = attacked(read(5).photo, "copied_digit", 5)
        assert altered
        reading = read(5).reading
        observation = Forgery().observe(self.subject(saved(altered[0], 92)), {"reading": reading})
        assert "copy" in {told["kind"] for told in observation["traces"]}
        assert (observation["editor"], observation["page"]) == ("Photoshop", 1)
        assert observation["size"] == [altered[0].shape[1], altered[0].shape[0]]
        found = Forgery().judge(SUBJECT, {"reading": reading}, observation)
        assert {"forgery_copied_patch", "forgery_edited"} <= {
            finding.code for finding in found if finding.region
        }

    @pytest.mark.django_db
    def test_without_a_reading_the_page_as_a_whole_is_still_looked_at(self) -> None:
        altered = attacked(read(5).photo, "recaptured", 5)
        assert altered
        observation = Forgery().observe(self.subject(saved(altered[0], 92)), {})
        assert {told["kind"] for told in observation["traces"]} == {"screen"}


class TestAttacks:
    @pytest.mark.parametrize("attack", ATTACKS)
    def test_each_alters_the_place_that_it_tells_and_no_other(self, attack: Attack) -> None:
        one = read(5)
        altered = attacked(one.photo, attack, 5, read(6).photo)
        assert altered
        picture, (x0, y0, x1, y1) = altered
        differs = np.asarray((picture != one.picture).any(axis=2))
        assert differs[round(y0) : round(y1), round(x0) : round(x1)].any()
        margin = 4 if attack == "painted_over" else 2  # a typed letter may reach beyond its box
        outside = differs.copy()
        outside[
            max(0, round(y0) - margin) : round(y1) + margin,
            max(0, round(x0) - margin) : round(x1) + margin,
        ] = False
        assert not outside.any()

    def test_equal_arguments_equal_picture_and_other_seeds_other_ones(self) -> None:
        one, same, other = (attacked(read(5).photo, "copied_digit", seed) for seed in (1, 1, 2))
        assert one and same and other
        assert (one[0] == same[0]).all() and one[1] == same[1] and one[1] != other[1]

    @pytest.mark.parametrize("attack", ["retyped_digit", "painted_over", "pasted_field"])
    def test_where_nothing_was_read_there_is_nothing_to_alter(self, attack: Attack) -> None:
        assert attacked(Photo(read(5).picture, {}), attack, 1) is None
