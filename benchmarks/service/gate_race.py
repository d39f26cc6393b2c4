"""A race for late answers: some processes ask the gate while another suspends and reinstates.

All processes share a number for each employer, which is odd while an acknowledged suspension is in
force. An answer is late if it allowed and the number was odd before the question and is unchanged
after it.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from argparse import Namespace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from benchmarks.service import gate_employers

EMPLOYERS: Final = 50
ANSWERS_AT_MOST: Final = 1_000_000
STEP: Final = timedelta(seconds=600 / EMPLOYERS)
"""By how much each answer advances the clock of the questions, so that quotas do not run out: they
are not under test.
"""


def run(options: Namespace) -> dict[str, Any]:
    from django.db import connections

    case_ids, member_ids, employer_ids, client_id = prepare()
    connections.close_all()
    spawn = multiprocessing.get_context("spawn")
    shared = {
        "changes": spawn.Array("l", EMPLOYERS, lock=False),
        "asked": spawn.Value("l", 0),
        "stop": spawn.Event(),
    }
    told = spawn.Queue()
    asking = [
        spawn.Process(
            target=keep_asking,
            args=(number + options.seed, client_id, employer_ids, member_ids, shared, told),
        )
        for number in range(options.processes)
    ]
    for process in asking:
        process.start()
    while shared["asked"].value < 100 and all(process.is_alive() for process in asking):
        time.sleep(0.05)
    began = time.monotonic()
    suspensions = keep_suspending(case_ids, shared, began + options.seconds)
    shared["stop"].set()
    results = [told.get(timeout=60) for _ in asking]
    for process in asking:
        process.join()
    errors = [error for result in results for error in result["errors"]]
    if errors:
        raise SystemExit(f"{len(errors)} questions failed, the first: {errors[0]}")
    return {
        "decisions": sum(result["asked"] for result in results),
        "allowed": sum(result["allowed"] for result in results),
        "late_allows": sum(result["late"] for result in results),
        "suspensions": suspensions,
        "processes": options.processes,
        "seconds": round(time.monotonic() - began, 1),
    }


def prepare() -> tuple[list[UUID], list[UUID], list[UUID], UUID]:
    from employers.models import ApiClient
    from verification.models import Case

    gate_employers.first_employer()
    gate_employers.fill(2, EMPLOYERS, 0)
    cases = list(Case.objects.order_by("employer_id"))
    ids = [case.employer_id for case in cases]
    return [case.pk for case in cases], ids, ids, ApiClient.objects.get().pk


def keep_asking(
    number: int,
    client_id: UUID,
    employer_ids: list[UUID],
    member_ids: list[UUID],
    shared: dict[str, Any],
    told: Any,
) -> None:
    """Ask about random employers, in a process of its own, until told to stop."""
    import django

    django.setup()
    from django.db import DatabaseError, connections
    from django.utils import timezone

    from downloads.gate import decide

    chance, begin, zone = random.Random(number), timezone.now(), ZoneInfo("Asia/Shanghai")
    result: dict[str, Any] = {"asked": 0, "allowed": 0, "late": 0, "errors": []}
    while not shared["stop"].is_set():
        with shared["asked"].get_lock():
            shared["asked"].value += 1
            n = shared["asked"].value
        which = chance.randrange(EMPLOYERS)
        before = shared["changes"][which]
        try:
            answer = decide.decide_download(
                client_id=client_id,
                employer_id=employer_ids[which],
                member_id=member_ids[which],
                candidate=f"c-{n}",
                now=begin + n * STEP,
                zone=zone,
            )
        except DatabaseError as error:
            result["errors"].append(repr(error))
            break
        result["asked"] += 1
        result["allowed"] += answer.allowed
        result["late"] += answer.allowed and before % 2 == 1 and shared["changes"][which] == before
    connections.close_all()
    told.put(result)


def keep_suspending(case_ids: list[UUID], shared: dict[str, Any], until: float) -> int:
    """Suspend one employer after another, announce it, and reinstate it a little later; return how
    often.
    """
    from django.utils import timezone

    from employers.models import User
    from events.core.actor import SYSTEM
    from verification.cases import operations

    def now() -> datetime:
        return timezone.now()

    reviewer = User.objects.create_superuser("reviewer@zizhi.example", None)
    done, suspended = 0, []
    while time.monotonic() < until and shared["asked"].value < ANSWERS_AT_MOST:
        which = done % len(case_ids)
        operations.suspend_case(case_ids[which], SYSTEM, now(), ["forgery_suspected"])
        shared["changes"][which] += 1
        suspended.append(which)
        done += 1
        if len(suspended) > len(case_ids) // 3:
            oldest = suspended.pop(0)
            shared["changes"][oldest] += 1
            operations.reinstate_case(case_ids[oldest], reviewer, now())
    return done
