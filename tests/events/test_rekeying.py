"""Tests of a change of keys: no column is forgotten, nothing is lost, wrong keys are noticed."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, models

from employers.models import Lockout, Sighting, SightingKind
from events import rekeying
from events.core import sealing
from events.core.sealing import data_keys
from events.db.fields import BlindIndex, SealedBytes, SealedText
from events.db.guards import guarded_models
from events.models import KeyCheck
from events.tasks import require_keys
from tests.databases import unguarded
from tests.factories import make_member, make_reviewer, make_user
from tests.keys import current, filled, new_key, rekey_all, rotate
from verification.models import Exclusion, ExclusionKind

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("events", "employers", "verification", "downloads", "config")
NOT_KEYED: Final = {
    "downloads.RelayTeam.told_digest",
    "downloads.ShortLink.code_hash",
    "employers.MemberLink.code_hash",
    "employers.OneTimeCode.code_hash",
    "employers.RecoveryCode.code_hash",
}
"""Plain hashes, and one of rows that are deleted after a day, which depend on no data key."""
WRITERS: Final = {
    "config/management/commands/rekey.py": (),
    "events/core/sealing.py": (),
    "events/rekeying.py": (),
    "employers/platforms/idempotency.py": (
        "employers.IdempotentAnswer.asked_index",
        "employers.IdempotentAnswer.answer_sealed",
    ),
    "employers/accounts/invitations.py": (
        "employers.Invitation.phone_sealed",
        "employers.Invitation.phone_index",
    ),
    "employers/accounts/phones/invitations.py": (),  # looks indexes up
    "employers/accounts/phones/numbers.py": ("employers.User.phone_index",),
    "employers/accounts/phones/views.py": (),  # a session
    "employers/accounts/sightings.py": ("employers.Sighting.digest", "employers.User.phone_sealed"),
    "employers/notices.py": (),
    "employers/security/one_time_codes.py": (),  # rows of a day
    "employers/security/lockout.py": ("employers.Lockout.subject",),
    "employers/security/second_factor.py": ("employers.SecondFactor.secret_sealed",),
    "employers/security/sign_ins.py": ("employers.SignIn.near_sealed",),
    "events/delivery/sms.py": (
        "events.Sms.content_sealed",
        "events.Sms.number_index",
        "events.Sms.network_index",
        "events.Sms.account_index",
    ),
    "events/delivery/sms_quotas.py": (),  # looks indexes up
    "employers/alerts/channels.py": (
        "events.AlertChannel.address_sealed",
        "events.AlertChannel.secret_sealed",
    ),
    "events/delivery/webhooks.py": (
        "events.WebhookEndpoint.secret_sealed",
        "events.WebhookEndpoint.former_secret_sealed",
    ),
    "verification/authority/codes.py": ("verification.Proof.code_hash",),
    "verification/authority/deposits.py": (
        "verification.Proof.sealed",
        "verification.Proof.observed.account",
    ),
    "verification/cases/storage.py": (),  # files
    "verification/checks/exclusion_list.py": ("verification.Exclusion.value",),
    "verification/checks/picture_index.py": ("verification.PageLandmarks.sealed",),
    "downloads/candidates/operations.py": (
        "downloads.Candidate.email_sealed",
        "downloads.Candidate.phone_sealed",
    ),
    "employers/models/users.py": (),  # looks an index up
    "downloads/leaks.py": ("downloads.Trace.text_sealed",),
    "downloads/relays/bindings.py": (
        "downloads.RelayBinding.candidate_sealed",
        "downloads.RelayBinding.candidate_index",
    ),
    "downloads/relays/call_records.py": ("downloads.RelayCall.caller_index",),
    "downloads/releases/operations.py": ("downloads.Copy.given_sealed",),
}
"""The modules that seal or index, and the columns that they write."""


# --- No column is forgotten -----------------------------------------------------------------------


def test_columns_with_the_name_of_a_seal_or_an_index_are_found() -> None:
    found = {str(column) for column in rekeying.sealed_columns()}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            name = f"{model._meta.label}.{field.name}"
            named = re.search(r"sealed$|_index$|digest$|code_hash$", field.name)
            if (
                named
                and model is not KeyCheck
                and isinstance(field, (models.CharField, models.TextField, models.BinaryField))
            ):
                assert name in found | NOT_KEYED, f"{name} must be one of events.db.fields"


def test_every_module_that_seals_or_indexes_is_known_with_its_columns() -> None:
    makers = {"seal", "seal_text", "blind_index", "blind_indexes"}
    found = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    if name in makers:
                        found.add(path.relative_to(ROOT).as_posix())
    assert found <= WRITERS.keys(), "a new seal or index: add its column to events.db.fields"
    written = {column for of in WRITERS.values() for column in of}
    assert written == {str(column) for column in rekeying.sealed_columns()}


def test_every_seal_has_a_purpose() -> None:
    for column in rekeying.sealed_columns():
        if isinstance(column.field, (SealedText, SealedBytes)):
            assert column.field.purpose is not None, column


@pytest.fixture
def everywhere(now: datetime) -> list[tuple[rekeying.Column, Any, str]]:
    """A row for each column, made with the current key, and what is in it."""
    rows = []
    for column in rekeying.sealed_columns():
        row = filled(column.model, now)
        if isinstance(column.field, BlindIndex) and column.field.among is not None:
            column.model._base_manager.filter(pk=row.pk).update(kind=ExclusionKind.PERSON)
        plain = f"a secret of {column}"
        if isinstance(column.field, SealedText):
            value: Any = sealing.seal_text(plain, column.field.purpose(row))
        elif isinstance(column.field, SealedBytes):
            value = sealing.seal(plain.encode(), data_keys()[0], column.field.purpose(row))
        else:
            value = sealing.blind_index(plain, "test")
        if column.name_in_json:
            value = {column.name_in_json: value, "name": "kept"}
        with unguarded(*({column.model} & {*guarded_models()})):
            column.model._base_manager.filter(pk=row.pk).update(**{column.field.name: value})
        rows.append((column, row.pk, plain))
    return rows


def value_of(column: rekeying.Column, pk: Any) -> tuple[Any, Any]:
    row = column.model._base_manager.get(pk=pk)
    value = getattr(row, column.field.attname)
    if column.name_in_json:
        assert value["name"] == "kept"
        value = value[column.name_in_json]
    return row, value


def is_whole(column: rekeying.Column, pk: Any, plain: str) -> bool:
    """Whether the row still contains what was put in, under the current key alone."""
    row, value = value_of(column, pk)
    if isinstance(column.field, SealedText):
        return sealing.unseal_text(value, column.field.purpose(row)) == plain
    if isinstance(column.field, SealedBytes):
        purpose = column.field.purpose(row)
        return sealing.unseal(bytes(value), data_keys(), purpose).decode() == plain
    return bool(value == sealing.blind_index(plain, "test"))


@pytest.mark.django_db
def test_every_column_moves_twice_and_then_needs_the_last_key_alone(
    everywhere: list[tuple[rekeying.Column, Any, str]], settings: Any
) -> None:
    for _ in range(2):
        rotate(settings)
        for column, _pk, _plain in everywhere:
            assert current() not in column.by_key()
        rekey_all()
        for column, _pk, _plain in everywhere:
            assert column.by_key()[current()] >= 1, column
            assert set(column.by_key()) == {current()}, column
            assert not column.stale().exists()
    settings.DATA_KEYS_RETIRED = []
    for column, pk, plain in everywhere:
        assert is_whole(column, pk, plain), column


@pytest.mark.django_db
def test_a_second_run_finds_nothing_to_do(
    everywhere: list[tuple[rekeying.Column, Any, str]], settings: Any
) -> None:
    rotate(settings)
    assert sum(rekeying.rekey_column(column).moved for column in rekeying.sealed_columns()) >= len(
        everywhere
    )
    assert sum(rekeying.rekey_column(column).moved for column in rekeying.sealed_columns()) == 0


# --- A run ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_interrupted_run_goes_on_where_it_was(
    now: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rekeying, "AT_ONCE", 2)
    member = make_member(now)
    for number in range(7):
        digest = sealing.blind_index(f"d{number}", "sighting.device")
        Sighting.objects.create(
            user=member.user, kind="device", digest=digest, first_at=now, last_at=now
        )
    rotate(settings)
    (column,) = (each for each in rekeying.sealed_columns() if each.model is Sighting)

    class Killed(Exception):
        pass

    times = count(1)

    def after_two() -> None:
        if next(times) == 2:
            raise Killed

    with pytest.raises(Killed):
        rekeying.rekey_column(column, after_two)
    assert column.by_key()[current()] == 4
    assert rekeying.rekey_column(column).moved == 3
    assert set(column.by_key()) == {current()}


@pytest.mark.django_db
def test_rows_that_nobody_can_read_are_reported_and_stop_nothing(
    now: datetime, settings: Any
) -> None:
    good = make_user(now, phone_sealed=sealing.seal_text("+8613800138000", "user.phone"))
    moved = make_user(now, phone_sealed=sealing.seal_text("+8613800138000", "another purpose"))
    rotate(settings)
    (column,) = (
        each for each in rekeying.sealed_columns() if str(each).endswith("User.phone_sealed")
    )
    assert rekeying.rekey_column(column) == rekeying.Outcome(moved=1, unreadable=1)
    good.refresh_from_db()
    assert sealing.unseal_text(good.phone_sealed, "user.phone") == "+8613800138000"
    before = moved.phone_sealed
    moved.refresh_from_db()
    assert moved.phone_sealed == before
    settings.DATA_KEYS_RETIRED = []
    assert column.by_key()[rekeying.UNKNOWN] == 1


@pytest.mark.django_db
def test_two_rows_of_one_thing_become_one(now: datetime, settings: Any) -> None:
    """While processes restart, one still writes with the old key what another has written with the
    new.
    """
    member, reviewer = make_member(now), make_reviewer(now)
    earlier = datetime(2026, 1, 1, tzinfo=UTC)
    settings.DATA_KEYS_RETIRED = [new_key()]
    for at, failures in ((earlier, 3), (now, 2)):
        Sighting.objects.create(
            user=member.user,
            kind=SightingKind.DEVICE,
            digest=sealing.blind_index("browser", "sighting.device"),
            first_at=at,
            last_at=at,
        )
        Lockout.objects.create(
            kind="code",
            subject=sealing.blind_index("x", "lockout.code"),
            failures=failures,
            since=at,
        )
        Exclusion.objects.create(
            kind=ExclusionKind.PERSON,
            value=sealing.blind_index("林知白", "exclusion.person"),
            shown="林**",
            why="x",
            added_by=reviewer,
            added_at=at,
        )
        rotate(settings)
    rekey_all()
    seen = Sighting.objects.get()
    assert (seen.first_at, seen.last_at) == (earlier, now)
    assert Lockout.objects.get().failures == 5
    assert Exclusion.objects.filter(lifted_at=None).count() == 1
    for column in rekeying.sealed_columns():
        assert set(column.by_key()) <= {current()}, column


@pytest.mark.django_db
def test_other_values_in_the_column_of_an_index_stay(now: datetime, settings: Any) -> None:
    reviewer = make_reviewer(now)
    for kind, value in (("image", "0" * 64), ("uscc", "91990101MA00000000")):
        Exclusion.objects.create(
            kind=kind, value=value, shown="x", why="x", added_by=reviewer, added_at=now
        )
    rotate(settings)
    rekey_all()
    assert set(Exclusion.objects.values_list("value", flat=True)) == {
        "0" * 64,
        "91990101MA00000000",
    }


# --- Which keys belong to this database -----------------------------------------------------------


@pytest.fixture
def recorded() -> None:
    KeyCheck.objects.all().delete()
    assert rekeying.key_problem() == ""


@pytest.mark.django_db
@pytest.mark.usefixtures("recorded")
def test_keys_are_recorded_once_and_a_rotation_is_no_problem(settings: Any) -> None:
    assert KeyCheck.objects.count() == 1
    rotate(settings)
    assert rekeying.key_problem() == ""
    rekeying.move_key_check()
    settings.DATA_KEYS_RETIRED = []
    assert rekeying.key_problem() == ""


@pytest.mark.django_db
@pytest.mark.usefixtures("recorded")
def test_a_key_removed_too_early_stops_the_start(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "close", lambda: None)  # the test's transaction
    rotate(settings)
    settings.DATA_KEYS_RETIRED = []
    with pytest.raises(ImproperlyConfigured, match="ZIZHI_DATA_KEYS_RETIRED"):
        rekeying.require_keys()
    with pytest.raises(SystemExit, match="ZIZHI_DATA_KEYS_RETIRED"):
        require_keys()  # a worker's
    (error,) = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
    assert error.id == "zizhi.E001"
    assert checks.run_checks(tags=[checks.Tags.database]) == []


@pytest.mark.django_db
@pytest.mark.usefixtures("recorded")
def test_another_index_key_stops_the_start(settings: Any) -> None:
    settings.INDEX_KEY = new_key()
    assert "ZIZHI_INDEX_KEY" in rekeying.key_problem()


@pytest.fixture
def unrecorded(now: datetime, settings: Any) -> Callable[[str], str]:
    """A database from before there was an index key and a record of keys. Returns a function that
    excludes somebody as a deployment with this data key did, and returns the index.
    """
    KeyCheck.objects.all().delete()
    reviewer = make_reviewer(now)

    def exclude(data_key: str) -> str:
        made_with = settings.DATA_KEY, settings.INDEX_KEY
        settings.DATA_KEY = settings.INDEX_KEY = data_key
        index = sealing.blind_index("林知白", "exclusion.person")
        settings.DATA_KEY, settings.INDEX_KEY = made_with
        Exclusion.objects.create(
            kind=ExclusionKind.PERSON,
            value=index,
            shown="林**",
            why="x",
            added_by=reviewer,
            added_at=now,
        )
        return index

    return exclude


def found() -> int:
    indexes = sealing.blind_indexes("林知白", "exclusion.person")
    return Exclusion.objects.filter(value__in=indexes).count()


@pytest.mark.django_db
def test_an_index_key_that_is_younger_than_the_indexes_stops_the_start(
    unrecorded: Callable[[str], str], settings: Any
) -> None:
    first = settings.DATA_KEY
    unrecorded(first)
    settings.INDEX_KEY = new_key()
    assert found() == 0
    assert rekeying.key_problem() == rekeying.INDEX_KEY_TOO_NEW
    assert not KeyCheck.objects.exists(), "a wrong key must not become the recorded one"
    settings.INDEX_KEY = first
    assert (rekeying.key_problem(), found()) == ("", 1)


@pytest.mark.django_db
def test_keys_that_open_nothing_in_an_older_database_stop_the_start(
    unrecorded: Callable[[str], str], now: datetime, settings: Any
) -> None:
    first = settings.DATA_KEY
    unrecorded(first)
    make_user(now, phone_sealed=sealing.seal_text("+8613800138000", "user.phone"))
    settings.DATA_KEY = settings.INDEX_KEY = new_key()
    assert rekeying.DATA_KEY_MISSING in rekeying.key_problem()
    settings.DATA_KEYS_RETIRED = [first]
    assert (rekeying.key_problem(), found()) == ("", 1)


@pytest.mark.django_db
def test_indexes_of_two_data_keys_are_found_whatever_is_removed(
    unrecorded: Callable[[str], str], settings: Any
) -> None:
    """A became B before there was an index key. Without B as a former key, nothing goes on."""
    first, second = settings.DATA_KEY, new_key()
    unrecorded(first)
    unrecorded(second)
    settings.DATA_KEY, settings.DATA_KEYS_RETIRED = second, [first]
    assert (rekeying.key_problem(), found()) == ("", 2)
    with pytest.raises(CommandError, match=r"Some of 2 blind indexes .*ZIZHI_INDEX_KEYS_FORMER"):
        call_command("rekey", stdout=StringIO())
    settings.DATA_KEYS_RETIRED = []
    assert rekeying.key_problem() != "", "removed although rekey said no"
    settings.DATA_KEYS_RETIRED, settings.INDEX_KEYS_FORMER = [first], [second]
    call_command("rekey", stdout=StringIO())
    settings.DATA_KEYS_RETIRED = []
    assert (rekeying.key_problem(), found()) == ("", 2)
    rotate(settings)
    call_command("rekey", stdout=StringIO())
    settings.DATA_KEYS_RETIRED = []
    assert (rekeying.key_problem(), found()) == ("", 2)
    settings.INDEX_KEYS_FORMER = []
    assert (rekeying.key_problem(), found()) == (rekeying.FORMER_MISSING, 1)


@pytest.mark.django_db
@pytest.mark.usefixtures("recorded")
def test_a_process_starts_only_after_the_keys_were_compared(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database does not answer at first. When it does, the keys are wrong."""
    monkeypatch.setattr(connection, "close", lambda: None)  # the test's transaction
    settings.INDEX_KEY = new_key()
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    compare = rekeying.key_problem

    def down(*_: Any) -> Any:
        raise OperationalError("could not connect to host")

    monkeypatch.setattr(rekeying, "key_problem", down)
    with pytest.raises(ImproperlyConfigured, match=r"could not be compared.*migrate first"):
        rekeying.require_keys()
    assert not slept, "it answers, so there is nothing to wait for"
    monkeypatch.setattr(connection, "ensure_connection", down)
    with pytest.raises(ImproperlyConfigured, match="could not be compared"):
        rekeying.require_keys(patience=0)
    monkeypatch.setattr(rekeying, "key_problem", lambda: compare() if len(slept) == 2 else down())
    monkeypatch.setattr(connection, "ensure_connection", lambda: len(slept) == 2 or down())
    with pytest.raises(SystemExit, match="ZIZHI_INDEX_KEY"):
        require_keys()
    assert len(slept) == 2
