"""Tests of reading the other documents from pictures: print, seals, and kind."""

from __future__ import annotations

import io
import json
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from documents.licence.read import picture_of
from documents.ocr import READERS
from documents.ocr.base import Picture, Reader
from documents.page.boxes import TextBox
from documents.papers.read import KINDS, read_paper
from documents.papers.seals import find_seals, unroll_seal, with_seals_removed
from documents.specimens import Company, make_specimen
from documents.specimens.hr_service import LAYOUTS as LICENCE_LAYOUTS
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import LAYOUTS as LETTER_LAYOUTS
from documents.specimens.letter import make_letter
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from tests.documents.licence.test_read import Shelf
from tests.documents.printed import ScriptedReader, line

BLANK = Image.new("RGB", (600, 400), "white")
FIRST = READERS[:1]


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).rstrip("。.")


def wrong(read: dict[str, str], truth: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {
        name: (read.get(name, ""), text)
        for name, text in truth.items()
        if plain(read.get(name, "")) != plain(text)
    }


def says(*texts: str) -> list[TextBox]:
    """A page of `texts`, one line below another."""
    return [line(10, 40 * i + 10, text, 20) for i, text in enumerate(texts)]


LICENCE = says("人力资源服务许可证", "许可证编号：990108230123", "单位名称：示例人力资源有限公司")


@pytest.mark.reading
@pytest.mark.parametrize("damage", ["none", pytest.param("light", marks=pytest.mark.accuracy)])
@pytest.mark.parametrize("layout", LICENCE_LAYOUTS)
@pytest.mark.sampled(1)
def test_hr_service_licences(layout: str, damage: str) -> None:
    specimen = make_hr_service(21, layout, damage)
    reading = read_paper("hr_service_licence", [BLANK, specimen.image], FIRST)
    truth = dict(specimen.fields)
    authority = truth.pop("authority")  # the ring may cover its end
    assert wrong(reading.fields, truth) == {}
    assert authority.startswith(reading.fields.get("authority", "?")[:-1])
    assert (
        reading.titled and reading.page == 2 and reading.reader == "rapid" and reading.seconds > 0
    )
    assert json.loads(json.dumps(reading.as_json()))["regions"]["name"] == list(
        reading.regions["name"]
    )


@pytest.mark.reading
@pytest.mark.parametrize("damage", ["none", pytest.param("light", marks=pytest.mark.accuracy)])
@pytest.mark.parametrize("layout", LETTER_LAYOUTS)
@pytest.mark.sampled(1)
def test_letters(layout: str, damage: str) -> None:
    specimen = make_letter(23, layout, damage)
    reading = read_paper("authorization_letter", [specimen.image], FIRST)
    assert wrong(reading.fields, specimen.fields) == {}
    assert reading.titled and reading.sealed
    assert reading.signed is (True if layout != "introduction" else None)
    assert reading.seal_region is not None
    if (
        damage == "none" or reading.seal_text
    ):  # a photographed ring is not always legible, and then no text is reported
        assert len(set(plain(reading.seal_text)) & set(plain(specimen.fields["company"]))) >= 4
    json.dumps(reading.as_json())


@pytest.mark.reading
@pytest.mark.slow
def test_a_letter_that_nobody_sealed_or_signed() -> None:
    specimen = make_letter(24, "form", sealed="no", signed="no")
    reading = read_paper("authorization_letter", [specimen.image], FIRST)
    assert reading.signed is False and not reading.seal_text and reading.seal_region is None
    assert reading.sealed is None  # black and white, like a copy
    assert (
        read_paper(
            "authorization_letter", [make_letter(24, "form", sealed="no").image], FIRST
        ).sealed
        is False
    )
    assert reading.fields["company"] == specimen.fields["company"]


@pytest.mark.reading
@pytest.mark.slow
def test_another_companys_seal_is_read_as_it_is() -> None:
    other = Company.fictitious(31).name
    specimen = make_letter(24, "form", seal_text=other)
    reading = read_paper("authorization_letter", [specimen.image], FIRST)
    assert plain(reading.seal_text) == plain(other)
    assert reading.fields["company"] == specimen.fields["company"]


@pytest.mark.reading
@pytest.mark.accuracy
def test_a_copy_without_colour_leaves_the_seal_undecided() -> None:
    reading = read_paper(
        "authorization_letter", [make_letter(24, "form", "photocopy").image], FIRST
    )
    assert reading.sealed is None
    assert reading.fields["recruiter"] == make_letter(24, "form").fields["recruiter"]


@pytest.mark.reading
@pytest.mark.accuracy
@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_letter_on_its_side(turned: int) -> None:
    specimen = make_letter(24, "sentence", turned=turned)
    reading = read_paper("authorization_letter", [specimen.image], FIRST)
    assert wrong(reading.fields, specimen.fields) == {}
    assert plain(reading.seal_text) == plain(specimen.fields["company"])


@pytest.mark.reading
@pytest.mark.accuracy
def test_the_wrong_paper_says_so() -> None:
    business, licence, letter = (
        make_specimen(11).image,
        make_hr_service(11).image,
        make_letter(11).image,
    )
    assert not read_paper("hr_service_licence", [business], FIRST).titled
    assert not read_paper("hr_service_licence", [letter], FIRST).titled
    assert not read_paper("authorization_letter", [licence], FIRST).titled
    assert not read_paper("authorization_letter", [business], FIRST).titled


@pytest.mark.reading
def test_a_business_licence_is_read_by_its_own_door() -> None:
    reading = read_paper("business_licence", [make_specimen(11).image], FIRST)
    assert reading.looks_like_licence and reading.fields["uscc"] == make_specimen(11).fields["uscc"]


@pytest.mark.reading
@pytest.mark.slow
def test_pages_are_taken_one_at_a_time_and_only_until_the_paper_is_found() -> None:
    shelf = Shelf(BLANK, make_letter(24, "form").image, BLANK)
    reading = read_paper("authorization_letter", shelf, FIRST)
    assert reading.page == 2 and reading.sealed and reading.titled
    assert (shelf.asked, shelf.held) == ([0, 1, 1], 0), "once for the page, and once for its seal"


# --- The choice of readers ----- ------------------------------------------------------------------


def test_the_second_reader_rests_when_the_first_saw_enough() -> None:
    second = ScriptedReader("b", [])
    reading = read_paper("hr_service_licence", [BLANK], [ScriptedReader("a", LICENCE), second])
    assert (reading.reader, second.pages) == ("a", [])


def test_the_second_reader_adds_what_the_first_lacks_and_replaces_nothing() -> None:
    second = ScriptedReader(
        "b", [LICENCE[0], *says("", "许可证编号：990108239999")[1:], LICENCE[2]]
    )
    reading = read_paper("hr_service_licence", [BLANK], [ScriptedReader("a", LICENCE[:2]), second])
    assert reading.fields == {"number": "990108230123", "name": "示例人力资源有限公司"}
    assert reading.reader == "a+b"


@pytest.mark.parametrize("failure", [ProviderBroken("x"), ProviderUnavailable("x")])
def test_the_second_reader_takes_over_when_the_first_fails(failure: ProviderError) -> None:
    reading = read_paper(
        "hr_service_licence", [BLANK], [ScriptedReader("a", failure), ScriptedReader("b", LICENCE)]
    )
    assert reading.reader == "b" and reading.titled


def test_no_reader_at_all_is_the_providers_failure() -> None:
    readers: list[Reader] = [
        ScriptedReader("a", ProviderBroken("x")),
        ScriptedReader("b", [], there=False),
    ]
    with pytest.raises(ProviderBroken):
        read_paper("authorization_letter", [BLANK], readers)
    with pytest.raises(ProviderUnavailable):
        read_paper("hr_service_licence", [BLANK], readers[1:])


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="tax_form"):
        read_paper("tax_form", [BLANK], FIRST)  # type: ignore[call-overload]
    assert len(KINDS) == 3


# --- Seals ----------------------------------------------------------------------------------------


def drawn(colour: tuple[int, int, int], shape: str) -> Picture:
    """A shape of 70 px in `colour` (blue, green, red) on a white page of 1000 × 800."""
    page = np.full((1000, 800, 3), 255, np.uint8)
    if shape == "ring":
        cv2.circle(page, (400, 600), 70, colour, 5, cv2.LINE_AA)
        cv2.circle(page, (400, 600), 20, colour, -1, cv2.LINE_AA)
    elif shape == "disc":
        cv2.circle(page, (400, 600), 70, colour, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(page, (330, 530), (470, 670), colour, 6)
    return page


def test_a_ring_of_red_is_a_seal() -> None:
    (seal,) = find_seals(drawn((48, 38, 208), "ring"))
    assert abs(seal.area - np.pi * 72**2) < 1500
    assert seal.roundness > 0.95 and 0.1 < seal.red_share < 0.4
    x0, y0, x1, y1 = seal.region
    assert abs(x0 - 328) < 5 and abs(y1 - 673) < 5 and x1 - x0 == pytest.approx(y1 - y0, abs=4)


@pytest.mark.parametrize(
    ("colour", "shape"),
    [
        ((200, 60, 40), "ring"),
        ((40, 40, 40), "ring"),
        ((40, 170, 220), "ring"),
        ((48, 38, 208), "disc"),
        ((48, 38, 208), "square"),
    ],
)
def test_what_is_no_seal(colour: tuple[int, int, int], shape: str) -> None:
    assert find_seals(drawn(colour, shape)) == ()


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 900, 3), (400, 2, 3)])
def test_any_picture_is_survived(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    assert find_seals(rng.integers(0, 256, shape).astype(np.uint8)) == ()


def test_what_lies_under_a_seal_is_laid_open_and_the_rest_stays() -> None:
    picture = picture_of(make_letter(24, "form").image)
    seals = find_seals(picture)
    clean = with_seals_removed(picture, seals)
    assert len(seals) == 1 and find_seals(clean) == ()
    x0, y0, x1, y1 = seals[0].region
    assert (clean[:y0] == picture[:y0]).all() and (
        clean[y0:y1, x0:x1] != picture[y0:y1, x0:x1]
    ).any()
    assert unroll_seal(picture, seals[0]).shape[1] > 1000


# --- Specimens and their command ------ -----------------------------------------------------------


@pytest.mark.slow
def test_equal_arguments_give_equal_pictures_and_truths_of_nobody() -> None:
    for layout in LETTER_LAYOUTS:
        one, other = make_letter(5, layout, "light"), make_letter(5, layout, "light")
        assert one.image.tobytes() == other.image.tobytes() and one.fields == other.fields
        assert (
            one.company.uscc[2:4] == "99"
            and "id_number" not in one.fields
            and len(one.fields["id_last4"]) == 4
        )
    for form in LICENCE_LAYOUTS:
        assert make_hr_service(5, form).image.tobytes() != make_hr_service(6, form).image.tobytes()


def test_what_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="round"):
        make_letter(1, "round")
    with pytest.raises(ValueError, match="wet"):
        make_hr_service(1, "wide", "wet")
    with pytest.raises(ValueError, match="colour"):
        make_hr_service(1, colour="red")
    with pytest.raises(ValueError, match="dated_on"):
        make_letter(1, dated_on="yesterday")


def test_make_paper(tmp_path: Path) -> None:
    out = io.StringIO()
    file = tmp_path / "letter-{seed}.png"
    call_command(
        "make_paper",
        kind="authorization_letter",
        seed=7,
        out=file,
        count=2,
        json=True,
        set=["recruiter=林样本", "sealed=no"],
        stdout=out,
    )
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["seed"] for line in lines] == [7, 8]
    assert lines[0]["fields"]["recruiter"] == "林样本" and lines[0]["sealed"] is False
    assert Image.open(tmp_path / "letter-8.png").size == (1130, 1600)
    for odd in (
        {"set": ["colour=red"]},
        {"out": tmp_path / "x.gif"},
        {"count": 2},
        {"damage": "wet"},
        {"layout": "round"},
    ):
        with pytest.raises(CommandError):
            call_command(
                "make_paper",
                **({"kind": "hr_service_licence", "seed": 1, "out": tmp_path / "a.png"} | odd),
            )
