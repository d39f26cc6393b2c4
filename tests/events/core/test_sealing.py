"""Tests of blind indexes: each form is found, and nothing is recognised without both keys."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from django.conf import settings as running

from events.core import sealing
from events.core.sealing import Damaged, KeyMissing, blind_index, blind_indexes, forms_of
from tests.keys import new_key, rotate


def bare(key: str, text: str, purpose: str) -> str:
    """The index as it was made before there was an index key."""
    raw = sealing.key_from(key)
    of_purpose = hmac.digest(raw, f"zizhi blind index {purpose}".encode(), hashlib.sha256)
    return hmac.digest(of_purpose, text.encode(), hashlib.sha256).hex()


def test_a_deployment_that_never_changed_its_key_has_the_indexes_of_before() -> None:
    assert blind_index("x", "p") == bare(running.DATA_KEY, "x", "p")
    assert blind_indexes("x", "p") == [blind_index("x", "p")]


def test_each_text_and_purpose_has_its_own() -> None:
    made = {blind_index(text, purpose) for text in "xy" for purpose in "pq"}
    assert len(made) == 4


def test_every_form_is_found_from_the_text_and_from_every_other_form(settings: Any) -> None:
    forms = []
    for _ in range(3):
        forms.append(blind_index("x", "p"))
        rotate(settings)
    assert len(set(forms)) == 3 and max(map(len, forms)) <= 64
    assert set(forms) < set(blind_indexes("x", "p"))
    for form in forms:
        assert set(forms) < set(forms_of(form))
        assert sealing.current_form(form) == blind_index("x", "p") == forms_of(form)[0]
    assert not set(forms) & set(blind_indexes("y", "p"))


def test_indexes_from_before_the_index_key_are_found_under_every_data_key(settings: Any) -> None:
    """A deployment that changed its data key has some under each."""
    settings.DATA_KEYS_RETIRED = [settings.INDEX_KEY]
    settings.DATA_KEY = new_key()
    for key in (settings.DATA_KEY, settings.INDEX_KEY):
        index = bare(key, "x", "p")
        assert index in blind_indexes("x", "p")
        assert sealing.current_form(index) in blind_indexes("x", "p")


def test_indexes_from_before_the_index_key_are_found_after_the_removal_of_those_keys(
    settings: Any,
) -> None:
    """A became B, then the index key was set to A, and B becomes C."""
    a, b = settings.INDEX_KEY, new_key()
    settings.DATA_KEY, settings.DATA_KEYS_RETIRED = b, [a]
    indexes = [bare(key, "x", "p") for key in (a, b)]
    for keys in ((b, [a]), (b, []), (new_key(), [b]), (new_key(), [])):
        if keys[1]:
            settings.DATA_KEY, settings.DATA_KEYS_RETIRED = keys
            indexes = [sealing.current_form(index) for index in indexes]
            settings.INDEX_KEYS_FORMER = [b]
        else:
            settings.DATA_KEYS_RETIRED = []
        assert set(indexes) <= set(blind_indexes("x", "p"))


def test_an_index_key_of_its_own_is_not_enough_to_recognise_anybody(settings: Any) -> None:
    settings.INDEX_KEY = new_key()
    index = blind_index("x", "p")
    assert index != bare(settings.INDEX_KEY, "x", "p") and len(index) <= 64
    settings.DATA_KEY = new_key()
    assert index not in blind_indexes("x", "p")
    with pytest.raises(KeyMissing, match="unknown key"):
        sealing.current_form(index)
    assert forms_of(index) == [index]


def test_what_is_no_index_is_noticed(settings: Any) -> None:
    rotate(settings)
    index = blind_index("x", "p")
    changed = index[:-10] + ("A" if index[-10] != "A" else "B") + index[-9:]
    for wrong in ("", "x", index[:-1], changed):
        with pytest.raises(Damaged):
            sealing.current_form(wrong)
        assert forms_of(wrong) == [wrong]


def test_hashes_for_draws_change_with_the_key_and_those_of_short_rows_do_not(settings: Any) -> None:
    before = sealing.keyed_hash("x", "p"), sealing.index_hash("x", "p")
    rotate(settings)
    assert sealing.keyed_hash("x", "p") != before[0]
    assert sealing.index_hash("x", "p") == before[1]
