"""Does every register keep its promise, and is each of Tencent's answers taken for what it is?

`TestAnyRegister` is the contract: add a register to `REGISTERS` and it must pass. Tencent's is the
real SDK, pointed at a local server that checks its signature and answers in the service's own
format.
"""

from __future__ import annotations

import contextlib
import logging
import runpy
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
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
from hypothesis import given
from hypothesis import strategies as st

from documents.tencent_cloud import Account, installed
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from tests.conftest import require
from tests.factories import make_uscc
from tests.fakes import tencent_server as cloud
from tests.fakes.tencent_server import SECRET_ID, SECRET_KEY, Entry, TencentServer
from verification.checks.registry import Registry
from verification.models import RegistryRecord
from verification.providers.registries import choice
from verification.providers.registries.base import Agreement, Agrees, CompanyRecord, Status
from verification.providers.registries.breaker import Breaker, BreakerState, Pace
from verification.providers.registries.snapshot import SnapshotRegistry
from verification.providers.registries.tencent import FOUR, TencentRegistry

USCC, OTHER, UNKNOWN = make_uscc(71), make_uscc(72), make_uscc(73)
NAME, PERSON = "云溪（澜浦）示例科技有限公司", "林知白"
ENTRY = Entry(USCC, NAME, PERSON)
MATCH, MISMATCH, UNABLE = Agrees.MATCH, Agrees.MISMATCH, Agrees.UNABLE


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[TencentServer]:
    require("tencentcloud-sdk-python-ocr (the extra `tencent`)", installed())
    with cloud.serving() as service:
        service.register = [ENTRY, Entry(OTHER, "云溪市另一家有限公司", "沈望舒")]
        yield service


def tencent_at(server: TencentServer, **how: Any) -> TencentRegistry:
    return TencentRegistry(Account(SECRET_ID, SECRET_KEY, endpoint=server.url), **how)


def asked(server: TencentServer) -> list[str]:
    """Which questions were put, in order."""
    return [question.get("VerifyType", question["Action"]) for question in server.asked]


def raised_by(registry: TencentRegistry) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        registry.verify(USCC, NAME, PERSON)
    return caught.value


# --- The contract ---------------------------------------------------------------------------------


@dataclass
class Contracted:
    """A register under contract: a way to arrange what it lists, one to break it, and one to ask
    it.
    """

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
    """A record as what agrees with it, so that both kinds are held to one contract."""
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


def tencent_under_contract(
    server: TencentServer, monkeypatch: pytest.MonkeyPatch, id_number: str = ""
) -> Contracted:
    server.register = []

    def break_down() -> None:
        server.behave = cloud.status(503)

    registry = tencent_at(server)
    return Contracted(
        server.register.append, break_down, lambda u, n, p: registry.verify(u, n, p, id_number)
    )


def four_under_contract(server: TencentServer, monkeypatch: pytest.MonkeyPatch) -> Contracted:
    return tencent_under_contract(server, monkeypatch, ENTRY.id_number)


REGISTERS = {
    "snapshot": snapshot_under_contract,
    "tencent": tencent_under_contract,
    "tencent with an id": four_under_contract,
}


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


# --- Tencent: what is asked, and what follows -----------------------------------------------------


def test_an_honest_company_costs_one_question(server: TencentServer) -> None:
    tencent_at(server).verify(USCC, "云溪(澜浦) 示例科技有限公司", PERSON)
    assert server.asked == [
        {
            "Action": cloud.THREE,
            "CreditCode": USCC,
            "EntName": NAME,
            "LrName": PERSON,
            "VerifyType": "ENT_3META",
        }
    ], "with brackets as registers write them"


@pytest.mark.parametrize(
    ("uscc", "name", "person", "questions"),
    [
        (USCC, NAME, "沈望舒", ["ENT_3META", "ENT_2META"]),
        (USCC, "云溪市冒名有限公司", PERSON, ["ENT_3META", "ENT_2META"]),
        (USCC, NAME, "", ["ENT_2META"]),
        (UNKNOWN, "云溪市无人知晓有限公司", PERSON, ["ENT_3META"]),
    ],
)
def test_further_questions_only_where_one_is_left(
    server: TencentServer, uscc: str, name: str, person: str, questions: list[str]
) -> None:
    said = tencent_at(server).verify(uscc, name, person)
    assert asked(server) == questions
    assert len(said.answer) == len(questions) and all(
        reply["RequestId"] for reply in said.answer.values()
    ), "the replies are kept"


def test_a_mismatch_of_two_does_not_say_whose_status_it_is(server: TencentServer) -> None:
    server.register = [replace(ENTRY, status="4")]
    said = tencent_at(server).verify(USCC, "云溪市冒名有限公司", PERSON)
    assert (said.uscc, said.name, said.legal_representative, said.status) == (
        UNABLE,
        MISMATCH,
        UNABLE,
        Status.UNKNOWN,
    )


@pytest.mark.parametrize(
    ("period", "begins", "ends"),
    [
        ("2020-02-24/", date(2020, 2, 24), None),
        ("2020-02-24/2040-02-23", date(2020, 2, 24), date(2040, 2, 23)),
        ("/", None, None),
        ("", None, None),
        ("2020-02-30/2040-02-23", None, date(2040, 2, 23)),
        ("长期", None, None),
        (None, None, None),
    ],
)
def test_four_elements_tell_the_period(
    server: TencentServer, period: Any, begins: date | None, ends: date | None
) -> None:
    server.register = [replace(ENTRY, period=period)]
    said = tencent_at(server).verify(USCC, NAME, PERSON, ENTRY.id_number)
    assert asked(server) == [cloud.FOUR]
    assert (said.operating_from, said.operating_until) == (begins, ends)


def test_somebody_else_of_the_same_name(server: TencentServer) -> None:
    said = tencent_at(server).verify(USCC, NAME, PERSON, "990101199912310023")
    assert (said.name, said.legal_representative) == (MATCH, MISMATCH)


def test_the_code_of_another_company_says_nothing_of_this_one(server: TencentServer) -> None:
    server.register = [replace(ENTRY, status="4")]
    said = tencent_at(server).verify(UNKNOWN, NAME, PERSON, ENTRY.id_number)
    assert (said.uscc, said.name, said.legal_representative, said.status) == (
        MISMATCH,
        MATCH,
        UNABLE,
        Status.UNKNOWN,
    )
    assert said.operating_from is None


def test_a_word_of_next_year_is_an_unknown_status(server: TencentServer) -> None:
    server.register = [replace(ENTRY, status="-10002")]
    assert tencent_at(server).verify(USCC, NAME, "").status is Status.UNKNOWN


# --- Tencent: what is no answer -------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "RequestLimitExceeded",
        "RequestLimitExceeded.UinLimitExceeded",
        "InternalError",
        "FailedOperation.UnKnowError",
        "LimitExceeded",
    ],
)
def test_what_passes(server: TencentServer, code: str) -> None:
    server.behave = cloud.failing(code)
    error = raised_by(tencent_at(server))
    assert (
        isinstance(error, ProviderUnavailable)
        and code in str(error)
        and 0 < error.retry_after <= 3600
    )


@pytest.mark.parametrize(
    "code",
    [
        "AuthFailure.SignatureFailure",
        "FailedOperation.UnOpenError",
        "FailedOperation.ArrearsError",
        "ResourceUnavailable.InArrears",
        "InvalidParameterValue.InvalidParameterValueLimit",
        "UnknownParameter",
        "FailedOperation.NoBizLicense",
        "AWordOfNextYear",
    ],
)
def test_what_does_not_pass(server: TencentServer, code: str) -> None:
    server.behave = cloud.failing(code)
    assert isinstance(raised_by(tencent_at(server)), ProviderBroken)


def test_the_service_says_that_it_is_unwell(server: TencentServer) -> None:
    server.behave = cloud.saying(b'{"Response": {"StatusCode": 1, "RequestId": "x"}}')
    assert isinstance(raised_by(tencent_at(server)), ProviderUnavailable)


@pytest.mark.parametrize(("told", "given"), [(None, 60), ("7", 7), ("999999", 3600)])
def test_retry_after(server: TencentServer, told: str | None, given: float) -> None:
    server.behave = cloud.status(503, **({"Retry_After": told} if told else {}))
    error = raised_by(tencent_at(server))
    assert isinstance(error, ProviderUnavailable) and error.retry_after == given


@pytest.mark.parametrize(
    "response",
    [
        b"{}",
        b'{"StatusCode": 9}',
        b'{"StatusCode": "0", "VerifyResult": 1}',
        b'{"StatusCode": true, "VerifyResult": 1}',
        b'{"StatusCode": 0}',
        b'{"StatusCode": 0, "VerifyResult": "1"}',
        b'{"StatusCode": 0, "VerifyResult": true, "OperatingStatus": "1"}',
        b'{"StatusCode": 0, "VerifyResult": 1, "OperatingStatus": 1}',
        b'{"Error": {}}',
        b"null",
    ],
)
def test_a_reply_that_makes_no_sense(server: TencentServer, response: bytes) -> None:
    server.behave = cloud.saying(b'{"Response": %s}' % response)
    assert isinstance(raised_by(tencent_at(server)), ProviderBroken)


def test_a_consistency_that_is_no_truth_value(server: TencentServer) -> None:
    server.behave = cloud.saying(
        b'{"Response": {"StatusCode": 0, "VerifyResult": 1, "IsCreditCodeConsistent": "yes"}}'
    )
    with pytest.raises(ProviderBroken):
        tencent_at(server).verify(USCC, NAME, PERSON, ENTRY.id_number)


@pytest.mark.parametrize(
    "way",
    [
        cloud.cut_before_the_reply,
        cloud.cut_in_the_reply,
        cloud.no_http,
        cloud.silent,
        cloud.dripping,
    ],
)
def test_lines_that_break(server: TencentServer, way: cloud.Handler) -> None:
    server.behave = way
    assert isinstance(
        raised_by(tencent_at(server, silence_seconds=0.5, reply_seconds=0.3)), ProviderUnavailable
    )


def test_nobody_listens() -> None:
    require("tencentcloud-sdk-python-ocr (the extra `tencent`)", installed())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        registry = TencentRegistry(
            Account(SECRET_ID, SECRET_KEY, endpoint=f"http://127.0.0.1:{taken.getsockname()[1]}")
        )
        assert isinstance(raised_by(registry), ProviderUnavailable)


def test_a_wrong_key(server: TencentServer) -> None:
    error = raised_by(TencentRegistry(Account(SECRET_ID, "another-key", endpoint=server.url)))
    assert isinstance(error, ProviderBroken) and "AuthFailure.SignatureFailure" in str(error)


@pytest.mark.parametrize(
    "way",
    [
        cloud.failing("FailedOperation.UnOpenError", f"{NAME} {PERSON}"),
        cloud.status(500),
        cloud.cut_before_the_reply,
        None,
    ],
    ids=["error", "status", "cut", "fine"],
)
def test_errors_and_logs_hold_nothing_personal(
    server: TencentServer, caplog: pytest.LogCaptureFixture, way: cloud.Handler | None
) -> None:
    caplog.set_level(logging.DEBUG)
    server.behave = way
    registry = tencent_at(server)
    said = ""
    try:
        registry.verify(USCC, NAME, PERSON, ENTRY.id_number)
    except ProviderError as error:
        said = "".join(traceback.format_exception(error))
    said += caplog.text
    for secret in (NAME, PERSON, ENTRY.id_number, SECRET_KEY):
        assert secret not in said


# --- The breaker and the pace ---------------------------------------------------------------------


def test_a_provider_that_is_down_is_left_alone_and_tried_again(server: TencentServer) -> None:
    clock = [0.0]
    registry = tencent_at(
        server, breaker=Breaker("tencent", failures=3, rest=30), clock=lambda: clock[0]
    )
    hits = []

    def down(exchange: Any) -> None:
        hits.append(1)
        cloud.status(503, Retry_After="1")(exchange)

    server.behave = down
    for _ in range(6):
        assert isinstance(raised_by(registry), ProviderUnavailable)
    assert len(hits) == 3
    clock[0] = 30.0
    raised_by(registry)
    raised_by(registry)
    assert len(hits) == 4, "one trial, and it failed"
    clock[0], server.behave = 60.0, None
    assert registry.verify(USCC, NAME, PERSON).known
    assert registry.verify(USCC, NAME, PERSON).known


def test_a_provider_that_refuses_us_is_there(server: TencentServer) -> None:
    breaker = Breaker("tencent", failures=1)
    server.behave = cloud.failing("AuthFailure.SignatureFailure")
    raised_by(tencent_at(server, breaker=breaker))
    assert breaker.state(0.0) is BreakerState.CLOSED


def test_it_rests_as_long_as_the_provider_asks() -> None:
    breaker = Breaker("it", failures=1, rest=30)
    breaker.failed(breaker.enter(0.0), 0.0, retry_after=600)
    assert breaker.state(599) is BreakerState.OPEN
    with pytest.raises(ProviderUnavailable) as caught:
        breaker.enter(100.0)
    assert caught.value.retry_after == 500


def test_a_success_between_failures_begins_anew() -> None:
    breaker = Breaker("it", failures=2)
    for _ in range(5):
        breaker.failed(breaker.enter(0.0), 0.0)
        breaker.succeeded(breaker.enter(0.0))
    assert breaker.state(0.0) is BreakerState.CLOSED


def test_an_answer_from_before_it_opened_does_not_close_it() -> None:
    breaker = Breaker("it", failures=1, rest=30)
    slow, failing = breaker.enter(0.0), breaker.enter(0.0)
    breaker.failed(failing, 1.0)
    breaker.succeeded(slow)
    assert breaker.state(2.0) is BreakerState.OPEN
    breaker.failed(slow, 20.0)
    assert breaker.state(31.0) is BreakerState.HALF_OPEN, (
        "nor does a failure from then lengthen its rest"
    )


def test_one_trial_at_a_time_and_a_lost_one_does_not_shut_it_for_ever() -> None:
    breaker = Breaker("it", failures=1, rest=30)
    breaker.failed(breaker.enter(0.0), 0.0)
    breaker.enter(30.0)
    with pytest.raises(ProviderUnavailable):
        breaker.enter(31.0)
    breaker.succeeded(breaker.enter(60.0))
    assert breaker.state(60.0) is BreakerState.CLOSED


def test_of_many_threads_one_is_the_trial() -> None:
    breaker = Breaker("it", failures=1, rest=30)
    breaker.failed(breaker.enter(0.0), 0.0)
    start, let_in = threading.Barrier(8), []

    def try_it() -> None:
        start.wait(10)
        with contextlib.suppress(ProviderUnavailable):
            let_in.append(breaker.enter(30.0))

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(let_in) == 1


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=200), st.floats(0.5, 50))
def test_no_second_holds_more_than_the_rate(gaps: list[float], per_second: float) -> None:
    """Whatever the rhythm of requests, and also in the first second; slower than one a second, one
    is one.
    """
    pace, now, starts = Pace(per_second), 0.0, []
    for gap in gaps:
        now += gap
        with contextlib.suppress(ProviderUnavailable):
            starts.append(round(now + pace.wait(now, longest=2.0), 6))
    for begin in starts:
        assert sum(begin <= start < begin + 1 - 1e-5 for start in starts) <= max(1.0, per_second)


def test_twenty_a_second_are_twenty_from_the_first_second_on() -> None:
    pace = Pace(20)
    turns = [pace.wait(0.0, 60.0) for _ in range(100)]
    assert [
        sum(second <= round(turn, 6) < second + 1 for turn in turns) for second in range(5)
    ] == [20] * 5


def test_a_turn_too_far_off_is_not_waited_for_nor_counted() -> None:
    pace = Pace(2)
    assert [pace.wait(0.0, 1.0) for _ in range(3)] == [0, 0.5, 1.0]
    with pytest.raises(ProviderUnavailable):
        pace.wait(0.0, 1.0)
    assert pace.wait(0.0, 2.0) == 1.5


def test_the_registry_waits_for_its_turn(server: TencentServer) -> None:
    slept: list[float] = []
    registry = tencent_at(server, pace=Pace(1), clock=lambda: 0.0, sleep=slept.append)
    for _ in range(3):
        registry.verify(USCC, NAME, PERSON)
    assert slept == [1.0, 2.0]
    assert isinstance(raised_by(registry), ProviderUnavailable) and len(server.asked) == 3


# --- Which are asked ------------------------------------------------------------------------------

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
    records, agreements = choice.chosen(settings_with(monkeypatch)["REGISTRY"])
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

    require("tencentcloud-sdk-python-ocr (the extra `tencent`)", installed())
    subject = replace(SUBJECT, uscc=USCC, name=NAME, now=datetime(2026, 11, 24, tzinfo=UTC))
    how = {
        "REGISTRY": registry,
        "TENCENT_SECRET_ID": SECRET_ID,
        "TENCENT_SECRET_KEY": SECRET_KEY,
        "TENCENT_ENDPOINT": server.url,
    }
    choice.chosen.cache_clear()
    try:
        with override_settings(**how):
            observation = Registry().observe(
                subject, {"reading": {"fields": {"legal_representative": PERSON}}}
            )
    finally:
        choice.chosen.cache_clear()
    assert observation["source"] == source and observation["agreement"]["source"] == "tencent"
    assert observation["record"]["affirmed_only"] and observation["record"]["name"] == NAME


# --- Asked by hand --------------------------------------------------------------------------------

COMMAND = "verification.management.commands.ask_registry"


def told_by_hand(*arguments: str) -> str:
    out = StringIO()
    call_command("ask_registry", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_an_operator_asks_the_chosen_registers_with_the_number_of_a_card(
    server: TencentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        f"{COMMAND}.chosen", lambda choice: (SnapshotRegistry(), tencent_at(server))
    )
    monkeypatch.setattr(f"{COMMAND}.getpass", lambda prompt: ENTRY.id_number)
    text = told_by_hand(USCC, NAME, PERSON, "--id-number")
    assert asked(server) == [FOUR] and server.asked[0]["IdNum"] == ENTRY.id_number
    assert (
        "snapshot: does not list it" in text
        and "legal_representative: match" in text
        and ENTRY.id_number not in text
    )
    server.asked.clear()
    told_by_hand(USCC, NAME, PERSON)
    assert asked(server) == ["ENT_3META"]


@pytest.mark.django_db
def test_what_cannot_be_asked_by_hand_is_named(
    server: TencentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="no unified social credit code"):
        told_by_hand("123", NAME, PERSON)
    with pytest.raises(CommandError, match="compares no number"):
        told_by_hand(USCC, NAME, PERSON, "--id-number")
    monkeypatch.setattr(f"{COMMAND}.chosen", lambda choice: (None, tencent_at(server)))
    server.behave = cloud.status(502)
    with pytest.raises(CommandError, match="tencent: HTTP 502"):
        told_by_hand(USCC, NAME, PERSON)
