"""Tests that passwords made only of words that everybody here would guess are refused."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from employers.models import User
from employers.security.password_words import WORDS
from tests.employers.accounts.account_pages import form


@pytest.mark.parametrize(
    "password",
    [
        "zizhi20261127",
        "Zizhi@12345678",
        "ZIZHIZIZHI",
        "zhaopin-hr-2026",
        "Passw0rd!2026",
        "p@55w0rd-zizhi",
        "ｚｉｚｈｉ２０２６１１",
        "资质招聘1234567",
        "简历简历简历简历简历",
        "recruiter.company",
    ],
)
def test_guessable(password: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, User(email="li@example.com"))
    assert "password_guessable" in [each.code for each in refused.value.error_list]


@pytest.mark.parametrize(
    "password",
    [
        "zizhi and forty geese",
        "my company of seven owls",
        "龙井茶在西湖边上最香",
        "Tr4mp0line-quince",
        "9 hr 27 geese 4 you",
        "forty geese, twelve boats, no bread; " * 5,
    ],
)
def test_others_pass(password: str) -> None:
    validate_password(password, User(email="li@example.com"))


def test_the_words_are_plain() -> None:
    assert len(WORDS) == len(set(WORDS)) and all(word == word.casefold() for word in WORDS)


@pytest.mark.django_db
def test_a_registration_says_why() -> None:
    visitor = Client(headers={"accept-language": "en"})
    answer = visitor.post("/register/", form(password="zizhi20261127"))
    assert answer.status_code == 422 and b"easy to guess" in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "fills"),
    [
        ("/sign-in/?by=email", "current-password"),
        ("/register/?by=email", "new-password"),
        ("/console/login/", "current-password"),
    ],
)
def test_fields_hide_the_password_and_managers_fill_them(address: str, fills: str) -> None:
    page = Client().get(address).content.decode()
    (field,) = re.findall(r'<input[^>]*type="password"[^>]*>', page)
    assert f'autocomplete="{fills}"' in field
    assert "onpaste" not in page and "paste" not in field
