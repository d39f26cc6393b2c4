"""Is every case decided exactly once, whatever dies, breaks or is emptied on the way? PostgreSQL, Redis, real processes."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from events.models import Event, Mail
from tests.conftest import require
from tests.scenarios import sabotage
from tests.scenarios.conftest import licence, recruiter_of, register_company, running_worker, upload_licence, wait_until
from verification import operations
from verification.checks import CHECKS
from verification.models import Attempt, Case, CheckRun, Decision, DocumentReading
from verification.states import State

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,
    pytest.mark.redis,
    pytest.mark.worker,
    pytest.mark.xdist_group("worker"),
    pytest.mark.timeout(600),
]

STEPS = ("before_claim", *(f"check:{check.code}" for check in CHECKS), "before_settle", "in_settle", "after_settle")
QUICK = {"ZIZHI_LEASE_SECONDS": "3", "ZIZHI_SWEEP_SECONDS": "1", "DJANGO_SETTINGS_MODULE": "tests.scenarios.sabotage_settings"}
DECIDES = {"approve": State.APPROVED, "hold_for_review": State.IN_REVIEW, "reject": State.REJECTED}


@pytest.fixture
def broker() -> str:
    """This run's Redis, its database emptied."""
    url: str = settings.CELERY_BROKER_URL
    require("Redis as the broker (ZIZHI_BROKER_URL=redis://…)", url.startswith("redis"))
    redis.Redis.from_url(url).flushdb()
    return url


@dataclass
class Scene:
    """Employers with their cases, and what will happen to each."""

    folder: Path
    plan: dict[str, dict[str, object]]
    cases: dict[str, Case]

    @property
    def environment(self) -> dict[str, str]:
        return QUICK | {sabotage.PLAN: str(self.folder / "plan.json")}

    def employer(self, seed: int, **misfortune: object) -> Case:
        """An honest employer with its licence uploaded, to whose case the misfortune will happen."""
        now = timezone.now()
        company = register_company(seed, as_of=now.date())
        member = recruiter_of(company, now)
        case, document = upload_licence(member, now, licence(seed, company))
        DocumentReading.objects.filter(document=document).update(finished_at=now)  # what is shown before is not what is tested
        if misfortune:
            self.plan[company.uscc] = misfortune
        self.cases[company.uscc] = case
        (self.folder / "plan.json").write_text(json.dumps(self.plan))
        return case

    def submit(self, *cases: Case) -> None:
        for case in cases or self.cases.values():
            member = case.employer.members.get()
            operations.submit(case.pk, member.user, member.as_actor(), timezone.now())

    def befell(self, case: Case) -> int:
        """How often the planned misfortune has happened to the case."""
        return len([*self.folder.glob(f"{case.declared_uscc}.*")])


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "scene").mkdir()
    (tmp_path / "scene" / "plan.json").write_text("{}")
    return Scene(tmp_path / "scene", {}, {})


def all_decided() -> bool:
    return not Attempt.objects.filter(finished_at=None).exists()


def decided_once(case: Case) -> Case:
    """The case as it stands, decided: one Decision, one Event a transition, one row a check, one mail a decision."""
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
    """Wait, and let the worker do whatever it would still do twice."""
    wait_until(all_decided, "not decided", log, 300)
    time.sleep(2.5)
    for case in scene.cases.values():
        decided_once(case)
    told = Mail.objects.filter(template__in=[f"case_{verb}" for verb in DECIDES])
    assert told.count() == len(scene.cases)


def reasons_of(case: Case) -> list[str]:
    return [reason["code"] for reason in Decision.objects.get(case=case).reasons]


def nobody_is_blamed(*cases: Case) -> None:
    """Whatever went wrong on the way, each check has looked and said what it saw."""
    for case in cases:
        assert "check_incomplete" not in reasons_of(case), Attempt.objects.get(case=case).last_error


@pytest.mark.parametrize("how", ["kill", "disconnect"])
def test_a_process_dies_or_loses_its_database_in_each_step(how: str, broker: str, scene: Scene, tmp_path: Path) -> None:
    """SIGKILL to the process that works, or the end of its connection as by a restart of the server, once in each step."""
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
    """Nothing of it is left; another one, started later, finishes."""
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
    for case in (broken, nonsense):  # asked again it would say the same: a person looks
        assert Case.objects.get(pk=case.pk).state == State.IN_REVIEW
        assert "check_incomplete" in reasons_of(case)
    assert (scene.befell(down), Attempt.objects.get(case=down).tries) == (2, 3)
    attempt = Attempt.objects.get(case=slow)
    assert (attempt.tries, attempt.deaths) == (1, 0), "taken over while its worker was only waiting for an answer"


def test_the_broker_is_emptied(broker: str, scene: Scene, tmp_path: Path) -> None:
    """Before a worker is there, and while one is at work: the rows are the queue, and are rung for again."""
    first, second = scene.employer(451), scene.employer(452, step="check:registry", how="slow", seconds=2)
    third = scene.employer(453)
    log = tmp_path / "worker.log"
    scene.submit(first)
    redis.Redis.from_url(broker).flushdb()
    with running_worker(broker, log, beat=True, **scene.environment):
        wait_until(lambda: Attempt.objects.get(case=first).finished_at, "lost before there was a worker", log)
        scene.submit(second)
        wait_until(lambda: scene.befell(second), "never begun", log)
        scene.submit(third)
        redis.Redis.from_url(broker).flushdb()
        decided_by_all(scene, log)
    nobody_is_blamed(*scene.cases.values())


def test_the_database_ends_every_connection_again_and_again(broker: str, scene: Scene, tmp_path: Path) -> None:
    """As often as a server that cannot stay up: no case is lost, none is decided twice."""
    for seed in (461, 462, 463):
        scene.employer(seed)
    log = tmp_path / "worker.log"
    with running_worker(broker, log, beat=True, **scene.environment):
        scene.submit()
        wait_until(CheckRun.objects.exists, "never begun", log)
        for _ in range(12):
            end_connections()
            time.sleep(0.8)
        decided_by_all(scene, log)
    assert sum(Attempt.objects.values_list("tries", flat=True)) > len(scene.cases), "no attempt has noticed"
    nobody_is_blamed(*scene.cases.values())


def end_connections() -> int:
    """End every connection to this test's database but our own; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])
