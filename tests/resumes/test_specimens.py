"""Tests of the fictitious resumes: they are complete, reproducible, and correct about the places of
contacts.
"""

from __future__ import annotations

import random
import re

import numpy as np
import pypdfium2 as pdfium
import pytest

from documents.typesetting import missing_glyphs
from resumes.specimens import LANGUAGES, LAYOUTS, Contact, make_person, make_resume
from resumes.specimens.person import id_number

WEIGHTS = [2**n % 11 for n in range(18)]


def test_eight_seeds_show_every_layout_in_both_languages() -> None:
    made = {(resume.layout, resume.person.language) for resume in map(make_resume, range(8))}
    assert made == {(layout, language) for layout in LAYOUTS for language in LANGUAGES}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.slow
def test_a_seed_gives_the_same_file(layout: str) -> None:
    assert make_resume(41, layout).pdf == make_resume(41, layout).pdf  # type: ignore[arg-type]
    assert make_resume(41, layout).pdf != make_resume(42, layout).pdf  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(24))
@pytest.mark.sampled(6)
def test_each_contact_is_in_the_file_where_it_is_said_to_be(seed: int) -> None:
    resume = make_resume(seed)
    found = {part.contact for _, part in resume.contacts}
    assert found == set(resume.person.contacts) >= {Contact.PHONE, Contact.EMAIL}
    document = pdfium.PdfDocument(resume.pdf)
    assert len(document) == resume.pages
    for number, part in resume.contacts:
        page = document[number]
        x0, y0, x1, y1 = part.box
        text = page.get_textpage().get_text_bounded(
            x0 - 1, page.get_height() - y1 - 2, x1 + 1, page.get_height() - y0 + 2
        )
        if resume.layout == "scan":
            assert not page.get_textpage().get_text_range()
        else:
            assert text.replace("\r\n", "").strip() == part.text
    document.close()


@pytest.mark.parametrize("seed", range(0, 24, 5))
def test_something_is_printed_where_a_contact_is_said_to_stand(seed: int) -> None:
    resume = make_resume(seed)
    pictures = resume.pictures(72)
    for number, part in resume.contacts:
        x0, y0, x1, y1 = (round(edge) for edge in part.box)
        assert int(np.asarray(pictures[number][y0 - 2 : y1 + 2, x0:x1]).min()) < 140


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_character_can_be_printed(language: str) -> None:
    for seed in range(60):
        told = make_person(seed, language)  # type: ignore[arg-type]
        text = "".join(
            (
                told.name,
                told.city,
                told.wish,
                told.summary,
                *told.skills,
                *(deed for job in told.jobs for deed in job.deeds),
            )
        )
        assert not missing_glyphs("kai", text)


def test_contacts_belong_to_nobody() -> None:
    for seed in range(200):
        number = id_number(random.Random(seed))
        assert number.startswith("99")
        assert re.fullmatch(r"\d{17}[\dX]", number)
        # GB 11643: the weighted sum including the check digit is 1 modulo 11.
        digits = [10 if digit == "X" else int(digit) for digit in reversed(number)]
        assert sum(digit * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11 == 1
        assert make_person(seed, "zh").contacts[Contact.EMAIL].endswith(".example")
