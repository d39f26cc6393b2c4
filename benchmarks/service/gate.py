"""Benchmark of the gate: its speed beside a bare view, at two table sizes, and a race for late
answers.

`python -m benchmarks.gate [--employers N] [--decisions N] [--seconds S] [--rounds N] [--seed N]
[--json]` needs PostgreSQL (DATABASE_URL, else one on loopback), `wrk` and `pgbench`. In a database
of its own, it sends requests on 16 connections to four gunicorn workers of four threads, through
all of the API's middleware. It compares a bare view that reads one row, as a page and at an API
address, which has less middleware, and the gate's SQL under pgbench. All take seven turns each; the
median is reported. It first uses 10,000 employers and no answers, then N employers (1,000,000) and
N answers (10,000,000). Goals: at least 0.45 of the bare view's requests, a p99 at most three times
the bare one's, and within 20 % at both sizes.

`--race [--processes N]` lets processes ask while employers are suspended and reinstated, for
--seconds (60) or 1,000,000 answers, and counts the allowed answers to questions after an
acknowledged suspension. Goal: none.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks import stage
from benchmarks.service import gate_race
from benchmarks.service.gate_employers import fill, first_employer, numbered
from benchmarks.stage import a_database

SERVER: Final = "postgres://postgres@127.0.0.1:5432/postgres"
PORT: Final = 8791
SMALL: Final = 10_000
CONNECTIONS: Final = 16
RATIOS: Final = ("of_bare", "of_bare_api", "p99_of_bare")
MEASURED: Final = ("gate_rps", "bare_rps", "pgbench_tps", "gate_p99_ms", "bare_p99_ms")

SCRIPT: Final = """
local employers, key, kind = {employers}, "{key}", "{kind}"
local made = 0
function setup(thread) made = made + 1; thread:set("number", made) end
function init() math.randomseed({seed} + number * 7919) end
function request()
  local n = math.random(1, employers)
  if kind == "bare" then return wrk.format("GET", string.format("/bare/00000000-0000-4000-8000-%012x", n)) end
  if kind == "bare_api" then return wrk.format("GET", string.format("/api/v1/bare/00000000-0000-4000-8000-%012x", n)) end
  local body = string.format(
    '{{"employer_id":"00000000-0000-4000-8000-%012x","member_id":"00000000-0000-4000-8000-%012x","candidate":"c-%d"}}',
    n, n, math.random(1, 1000000000))
  return wrk.format("POST", "/api/v1/gate/decisions", {{["Authorization"] = "Bearer " .. key, ["Content-Type"] = "application/json"}}, body)
end
function done(summary, latency)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("TOLD %d %d %f %d\\n", summary.requests, summary.duration, latency:percentile(99), wrong))
end
"""


def main() -> None:
    options = arguments()
    tools = {"wrk": shutil.which("wrk"), "pgbench": pgbench()}
    missing = [] if options.race else [name for name, found in tools.items() if not found]
    if missing:
        raise SystemExit(
            f"{' and '.join(missing)} was not found. On Debian and Ubuntu: apt-get install wrk"
            " postgresql-contrib"
        )
    server = os.environ.get("DATABASE_URL", SERVER)
    if not server.startswith("postgres"):
        raise SystemExit(f"DATABASE_URL is {server!r}: the gate is measured on PostgreSQL.")
    import psycopg

    try:
        with a_database(server) as url:
            os.environ |= {"DATABASE_URL": url, "ZIZHI_BROKER_URL": "memory://"}
            with stage.fresh() as folder:
                try:
                    result = (
                        gate_race.run(options) if options.race else measured(options, folder, url)
                    )
                finally:
                    from django.db import connections

                    connections.close_all()
    except psycopg.OperationalError as error:
        raise SystemExit(f"PostgreSQL does not answer at {server}: {error}") from error
    if options.json:
        stage.tell(result)
    elif options.race:
        print(
            f"{result['decisions']} answers ({result['allowed']} yes) of {result['processes']}"
            f" processes in {result['seconds']} s"
        )
        print(f"  {result['suspensions']} suspensions, {result['late_allows']} late allows")
    else:
        show(result)
    if result["late_allows"]:
        sys.exit(1)


def arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--employers", type=int, default=1_000_000)
    parser.add_argument("--decisions", type=int, default=10_000_000)
    parser.add_argument(
        "--seconds", type=int, help="length of each measurement (6), or of the race (60)"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--processes", type=int, default=4, help="processes in the race")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--race", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.seconds = options.seconds or (60 if options.race else 6)
    return options


def pgbench() -> str | None:
    """Return the path of pgbench; Debian installs it beside the server, not in the path."""
    return shutil.which("pgbench") or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))), None
    )


def measured(options: Namespace, folder: Path, url: str) -> dict[str, Any]:
    key = first_employer()
    few = min(SMALL, options.employers)
    fill(2, few, 0)
    by_size = [rounds(options, folder, url, key, few, 0)]
    if options.employers > few or options.decisions:
        fill(few + 1, options.employers, options.decisions)
        by_size.append(rounds(options, folder, url, key, options.employers, options.decisions))
    last = by_size[-1]
    return {name: last[name] for name in (*MEASURED, *RATIOS)} | {
        "of_pgbench": round(last["gate_rps"] / last["pgbench_tps"], 3),
        "large_of_small": round(last["gate_rps"] / by_size[0]["gate_rps"], 3),
        "decisions": sum(size["asked"] for size in by_size),
        "late_allows": 0,
        "by_size": by_size,
    }


def rounds(
    options: Namespace, folder: Path, url: str, key: str, employers: int, decisions: int
) -> dict[str, Any]:
    """Measure the gate, the bare view and pgbench in turns; return the median of each, and of their
    ratios within a turn.
    """
    told: dict[str, list[float]] = {name: [] for name in (*MEASURED, *RATIOS)}
    asked = 0
    with served(folder):
        # The first round warms up.
        for round_ in range(options.rounds + 1):
            seconds = options.seconds if round_ else min(3, options.seconds)
            made = {}
            for kind in ("gate", "bare", "bare_api"):
                script = SCRIPT.format(
                    employers=employers, key=key, kind=kind, seed=options.seed + round_
                )
                made[kind] = asked_by_wrk(folder, script, seconds)
            tps = asked_by_pgbench(folder, url, employers, seconds)
            asked += made["gate"]["requests"]
            if not round_:
                analyze()
            else:
                for kind in ("gate", "bare"):
                    told[f"{kind}_rps"].append(made[kind]["rps"])
                    told[f"{kind}_p99_ms"].append(made[kind]["p99_ms"])
                told["pgbench_tps"].append(tps)
                told["of_bare"].append(made["gate"]["rps"] / made["bare"]["rps"])
                told["of_bare_api"].append(made["gate"]["rps"] / made["bare_api"]["rps"])
                told["p99_of_bare"].append(made["gate"]["p99_ms"] / made["bare"]["p99_ms"])
    return {
        "employers": employers,
        "decisions_before": decisions,
        "asked": asked,
        "allowed_share": allowed_share(),
    } | {name: round(stage.median(values), 3) for name, values in told.items()}


def analyze() -> None:
    """Analyze the tables, as the server does within a minute; until then its plans assume empty
    tables.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


MOSTLY_ALLOWED: Final = 0.9


def allowed_share() -> float:
    """Return the share of allowed answers among the last ones; a denial costs less."""
    from datetime import timedelta

    from django.db.models import Avg, IntegerField
    from django.db.models.functions import Cast
    from django.utils import timezone

    from downloads.models import GateDecision

    lately = GateDecision.objects.filter(decided_at__gt=timezone.now() - timedelta(hours=1))
    return round(lately.aggregate(share=Avg(Cast("allowed", IntegerField())))["share"] or 0.0, 3)


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """Run gunicorn as in `docs/operating/running.md`, with the project's settings, until the block
    ends.
    """
    from config.trying_out import processes

    log = folder / "web.log"
    command = (
        f"-m gunicorn config.wsgi --bind 127.0.0.1:{PORT} --workers 4 --threads 4 --log-level"
        " warning"
    )
    with processes.running_process(
        [sys.executable, *command.split()],
        log,
        DJANGO_SETTINGS_MODULE="benchmarks.service.gate_settings",
    ):
        for _ in range(300):
            try:
                urllib.request.urlopen(
                    f"http://127.0.0.1:{PORT}/bare/{numbered(1)}", timeout=10
                ).read()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise SystemExit(
                f"The web server did not start:\n{log.read_text(errors='replace')[-2000:]}"
            )
        yield


def asked_by_wrk(folder: Path, script: str, seconds: int) -> dict[str, Any]:
    """Return requests a second and p99. Raises SystemExit for any response other than 2xx."""
    file = folder / "asked.lua"
    file.write_text(script)
    command = [
        "wrk",
        "-t2",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--timeout",
        "10s",
        "--latency",
        "-s",
        str(file),
        f"http://127.0.0.1:{PORT}",
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"TOLD (\d+) (\d+) ([\d.]+) (\d+)", done.stdout)
    if found is None or int(found[4]):
        raise SystemExit(f"wrk reported errors:\n{done.stdout}\n{done.stderr}")
    return {
        "requests": int(found[1]),
        "rps": int(found[1]) / (int(found[2]) / 1e6),
        "p99_ms": float(found[3]) / 1000,
    }


def asked_by_pgbench(folder: Path, url: str, employers: int, seconds: int) -> float:
    """Return the transactions a second of the same lock and statement, without the HTTP layers."""
    file = folder / "asked.sql"
    file.write_text(pgbench_script(employers))
    command = [
        pgbench() or "",
        "-n",
        "-M",
        "prepared",
        "-c",
        str(CONNECTIONS),
        "-j",
        "2",
        "-T",
        str(seconds),
        "-f",
        str(file),
        url,
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or found is None:
        raise SystemExit(f"pgbench failed:\n{done.stdout}\n{done.stderr[-2000:]}")
    return float(found[1])


def pgbench_script(employers: int) -> str:
    from downloads import locks
    from downloads.gate import sql
    from downloads.rules.ladder import FIRST
    from employers.models import ApiKey
    from events.db.dialect import POSTGRESQL

    key = ApiKey.objects.get()
    id_ = "('00000000-0000-4000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid"
    day = "date_trunc('day', now() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'"
    values = {
        "client": f"'{key.client_id}'::uuid",
        "employer": id_,
        "member": id_,
        "ladder": f"'{FIRST.version}'",
        "now": "now()",
        "young_after": "now() - interval '30 days'",
        "hour": "now() - interval '1 hour'",
        "day": day,
        "since": f"LEAST({day}, now() - interval '1 hour')",
        "asked_ids": "ARRAY[gen_random_uuid()]",
        "asked_texts": "ARRAY['c-' || :c::bigint]",
        "mode": "'tell_after'",
        "key": f"'{key.pk}'::uuid",
        "networks": "''",
    }
    statement = " ".join(sql.decision_statement(POSTGRESQL, False, FIRST).split())
    lines = [r"\set n random(1, " + str(employers) + ")", r"\set c random(1, 1000000000)", "BEGIN;"]
    return "\n".join(
        [*lines, locks.LOCK_COMPANY % values + ";", statement % values + ";", "END;", ""]
    )


def show(result: dict[str, Any]) -> None:
    columns = ["employers", "decisions_before", *MEASURED, *RATIOS, "allowed_share"]
    stage.show(columns, [[size[name] for name in columns] for size in result["by_size"]])
    if any(size["allowed_share"] < MOSTLY_ALLOWED for size in result["by_size"]):
        print("Too many answers were refusals, which cost less: these figures say too little.")
    print(
        f"The gate answers {result['of_bare']} of the bare view's requests, its p99 is"
        f" {result['p99_of_bare']} times as long;"
    )
    print(f"{result['of_bare_api']} of the bare view at an API address;")
    print(
        f"{result['of_pgbench']} of its SQL alone; {result['large_of_small']} of its own"
        " rate at the small size."
    )


if __name__ == "__main__":
    main()
