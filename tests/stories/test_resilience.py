"""Tests that every case is decided exactly once, whatever dies, breaks or is emptied on the way.

They use PostgreSQL, Redis and real processes.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.models import Max
from django.utils import timezone

from documents.specimens import Company
from employers.models import User
from events.models import Event, Mail
from tests.conftest import require
from tests.fakes import tencent_server
from tests.fakes.tencent_server import (
    SECRET_ID,
    SECRET_KEY,
    Entry,
    Handler,
    cut_before_the_reply,
    saying,
    status,
)
from tests.stories import sabotage
from tests.stories.conftest import (
    licence,
    recruiter_of,
    register_company,
    running_worker,
    upload_licence,
    wait_until,
)
from verification.authority import deposits
from verification.cases import operations
from verification.checks import CHECKS
from verification.models import (
    Attempt,
    Case,
    CheckRun,
    Decision,
    DocumentReading,
    Proof,
    ProofKind,
    ProofState,
)
from verification.rules.states import State

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,
    pytest.mark.redis,
    pytest.mark.worker,
    pytest.mark.timeout(600),
]

STEPS = (
    "before_claim",
    *(f"check:{check.code}" for check in CHECKS),
    "before_settle",
    "in_settle",
    "after_settle",
)
QUICK = {
    "ZIZHI_LEASE_SECONDS": "3",
    "ZIZHI_SWEEP_SECONDS": "2",
    "DJANGO_SETTINGS_MODULE": "tests.stories.sabotage_settings",
}
DECIDES = {"approve": State.APPROVED, "hold_for_review": State.IN_REVIEW, "reject": State.REJECTED}


@pytest.fixture
def broker() -> str:
    """This run's Redis, with an empty database."""
    url: str = settings.CELERY_BROKER_URL
    require("Redis as the broker (ZIZHI_BROKER_URL=redis://…)", url.startswith("redis"))
    redis.Redis.from_url(url).flushdb()
    return url


class Cluster:
    """A PostgreSQL of this test's own, which can be stopped and started."""

    def __init__(self, folder: Path, programs: Path, port: int) -> None:
        self.folder, self.programs, self.port = folder, programs, port
        # PostgreSQL refuses to run as root.
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self._run(
            "initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"
        )

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop as in a power failure: nothing is finished, and everything is recovered at the
        start.
        """
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [
            *self._as,
            str(self.programs / program),
            "-D",
            str(self.folder / "data"),
            *arguments,
        ]
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def programs_of_postgresql() -> Path | None:
    """Return the folder of `initdb` and `pg_ctl`, which systems keep off the path.

    None if they are missing or may not be run.
    """
    if os.geteuid() == 0 and (
        shutil.which("runuser") is None
        or "postgres" not in {user.pw_name for user in pwd.getpwall()}
    ):
        return None
    found = [
        *Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        *map(Path, filter(None, [shutil.which("initdb")])),
    ]
    return found[0].parent if found else None


@pytest.fixture
def cluster(transactional_db: None, broker: str) -> Iterator[Cluster]:
    """A server of this test's own; this process and its workers use it during the test."""
    programs = programs_of_postgresql()
    require("initdb of PostgreSQL, and a user to run it", programs is not None)
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="zizhi-cluster-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    before = dict(connection.settings_dict)
    made = Cluster(folder, programs, port)
    made.start()
    try:
        connection.close()
        own = {
            "HOST": "127.0.0.1",
            "PORT": port,
            "USER": "postgres",
            "PASSWORD": "",
            "NAME": "postgres",
        }
        connection.settings_dict.update(own)
        call_command("migrate", verbosity=0)
        yield made
    finally:
        connection.close()
        connection.settings_dict.update(before)
        made.stop()
        shutil.rmtree(folder)


@dataclass
class Scene:
    """Employers with their cases, and the fault that is planned for each."""

    folder: Path
    plan: dict[str, dict[str, object]]
    cases: dict[str, Case]

    @property
    def environment(self) -> dict[str, str]:
        return QUICK | {sabotage.PLAN: str(self.folder / "plan.json")}

    def employer(self, seed: int, **misfortune: object) -> Case:
        """Create an honest employer with an uploaded licence, and plan the fault for its case."""
        now = timezone.now()
        company = register_company(seed, as_of=now.date())
        member = recruiter_of(company, now)
        case, document = upload_licence(member, now, licence(seed, company))
        # Earlier steps are not under test.
        DocumentReading.objects.filter(document=document).update(finished_at=now)
        if misfortune:
            self.plan[company.uscc] = misfortune
        self.cases[company.uscc] = case
        (self.folder / "plan.json").write_text(json.dumps(self.plan))
        return case

    def submit(self, *cases: Case) -> None:
        for case in cases or self.cases.values():
            member = case.employer.members.get()
            operations.submit_case(case.pk, member.user, member.as_actor(), timezone.now())

    def befell(self, case: Case) -> int:
        """Return how often the planned fault has hit the case."""
        return len([*self.folder.glob(f"{case.declared_uscc}.*")])


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "scene").mkdir()
    (tmp_path / "scene" / "plan.json").write_text("{}")
    return Scene(tmp_path / "scene", {}, {})


def all_decided() -> bool:
    return not Attempt.objects.filter(finished_at=None).exists()


def decided_once(case: Case) -> Case:
    """Return the case, decided: one Decision, one Event per transition, one row per check, one mail
    per decision.
    """
    case = Case.objects.get(pk=case.pk)
    attempt = Attempt.objects.get(case=case)
    assert attempt.finished_at is not None and attempt.lease is None and attempt.outcome
    decision = Decision.objects.get(case=case)
    assert DECIDES[decision.verb] == case.state
    events = Counter(event.verb for event in Event.objects.about(case) if event.to_state)
    assert events == {"open": 1, "submit": 1, "start_checks": 1, decision.verb: 1}
    rows = Counter(CheckRun.objects.filter(attempt=attempt).values_list("code", flat=True))
    assert rows == {check.code: 1 for check in CHECKS}
    return case


def decided_by_all(scene: Scene, log: Path) -> None:
    """Wait until all are decided, and then for anything that the worker would do twice."""
    wait_until(all_decided, "not decided", log, 300)
    time.sleep(4)
    for case in scene.cases.values():
        decided_once(case)
    told = Mail.objects.filter(template__in=[f"case_{verb}" for verb in DECIDES])
    assert told.count() == len(scene.cases)


def reasons_of(case: Case) -> list[str]:
    return [reason["code"] for reason in Decision.objects.get(case=case).reasons]


def nobody_is_blamed(*cases: Case) -> None:
    """Each check ran and has a finding, despite the faults."""
    for case in cases:
        assert "check_incomplete" not in reasons_of(case), Attempt.objects.get(case=case).last_error


@pytest.mark.parametrize("how", ["kill", "disconnect"])
def test_a_process_dies_or_loses_its_database_in_each_step(
    how: str, broker: str, scene: Scene, tmp_path: Path
) -> None:
    """Kill the working process, or end its connection like a server restart, once in each step."""
    for seed, step in enumerate(STEPS, start=401):
        scene.employer(seed, step=step, how=how)
    log = tmp_path / "worker.log"
    with running_worker(broker, log, beat=True, **scene.environment):
        scene.submit()
        decided_by_all(scene, log)
    for case in scene.cases.values():
        assert scene.befell(case) == 1, "the step was never reached"
    nobody_is_blamed(*scene.cases.values())


@pytest.mark.parametrize("step", ["before_settle", "in_settle", "after_settle"])
def test_the_whole_worker_dies(step: str, broker: str, scene: Scene, tmp_path: Path) -> None:
    """The whole worker dies; another one, started later, finishes."""
    case = scene.employer(431, step=step, how="kill_all")
    with running_worker(broker, tmp_path / "one.log", **scene.environment) as one:
        scene.submit()
        assert one.wait(120) == -signal.SIGKILL
    assert (Attempt.objects.get().finished_at is None) == (step != "after_settle")
    assert Decision.objects.exists() == (step == "after_settle")
    log = tmp_path / "two.log"
    with running_worker(broker, log, beat=True, **scene.environment):
        decided_by_all(scene, log)
    nobody_is_blamed(case)


def test_a_provider_that_is_down_slow_or_wrong(broker: str, scene: Scene, tmp_path: Path) -> None:
    down = scene.employer(441, step="check:registry", how="down", times=2)
    slow = scene.employer(442, step="check:registry", how="slow", seconds=8)
    broken = scene.employer(443, step="check:registry", how="broken")
    nonsense = scene.employer(444, step="check:registry", how="nonsense")
    well = scene.employer(445)
    log = tmp_path / "worker.log"
    with running_worker(broker, log, beat=True, concurrency=2, **scene.environment):
        scene.submit()
        decided_by_all(scene, log)
    nobody_is_blamed(down, slow, well)
    # A retry would get the same answer, so a person decides.
    for case in (broken, nonsense):
        assert Case.objects.get(pk=case.pk).state == State.IN_REVIEW
        assert "check_incomplete" in reasons_of(case)
    assert (scene.befell(down), Attempt.objects.get(case=down).tries) == (2, 3)
    attempt = Attempt.objects.get(case=slow)
    assert (attempt.tries, attempt.deaths) == (1, 0), (
        "taken over while its worker was only waiting for an answer"
    )


def test_the_broker_is_emptied(broker: str, scene: Scene, tmp_path: Path) -> None:
    """The broker is emptied before a worker is there, and while one is at work: the rows are the
    queue, and a sweep sends them again.
    """
    first, second = (
        scene.employer(451),
        scene.employer(452, step="check:registry", how="slow", seconds=2),
    )
    third = scene.employer(453)
    log = tmp_path / "worker.log"
    scene.submit(first)
    redis.Redis.from_url(broker).flushdb()
    with running_worker(broker, log, beat=True, **scene.environment):
        wait_until(
            lambda: Attempt.objects.get(case=first).finished_at,
            "lost before there was a worker",
            log,
        )
        scene.submit(second)
        wait_until(lambda: scene.befell(second), "never begun", log)
        scene.submit(third)
        redis.Redis.from_url(broker).flushdb()
        decided_by_all(scene, log)
    nobody_is_blamed(*scene.cases.values())


def test_the_database_stops_and_comes_back(
    broker: str, cluster: Cluster, scene: Scene, tmp_path: Path
) -> None:
    """The server is down for seconds, as after a power failure: no case is lost, and none is
    decided twice.
    """
    for seed in (461, 462, 463):
        scene.employer(seed)
    log = tmp_path / "worker.log"
    with running_worker(broker, log, beat=True, **scene.environment):
        scene.submit()
        wait_until(CheckRun.objects.exists, "never begun", log)
        assert not all_decided(), "it was stopped too late to show anything"
        connection.close()
        cluster.stop()
        time.sleep(4)
        with pytest.raises(OperationalError):
            connection.ensure_connection()
        cluster.start()
        decided_by_all(scene, log)
    nobody_is_blamed(*scene.cases.values())


def test_a_register_over_http_that_is_down_slow_wrong_or_behind_a_broken_gateway(
    broker: str, scene: Scene, tmp_path: Path
) -> None:
    """The real adapter, over the wire."""
    misfortunes: dict[str, Handler] = {}
    log = tmp_path / "worker.log"
    with tencent_server.serving() as server:
        garbage = saying(b"<html>Welcome to nginx!</html>")
        for seed, happens in (
            (471, cut_before_the_reply),
            (472, slowly),
            (473, status(502, Retry_After="1")),
            (474, garbage),
        ):
            case = scene.employer(seed)
            company = Company.fictitious(seed)
            server.register.append(Entry(company.uscc, company.name, company.legal_representative))
            proven(case, timezone.now())
            misfortunes[case.declared_uscc] = happens
        server.behave = lambda exchange: misfortunes.pop(
            json.loads(exchange.body)["CreditCode"], type(exchange).served
        )(exchange)
        account = {
            "ZIZHI_TENCENT_SECRET_ID": SECRET_ID,
            "ZIZHI_TENCENT_SECRET_KEY": SECRET_KEY,
            "ZIZHI_TENCENT_ENDPOINT": server.url,
        }
        with running_worker(
            broker,
            log,
            beat=True,
            concurrency=2,
            ZIZHI_REGISTRY="tencent",
            **scene.environment | account,
        ):
            scene.submit()
            decided_by_all(scene, log)
    assert not misfortunes
    # HTTP 200 without an answer: a retry would get the same, so a person decides.
    *later, told_garbage = scene.cases.values()
    assert Case.objects.get(
        pk=told_garbage.pk
    ).state == State.IN_REVIEW and "check_incomplete" in reasons_of(told_garbage)
    assert "broken" in CheckRun.objects.get(attempt__case=told_garbage, code="registry").observation
    nobody_is_blamed(*later)
    for case in later:
        observed = CheckRun.objects.get(attempt__case=case, code="registry").observation
        assert observed["source"] == "tencent", observed
    assert Attempt.objects.aggregate(Max("tries"))["tries__max"] > 1


def slowly(exchange: Any) -> None:
    # Longer than a worker's lease.
    time.sleep(4)
    exchange.served()


def proven(case: Case, now: datetime, kind: ProofKind = ProofKind.BANK_DEPOSIT) -> Proof:
    """The recruiter has proven its authority."""
    return Proof.objects.create(
        employer=case.employer,
        member=case.employer.members.get(),
        uscc=case.declared_uscc,
        kind=kind,
        state=ProofState.PROVEN,
        started_at=now,
        expires_at=now + timedelta(days=10),
        due_at=now,
        proven_at=now,
        finished_at=now,
        observed={"name": case.declared_name},
        holds_until=now + timedelta(days=180),
    )


def test_a_worker_dies_while_it_follows_a_proof_or_reads_a_document(
    broker: str, scene: Scene, tmp_path: Path
) -> None:
    """The bank has taken the order, but this is not stored yet: repeating it must not make a second
    transfer.
    """
    deposit, read = (
        scene.employer(481, step="proof:bank_deposit", how="kill"),
        scene.employer(482, step="document", how="kill"),
    )
    DocumentReading.objects.filter(document__case=read).update(finished_at=None)
    log = tmp_path / "worker.log"
    # Reading a document sends no heartbeat, so the lease must be longer than the reading.
    with running_worker(
        broker, log, beat=True, **scene.environment | {"ZIZHI_LEASE_SECONDS": "15"}
    ):
        member = deposit.employer.members.get()
        proof = deposits.start_deposit(
            member, deposit.declared_name, "6222021001123456789", "工商银行", timezone.now()
        )
        wait_until(lambda: Proof.objects.exclude(reference="").exists(), "the order was lost", log)
        wait_until(
            lambda: DocumentReading.objects.get(document__case=read).finished_at, "not read", log
        )
    assert (scene.befell(deposit), scene.befell(read)) == (1, 1), "the step was never reached"
    proof.refresh_from_db()
    assert proof.state == ProofState.PENDING and proof.deaths == 1 and not proof.sealed
    reading = DocumentReading.objects.get(document__case=read)
    assert (
        reading.deaths == 1
        and reading.reading
        and reading.reading["fields"]["uscc"] == read.declared_uscc
    )


def test_a_worker_dies_in_the_round_after_a_wait(broker: str, scene: Scene, tmp_path: Path) -> None:
    case = scene.employer(491, step="check:authority", how="kill", after=1)
    User.objects.filter(member__employer=case.employer).update(email="lin@qq.com")
    log = tmp_path / "worker.log"
    with running_worker(broker, log, beat=True, **scene.environment):
        scene.submit()
        wait_until(
            lambda: Attempt.objects.get().waiting_for == "authority_missing", "does not wait", log
        )
        assert scene.befell(case) == 0
        proven(case, timezone.now())
        operations.notify_case_worker(case.pk, timezone.now())
        wait_until(all_decided, "not decided", log)
        time.sleep(4)
    assert scene.befell(case) == 1, "the step was never reached"
    assert Case.objects.get().state == State.APPROVED and Decision.objects.count() == 1
    attempt = Attempt.objects.get()
    assert (attempt.deaths, attempt.waits) == (1, 1)
    rounds = Counter(CheckRun.objects.values_list("code", "round"))
    assert set(rounds.values()) == {1}, "each check once per round"
    assert Counter(code for code, _round in rounds) == {
        check.code: 1 if check.lasting else 2 for check in CHECKS
    }
    events = Counter(event.verb for event in Event.objects.about(case) if event.to_state)
    assert events == {"open": 1, "submit": 1, "start_checks": 1, "approve": 1}
