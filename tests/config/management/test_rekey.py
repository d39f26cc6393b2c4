"""Tests of `manage.py rekey`: a change of keys as an operator makes it."""

from __future__ import annotations

from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from downloads.candidates import receipts
from downloads.models import Release
from employers.accounts import sightings
from employers.models import User
from events import rekeying
from events.core.sealing import data_keys, key_id
from events.models import KeyCheck
from tests.databases import unguarded
from tests.factories import make_member
from tests.keys import current, filled, rotate

pytestmark = pytest.mark.django_db
PHONE = "+8613800138000"


@pytest.fixture(autouse=True)
def documents(settings: Any, tmp_path: Any) -> None:
    settings.DOCUMENTS_DIR = tmp_path
    KeyCheck.objects.all().delete()
    assert rekeying.key_problem() == ""


def rekey(*arguments: str) -> str:
    out = StringIO()
    call_command("rekey", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_a_change_of_keys_step_by_step(now: datetime, settings: Any) -> None:
    member = make_member(now, phone_sealed=sightings.seal_phone(PHONE))
    sightings.record_sighting(member.user, now, device="browser", phone=PHONE)
    name = default_storage.save("licence", ContentFile(b"a licence"))
    old = current()
    rotate(settings)
    with pytest.raises(CommandError, match="4 rows and files are still under a retired key"):
        rekey("--count")
    said = rekey()
    assert "employers.Sighting.digest: 2 moved" in said and "files: 1 moved" in said
    assert f"key {current()} (current): 3 rows, 1 files" in said
    assert f"key {old}: nothing" in said and "No row and no file needs a retired key." in said
    assert "moved" not in rekey(), "a second run finds nothing to do"
    settings.DATA_KEYS_RETIRED = []
    assert rekeying.key_problem() == ""
    assert sightings.phone_of(User.objects.get(pk=member.user_id)) == PHONE
    with default_storage.open(name) as file:
        assert file.read() == b"a licence"


def test_what_else_needs_a_retired_key_is_told_and_no_failure(now: datetime, settings: Any) -> None:
    """Receipts cannot be signed again: candidates have them."""
    filled(Release, now)
    with unguarded(Release):
        Release.objects.update(key_id=receipts.sign_receipt({}, now).key_id)
    old = current()
    rotate(settings)
    assert f"key {old}: 1 receipts" in rekey()
    assert rekeying.key_problem() == ""


def test_a_row_that_cannot_be_read_keeps_the_key(now: datetime, settings: Any) -> None:
    make_member(now, phone_sealed=sightings.seal_phone(PHONE)[:-8] + "AAAAAAA=")
    rotate(settings)
    with pytest.raises(CommandError, match="1 rows and files are still under"):
        rekey()
    settings.DATA_KEYS_RETIRED = []
    assert "Put it back" in rekeying.key_problem()


def test_rows_of_a_key_that_was_lost_are_told_and_do_not_keep_another(
    now: datetime, settings: Any
) -> None:
    make_member(now, phone_sealed=sightings.seal_phone(PHONE))
    rotate(settings)
    settings.DATA_KEYS_RETIRED = []  # lost
    make_member(now, phone_sealed=sightings.seal_phone(PHONE))
    KeyCheck.objects.all().delete()
    said = rekey()
    assert "1 rows and files need a key that is not in the settings" in said
    assert "key unknown: 1 rows" in said


def test_with_wrong_keys_nothing_is_touched(now: datetime, settings: Any) -> None:
    member = make_member(now, phone_sealed=sightings.seal_phone(PHONE))
    right = settings.DATA_KEY
    rotate(settings)
    settings.DATA_KEYS_RETIRED = []
    with pytest.raises(CommandError, match="Put it back"):
        rekey()
    settings.DATA_KEY = right
    assert sightings.phone_of(User.objects.get(pk=member.user_id)) == PHONE
    assert key_id(data_keys()[0]).hex() == current()
