"""Tests of the traces that an altered picture shows and an honest one does not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from documents.forgery import LEVELS, Kind, Trace, traces_of
from documents.forgery.compression import unlike_the_rest
from documents.forgery.copies import same_patches
from documents.forgery.editors import is_composing_editor, is_editor
from documents.forgery.glyphs import out_of_line
from documents.forgery.ground import smoother_than_around
from documents.forgery.model import Picture, clip_region, line_windows, region_on_page, upright_line
from documents.forgery.screen import of_screen
from documents.specimens import make_specimen
from documents.specimens.forgery import ATTACKS, Attack, Photo, attack_photo, save_as_editor
from tests.documents.altered_pictures import bgr, decoded, forged, read

SEEDS = (5, 3)


def worst(traces: list[Trace], kind: Kind) -> Trace:
    return max((trace for trace in traces if trace.kind is kind), key=lambda trace: trace.score)


def meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def for_review(traces: list[Trace]) -> set[Kind]:
    return {trace.kind for trace in traces if trace.score >= LEVELS[trace.kind].review}


class TestHonest:
    @pytest.mark.parametrize("damage", ["scan", "phone", "light", "hard", "none"])
    @pytest.mark.sampled(1)
    def test_nobody_has_to_look_at_a_picture_as_it_was_taken(self, damage: str) -> None:
        one = read(5, damage)
        assert for_review(traces_of(bgr(one.picture), one.lines)) == set()

    @pytest.mark.parametrize("quality", [75, 90])
    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.sampled(1)
    def test_nor_at_one_that_a_messenger_passed_on(self, seed: int, quality: int) -> None:
        one = read(seed)
        assert (
            for_review(traces_of(decoded(save_as_editor(one.picture, quality)), one.lines)) == set()
        )

    def test_nor_where_a_mark_of_use_was_laid_over_the_photo_afterwards(self) -> None:
        """仅供…使用, typed across a photo in a phone's album: it crosses values and all else."""
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
        traces = traces_of(decoded(save_as_editor(marked, 92)), one.lines)
        assert for_review(traces) & {Kind.COMPRESSION} == set()
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
    @pytest.mark.sampled(1)
    def test_a_value_that_was_put_into_the_photo_has_no_comb(
        self, seed: int, attack: Attack
    ) -> None:
        picture, region = forged(seed, attack)
        found = worst(unlike_the_rest(picture, read(seed).lines), Kind.COMPRESSION)
        assert found.score >= LEVELS[Kind.COMPRESSION].review
        assert meet(found.region, region)

    def test_one_digit_is_enough(self) -> None:
        picture, region = forged(5, "retyped_digit")
        found = worst(unlike_the_rest(picture, read(5).lines), Kind.COMPRESSION)
        assert (
            found.field,
            found.score >= LEVELS[Kind.COMPRESSION].review,
            meet(found.region, region),
        ) == ("uscc", True, True)

    def test_without_an_earlier_comb_nothing_can_be_told(self) -> None:
        one = read(5, "none")
        altered = attack_photo(one.photo, "painted_over", 5)
        assert altered
        assert unlike_the_rest(bgr(altered[0]), one.lines) == []


class TestCopies:
    @pytest.mark.parametrize("damage", ["phone", "scan"])
    def test_a_digit_that_was_copied_is_found_twice(self, damage: str) -> None:
        picture, region = forged(5, "copied_digit", damage)
        found = worst(same_patches(picture, read(5, damage).lines), Kind.COPY)
        assert found.score >= LEVELS[Kind.COPY].review
        assert meet(found.region, region)

    @pytest.mark.parametrize("damage", ["phone", "scan", "none"])
    def test_equal_digits_of_one_print_are_not(self, damage: str) -> None:
        one = read(5, damage)
        assert all(
            trace.score < LEVELS[Kind.COPY].review
            for trace in same_patches(bgr(one.picture), one.lines)
        )

    @pytest.mark.parametrize("rotation", [90, 180, 270])
    def test_whichever_way_the_page_lies(self, rotation: int) -> None:
        """The page is turned the other way: `rotation` degrees clockwise would set it upright."""
        picture, region = forged(5, "copied_digit")
        height, width = picture.shape[:2]
        lying = np.ascontiguousarray(np.rot90(picture, rotation // 90))
        line = lain(tuple(read(5).lines["uscc"][0]), rotation, width, height)
        found = worst(same_patches(lying, {"uscc": [line]}, rotation), Kind.COPY)
        assert found.score >= LEVELS[Kind.COPY].review
        assert meet(found.region, lain(region, rotation, width, height))


def lain(region: tuple[float, ...], rotation: int, width: int, height: int) -> tuple[float, ...]:
    """Return `region` after its page (`width` × `height`) was turned counter-clockwise.

    `rotation` is in degrees.
    """
    x0, y0, x1, y1 = region
    if rotation == 90:
        return y0, width - x1, y1, width - x0
    if rotation == 180:
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
        assert trace.score >= LEVELS[Kind.GROUND].review

    def test_print_on_the_same_paper_is_not(self) -> None:
        picture = self.grainy()
        cv2.putText(picture, "1234567", (105, 62), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (40, 40, 40), 1)
        (trace,) = smoother_than_around(picture, {"name": [(100, 40, 260, 70)]})
        assert trace.score < LEVELS[Kind.GROUND].note


class TestGlyphs:
    def line(self, odd: int | None = None) -> Picture:
        """Twelve digits, softened by a lens; one was typed in later, lower, in crisp blue."""
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
        assert trace.score >= LEVELS[Kind.GLYPH].review
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
        assert of_screen(picture).score >= LEVELS[Kind.SCREEN].review

    @pytest.mark.parametrize(
        "damage", ["scan", "phone", "light", "hard", "none", "photocopy", "noise"]
    )
    @pytest.mark.sampled(2)
    def test_paper_does_not(self, damage: str) -> None:
        assert (
            of_screen(bgr(np.asarray(make_specimen(4, "portrait", damage).image))).score
            < LEVELS[Kind.SCREEN].note
        )


class TestPlaces:
    @pytest.mark.parametrize("rotation", [0, 90, 180, 270])
    def test_a_place_on_the_upright_strip_is_told_as_one_on_the_page(self, rotation: int) -> None:
        page = np.zeros((50, 80, 3), np.uint8)
        page[20:24, 30:37] = 255
        line = (10, 10, 70, 45)
        strip = upright_line(page, line, rotation)
        ys, xs = np.nonzero(strip[..., 0])
        region = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
        assert region_on_page(region, line, rotation) == (30, 20, 37, 24)

    def test_windows_go_along_the_line_and_stay_on_it(self) -> None:
        assert line_windows((0, 0, 40, 20)) == [(0, 0, 20, 20), (10, 0, 30, 20), (20, 0, 40, 20)]
        assert line_windows((5, 0, 15, 25)) == [
            (5, 0, 15, 10),
            (5, 5, 15, 15),
            (5, 10, 15, 20),
            (5, 15, 15, 25),
        ]
        assert clip_region((-3, 4, 99, 9.6), 50, 60) == (0, 4, 50, 10)


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
        assert is_composing_editor(name) and is_editor(name)

    @pytest.mark.parametrize(
        "name", ["Adobe Photoshop Lightroom 6.0", "Snapseed 2.0", "ACDSee Pro 10"]
    )
    def test_programs_for_light_and_frame_are_less(self, name: str) -> None:
        assert is_editor(name) and not is_composing_editor(name)

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
        assert not is_editor(name)


# --- The check ------------------------------------------------------------------------------------


class TestAttacks:
    @pytest.mark.parametrize("attack", ATTACKS)
    def test_each_alters_the_place_that_it_tells_and_no_other(self, attack: Attack) -> None:
        one = read(5)
        altered = attack_photo(one.photo, attack, 5, read(6).photo)
        assert altered
        picture, (x0, y0, x1, y1) = altered
        differs = np.asarray((picture != one.picture).any(axis=2))
        assert differs[round(y0) : round(y1), round(x0) : round(x1)].any()
        margin = 4 if attack == "painted_over" else 2  # a typed letter may extend beyond its box
        outside = differs.copy()
        outside[
            max(0, round(y0) - margin) : round(y1) + margin,
            max(0, round(x0) - margin) : round(x1) + margin,
        ] = False
        assert not outside.any()

    def test_equal_arguments_equal_picture_and_other_seeds_other_ones(self) -> None:
        one, same, other = (attack_photo(read(5).photo, "copied_digit", seed) for seed in (1, 1, 2))
        assert one and same and other
        assert (one[0] == same[0]).all() and one[1] == same[1] and one[1] != other[1]

    @pytest.mark.parametrize("attack", ["retyped_digit", "painted_over", "pasted_field"])
    def test_where_nothing_was_read_there_is_nothing_to_alter(self, attack: Attack) -> None:
        assert attack_photo(Photo(read(5).picture, {}), attack, 1) is None
