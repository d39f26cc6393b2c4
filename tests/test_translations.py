"""Tests that everything people read is translated to Chinese, and that no translation is unused."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import translation

from config.messages import compile_all, translatable_strings
from events.core.reasons import REASONS
from tests.words import misprints, rejected
from verification.cases import wording

ROOT = Path(settings.BASE_DIR)
SOURCE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
ROOMS = ("config", "events", "employers", "verification", "downloads")
NUMBERS = {
    1: ("one", "once", r"\ban?\b", "一"),
    2: ("two", "both", "twice", "[二两双]"),
    3: ("three", "三"),
    4: ("four", "四"),
    5: ("five", "五"),
    6: ("six", "六"),
    7: ("seven", "七"),
    8: ("eight", "八"),
    9: ("nine", "九"),
    10: (r"\bten\b", "十"),
    12: ("twelve", "十二"),
}
OF_DJANGO = {
    "This field is required.",
    "Enter a valid email address.",
    "Enter a valid date.",
    "Enter a valid URL.",
    "Enter a whole number.",
    "Select a valid choice. %(value)s is not one of the available choices.",
    "Select a valid choice. That choice is not one of the available choices.",
    "Null characters are not allowed.",
    "No file was submitted. Check the encoding type on the form.",
    "No file was submitted.",
    "The submitted file is empty.",
    "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
    "Ensure this value has at least %(limit_value)d character (it has %(show_value)d).",
    "New password",
    "New password confirmation",
    "Enter the same password as before, for verification.",
    "The two password fields didn’t match.",
    "The password is too similar to the %(verbose_name)s.",
    "This password is too common.",
    "This password is entirely numeric.",
    "This password is too short. It must contain at least %d character.",
    "Your password can’t be too similar to your other personal information.",
    "Your password can’t be a commonly used password.",
    "Your password can’t be entirely numeric.",
    "Your password must contain at least %(min_length)d character.",
    "Please enter the correct %(username)s and password for a staff account. Note that both"
    " fields may be case-sensitive.",
    "superuser status",
    "Designates that this user has all permissions without explicitly assigning them.",
    "Breadcrumbs",
    "Model name",
    "Add link",
    "Change or view list link",
    "Filter",
    " By %(filter_title)s ",
    "Recent actions",
    "My actions",
    "None available",
    "Toggle sorting",
    "Start typing to filter…",
    "Add",
    "Add %s",
    "Add %(name)s",
    "View %s",
    "Change %s",
    "Select %s",
    "Select %s to change",
    "Select %s to view",
    "%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?",
    "Models in the %(name)s application",
    ":",
    "Sorting priority: %(priority_number)s",
    "History",
    "Change history: %s",
    "This object doesn’t have a change history. It probably wasn’t added via this admin site.",
    "Password-based authentication",
    'Are you sure you want to delete the %(object_name)s "%(escaped_object)s"? All of the following'
    " related items will be deleted:",
    "After you’ve created a user, you’ll be able to edit more user options.",
}
"""Django's own strings that people meet on our pages, with better Chinese than Django's."""


def files() -> list[Path]:
    templates = [
        path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt")
    ]
    return templates + [
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "migrations" not in path.parts
    ]


@pytest.fixture(scope="module")
def used() -> dict[str, set[str]]:
    return translatable_strings(files())


@pytest.fixture(scope="module")
def entries() -> list[polib.POEntry]:
    return list(polib.pofile(str(SOURCE)))


def test_every_string_has_a_translation(
    used: dict[str, set[str]], entries: list[polib.POEntry]
) -> None:
    translated = {
        msgid
        for entry in entries
        if entry.translated()
        for msgid in (entry.msgid, entry.msgid_plural)
        if msgid
    }
    assert {msgid: sorted(where) for msgid, where in used.items() if msgid not in translated} == {}


def test_no_translation_is_fuzzy_obsolete_unused_or_double(
    used: dict[str, set[str]], entries: list[polib.POEntry]
) -> None:
    assert [entry.msgid for entry in entries if entry.fuzzy or entry.obsolete] == []
    assert [entry.msgid for entry in entries if entry.msgid not in used.keys() | OF_DJANGO] == []
    assert len({entry.msgid for entry in entries}) == len(entries)


def test_every_placeholder_and_tag_survives(entries: list[polib.POEntry]) -> None:
    parts = re.compile(r"%\(\w+\)[sd]|%d|</?\w+[^>]*>")
    for entry in entries:
        for text in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            wanted = parts.findall(entry.msgid_plural or entry.msgid)
            assert sorted(parts.findall(text)) == sorted(wanted), entry.msgid


def test_translations_are_chinese(entries: list[polib.POEntry]) -> None:
    plain = [
        entry.msgid
        for entry in entries
        if not re.search(
            r"[\u3400-\u9fff：；、]", entry.msgstr or "".join(entry.msgstr_plural.values())
        )
    ]
    assert plain == []


def test_translations_have_chinese_punctuation(entries: list[polib.POEntry]) -> None:
    said = [text for entry in entries for text in (entry.msgstr, *entry.msgstr_plural.values())]
    assert misprints(said) == []


def test_one_thing_has_one_name(entries: list[polib.POEntry]) -> None:
    reasons = [text.zh for reason in REASONS.values() for text in (reason.says, reason.fix)]
    documented = [
        line
        for page in (ROOT / "README.zh-CN.md", *(ROOT / "docs").rglob("*.zh-CN.*"))
        if page.suffix in (".md", ".svg")
        for line in page.read_text(encoding="utf-8").splitlines()
    ]
    coded = [
        line
        for path in files()
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"[\u3400-\u9fff]", line)
    ]
    said = [text for entry in entries for text in (entry.msgstr, *entry.msgstr_plural.values())]
    assert rejected([*said, *reasons, *documented, *coded]) == []


def numbers_in(text: str) -> set[str]:
    """Return the numbers of a text in either language, in digits or in words up to twelve."""
    words = {word: str(n) for n, many in NUMBERS.items() for word in many}
    return digits_in(text) | {n for word, n in words.items() if re.search(word, text.lower())}


def digits_in(text: str) -> set[str]:
    """Return the numbers that are written in digits, outside of variables."""
    return set(re.findall(r"\d+", re.sub(r"%\(\w+\)[sd]|\{\w*\}", " ", text)))


def test_both_languages_tell_the_same_numbers(entries: list[polib.POEntry]) -> None:
    """A link that works for an hour in one language does not work for a day in the other."""
    pairs = [
        (english, chinese)
        for entry in entries
        for english, chinese in (
            (entry.msgid_plural or entry.msgid, entry.msgstr),
            *((entry.msgid_plural, form) for form in entry.msgstr_plural.values()),
        )
        if chinese
    ]
    wrong = [
        (english, chinese)
        for english, chinese in pairs
        if not numbers_in(chinese) >= digits_in(english)
        or not numbers_in(english) >= digits_in(chinese)
    ]
    assert wrong == []


def test_compiling_makes_what_django_reads(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_bytes(SOURCE.read_bytes())
    (written,) = compile_all(tmp_path)
    assert polib.mofile(str(written)).find("Sign in").msgstr == "登录"
    assert sorted(path.name for path in folder.iterdir()) == ["django.mo", "django.po"]
    assert compile_all(tmp_path) == []


def test_strings_are_found_wherever_they_hide(tmp_path: Path) -> None:
    page, module = tmp_path / "a.html", tmp_path / "b.py"
    page.write_text(
        '{% load i18n %}{% translate "it\'s one" %}{% include "x" with y=_("two (and a half)") %}{%'
        " blocktranslate trimmed count n=n %}\n three {{ n }}\n{% plural %}\n threes {{ n }}\n{%"
        " endblocktranslate %}",
        encoding="utf-8",
    )
    module.write_text(
        'a = _("four")\nb = pgettext("context", "five")\nc = ngettext("six", "sixes", n)\nd ='
        ' other("seven")\n',
        encoding="utf-8",
    )
    assert set(translatable_strings([page, module])) == {
        "it's one",
        "two (and a half)",
        "three %(n)s",
        "threes %(n)s",
        "four",
        "five",
        "six",
        "sixes",
    }


def test_every_reason_can_say_who_mends_it() -> None:
    assert {reason.who for reason in REASONS.values()} <= set(wording.WHO)
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert all(str(words) for words in wording.WHO.values())


def test_reasons_have_chinese_punctuation() -> None:
    said = [text.zh for reason in REASONS.values() for text in (reason.says, reason.fix)]
    assert misprints(said) == []
