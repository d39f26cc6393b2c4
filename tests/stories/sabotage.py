"""Faults in real workers, planned by case and step; loaded by `sabotage_settings`.

The product does not know about them: its checks and operations are wrapped when the worker starts.
The plan is a file that the test writes. What has happened is noted beside it, so that each fault
hits a case as often as planned.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from django.apps import AppConfig
from django.db import connection

from events.core.errors import ProviderBroken, ProviderUnavailable

PLAN = "ZIZHI_TEST_SABOTAGE"
"""The environment variable with the path of the plan, `{uscc: {"step": …, "how": …, "times": …,
"seconds": …, "after": …}}`.

A fault happens `times` times, after its step has been passed `after` times.
"""


class Sabotage(AppConfig):
    name = "tests.stories"
    label = "sabotage"

    def ready(self) -> None:
        from verification.checks import CHECKS
        from verification.decision import apply_verdict, pipeline

        plan = Plan(Path(os.environ[PLAN]))
        for check in CHECKS:
            _wrap_check(plan, check)
        _wrap_run(plan, pipeline)
        _wrap_proofs_and_readings(plan)
        # Two seconds between requests to a provider test the same as a minute.
        pipeline.FAILURES = tuple(replace(each, wait=2.0) for each in pipeline.FAILURES)
        settle, put_on_record = apply_verdict.apply_verdict, apply_verdict.put_on_record

        def settling_(lease: Any, *args: Any, **more: Any) -> Any:
            plan.befalls(lease.row.case.declared_uscc, "before_settle")
            return settle(lease, *args, **more)

        def recording(case: Any, *args: Any, **more: Any) -> Any:
            done = put_on_record(case, *args, **more)
            # Decided, but not committed yet.
            plan.befalls(case.declared_uscc, "in_settle")
            return done

        apply_verdict.apply_verdict, apply_verdict.put_on_record = settling_, recording  # type: ignore[assignment]


def _wrap_check(plan: Plan, check: Any) -> None:
    observe = check.observe

    def observing(subject: Any, earlier: Any) -> Any:
        seen = observe(subject, earlier)
        return plan.befalls(subject.uscc, f"check:{check.code}") or seen

    check.observe = observing


def _wrap_run(plan: Plan, pipeline: Any) -> None:
    run = pipeline.run_checks

    def running(attempt_id: int, *args: Any, **more: Any) -> Any:
        from verification.models import Attempt

        uscc = Attempt.objects.values_list("case__declared_uscc", flat=True).get(pk=attempt_id)
        plan.befalls(uscc, "before_claim")
        settled = run(attempt_id, *args, **more)
        if settled:
            plan.befalls(uscc, "after_settle")
        return settled

    pipeline.run_checks = running


def _wrap_proofs_and_readings(plan: Plan) -> None:
    """Cause faults after a provider's answer or a document's reading, before it is stored."""
    from verification.authority import proof_polling
    from verification.intake import early_reading

    proof_polling.LEASE_SECONDS = 3
    for kind, ask in list(proof_polling._ASK.items()):

        def asking(proof: Any, now: Any, ask: Any = ask) -> Any:
            answer = ask(proof, now)
            plan.befalls(proof.uscc, f"proof:{proof.kind}")
            return answer

        proof_polling._ASK[kind] = asking
    observe = early_reading._observe

    def reading(check: Any, case: Any, *rest: Any) -> Any:
        seen = observe(check, case, *rest)
        plan.befalls(case.declared_uscc, "document")
        return seen

    early_reading._observe = reading


class Plan:
    """The faults that are planned for each case, and how often they have happened."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.how: dict[str, Callable[[dict[str, Any]], Any]] = {
            "kill": lambda _: os.kill(os.getpid(), signal.SIGKILL),
            "kill_all": lambda _: os.killpg(os.getpgrp(), signal.SIGKILL),
            "disconnect": lambda _: disconnect(),
            "down": _down,
            "slow": lambda one: time.sleep(one["seconds"]),
            "broken": _broken,
            "nonsense": lambda _: {"record": "<html>502 Bad Gateway</html>", "documents": 7},
        }

    def befalls(self, uscc: str, step: str) -> Any:
        """Cause the fault that is planned for this case and `step`, unless it has happened often
        enough.
        """
        one = json.loads(self.file.read_text()).get(uscc)
        if not one or one["step"] != step:
            return None
        if self._first(f"passed.{uscc}", one.get("after", 0)) or not self._first(
            uscc, one.get("times", 1)
        ):
            return None
        return self.how[one["how"]](one)

    def _first(self, what: str, times: int) -> bool:
        """Note an occurrence, over all processes; return whether it is among the first `times`."""
        for time_ in range(times):
            try:
                (self.file.parent / f"{what}.{time_}").touch(exist_ok=False)
            except FileExistsError:
                continue
            return True
        return False


def disconnect() -> None:
    """End our own connection from the server's side, as when the server restarts."""
    connection.ensure_connection()
    ended = connection.connection.info.backend_pid
    asked = ("dbname", "user", "password", "host", "port")
    parameters = {
        name: value for name, value in connection.get_connection_params().items() if name in asked
    }
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [ended])


def _down(_: dict[str, Any]) -> None:
    raise ProviderUnavailable("the register, by a test", retry_after=1)


def _broken(_: dict[str, Any]) -> None:
    raise ProviderBroken("the register, by a test")
