"""Tests of the contract of every register, of the settings that select one, and of its command.

`TestAnyRegister` is the contract: every register in `REGISTERS` must pass it. Tencent's is the real
SDK against a local server that checks its signature and answers in the service's own format.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import override_settings

from documents.tencent_cloud import is_tencent_cloud_installed
from events.core.errors import ProviderUnavailable
from tests.conftest import require
from tests.fakes import tencent_server as cloud
from tests.fakes.tencent_server import SECRET_ID, SECRET_KEY, Entry, TencentServer
from tests.verification.providers.registered import (
    ENTRY,
    MATCH,
    MISMATCH,
    NAME,
    PERSON,
    UNABLE,
    UNKNOWN,
    USCC,
    asked,
    tencent_at,
)
from verification.checks.registry import Registry
from verification.models import RegistryRecord
from verification.providers.registries import choice
from verification.providers.registries.base import Agreement, CompanyRecord, Status
from verification.providers.registries.snapshot import SnapshotRegistry

# --- The contract ---------------------------------------------------------------------------------


@dataclass
class Contracted:
    """A register under test: how to set up its entries, break it and ask it."""

    arrange: Callable[[Entry], None]
    break_down: Callable[[], None]
    ask: Callable[[str, str, str], Agreement]


_WORDS = {
    "1": "存续",
    "2": "迁出",
    "3": "注销",
    "4": "吊销",
    "5": "撤销",
    "6": "停业",
    "7": "撤销登记",
    "0": "其他",
    "/": "/",
}


def _compared(record: CompanyRecord | None, name: str, person: str) -> Agreement:
    """A record as an agreement, so that both kinds are tested by one contract."""
    if record is None:
        return Agreement(known=False)
    said = (
        UNABLE
        if not person or not record.legal_representative
        else MATCH
        if record.legal_representative == person
        else MISMATCH
    )
    return Agreement(
        True,
        MATCH,
        MATCH if record.name == name else MISMATCH,
        said,
        record.status,
        as_of=record.as_of,
    )


def snapshot_under_contract(server: TencentServer, monkeypatch: pytest.MonkeyPatch) -> Contracted:
    def arrange(entry: Entry) -> None:
        RegistryRecord.objects.create(
            uscc=entry.uscc,
            name=entry.name,
            legal_representative=entry.legal_representative,
            status=_WORDS[entry.status],
            as_of=date(2026, 11, 1),
        )

    def break_down() -> None:
        def refuse(*args: object, **more: object) -> None:
            raise DatabaseError("the connection is gone")

        monkeypatch.setattr(RegistryRecord.objects, "filter", refuse)

    return Contracted(
        arrange,
        break_down,
        lambda uscc, name, person: _compared(SnapshotRegistry().lookup(uscc), name, person),
    )


def tencent_under_contract(server: TencentServer, monkeypatch: pytest.MonkeyPatch) -> Contracted:
    server.register = []

    def break_down() -> None:
        server.behave = cloud.status(503)

    registry = tencent_at(server)
    return Contracted(server.register.append, break_down, registry.verify)


REGISTERS = {"snapshot": snapshot_under_contract, "tencent": tencent_under_contract}


@pytest.mark.django_db
class TestAnyRegister:
    @pytest.fixture(params=REGISTERS, ids=str)
    def register(
        self, request: pytest.FixtureRequest, server: TencentServer, monkeypatch: pytest.MonkeyPatch
    ) -> Contracted:
        return REGISTERS[request.param](server, monkeypatch)

    def test_what_agrees(self, register: Contracted) -> None:
        register.arrange(ENTRY)
        said = register.ask(USCC, NAME, PERSON)
        assert (said.known, said.uscc, said.name, said.legal_representative, said.status) == (
            True,
            MATCH,
            MATCH,
            MATCH,
            Status.ACTIVE,
        )

    def test_a_code_that_it_does_not_list_is_an_answer(self, register: Contracted) -> None:
        register.arrange(ENTRY)
        said = register.ask(UNKNOWN, "云溪市无人知晓有限公司", PERSON)
        assert not said.known and said.status is Status.UNKNOWN and said.name is not MATCH

    def test_another_name(self, register: Contracted) -> None:
        register.arrange(ENTRY)
        assert register.ask(USCC, "云溪市冒名有限公司", PERSON).name is MISMATCH

    def test_another_person(self, register: Contracted) -> None:
        register.arrange(ENTRY)
        said = register.ask(USCC, NAME, "沈望舒")
        assert (said.name, said.legal_representative) == (MATCH, MISMATCH)

    def test_nobody_is_asked_for(self, register: Contracted) -> None:
        register.arrange(ENTRY)
        said = register.ask(USCC, NAME, "")
        assert (said.name, said.legal_representative, said.status) == (MATCH, UNABLE, Status.ACTIVE)

    @pytest.mark.parametrize(
        ("number", "status"),
        [
            ("1", Status.ACTIVE),
            ("2", Status.MOVED_OUT),
            ("3", Status.DEREGISTERED),
            ("4", Status.LICENCE_REVOKED),
            ("5", Status.REGISTRATION_CANCELLED),
            ("6", Status.DORMANT),
            ("7", Status.REGISTRATION_CANCELLED),
            ("0", Status.UNKNOWN),
            ("/", Status.UNKNOWN),
        ],
    )
    def test_every_status_is_of_one_vocabulary(
        self, register: Contracted, number: str, status: Status
    ) -> None:
        register.arrange(replace(ENTRY, status=number))
        said = register.ask(USCC, NAME, PERSON)
        assert (said.known, said.legal_representative, said.status) == (True, MATCH, status)

    def test_a_register_that_is_down_blames_nobody(self, register: Contracted) -> None:
        register.arrange(ENTRY)
        register.break_down()
        with pytest.raises(ProviderUnavailable) as caught:
            register.ask(USCC, NAME, PERSON)
        assert caught.value.retry_after > 0


# --- Selection of registers -----------------------------------------------------------------------


SETTINGS = Path(__file__).resolve().parents[3] / "config" / "settings.py"


def settings_with(
    monkeypatch: pytest.MonkeyPatch, registry: str = "", key: str = ""
) -> dict[str, Any]:
    monkeypatch.setenv("ZIZHI_TENCENT_SECRET_ID", key)
    monkeypatch.setenv("ZIZHI_TENCENT_SECRET_KEY", key)
    monkeypatch.delenv("ZIZHI_REGISTRY", raising=False)
    if registry:
        monkeypatch.setenv("ZIZHI_REGISTRY", registry)
    return runpy.run_path(str(SETTINGS))


def test_the_snapshot_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    records, agreements = choice.chosen_registries(settings_with(monkeypatch)["REGISTRY"])
    assert isinstance(records, SnapshotRegistry) and agreements is None


@pytest.mark.parametrize("registry", ["tencent", "both"])
def test_the_service_needs_its_keys(monkeypatch: pytest.MonkeyPatch, registry: str) -> None:
    with pytest.raises(
        ImproperlyConfigured, match="ZIZHI_TENCENT_SECRET_ID and ZIZHI_TENCENT_SECRET_KEY"
    ):
        settings_with(monkeypatch, registry)


def test_a_register_that_nobody_knows_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="ZIZHI_REGISTRY is 'gsxt'"):
        settings_with(monkeypatch, "gsxt")


@pytest.mark.django_db
@pytest.mark.parametrize(("registry", "source"), [("tencent", "tencent"), ("both", "snapshot")])
def test_the_chosen_register_answers_the_check(
    server: TencentServer, registry: str, source: str
) -> None:
    from tests.verification.checks.test_base import SUBJECT

    require("tencentcloud-sdk-python-ocr (the extra `tencent`)", is_tencent_cloud_installed())
    subject = replace(SUBJECT, uscc=USCC, name=NAME, now=datetime(2026, 11, 24, tzinfo=UTC))
    how = {
        "REGISTRY": registry,
        "TENCENT_SECRET_ID": SECRET_ID,
        "TENCENT_SECRET_KEY": SECRET_KEY,
        "TENCENT_ENDPOINT": server.url,
    }
    choice.chosen_registries.cache_clear()
    try:
        with override_settings(**how):
            observation = Registry().observe(
                subject, {"reading": {"fields": {"legal_representative": PERSON}}}
            )
    finally:
        choice.chosen_registries.cache_clear()
    assert observation["source"] == source and observation["agreement"]["source"] == "tencent"
    assert observation["record"]["affirmed_only"] and observation["record"]["name"] == NAME


# --- The command ----------------------------------------------------------------------------------


COMMAND = "verification.management.commands.ask_registry"


def told_by_hand(*arguments: str) -> str:
    out = StringIO()
    call_command("ask_registry", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_an_operator_asks_the_chosen_registers(
    server: TencentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        f"{COMMAND}.chosen_registries", lambda choice: (SnapshotRegistry(), tencent_at(server))
    )
    text = told_by_hand(USCC, NAME, PERSON)
    assert "snapshot: does not list it" in text and "legal_representative: match" in text
    assert asked(server) == ["ENT_3META"]


@pytest.mark.django_db
def test_what_cannot_be_asked_by_hand_is_named(
    server: TencentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="not a valid unified social credit code"):
        told_by_hand("123", NAME, PERSON)
    monkeypatch.setattr(f"{COMMAND}.chosen_registries", lambda choice: (None, tencent_at(server)))
    server.behave = cloud.status(502)
    with pytest.raises(CommandError, match="tencent: HTTP 502"):
        told_by_hand(USCC, NAME, PERSON)
