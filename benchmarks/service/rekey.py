"""Benchmark of a change of keys under load: speed, and whether anything is lost or not found.

`python -m benchmarks.rekey [--rows N] [--seed N] [--json]` makes N accounts (10,000), each with a
sealed phone and its blind index, and changes the data key as docs/operating/keys.md describes it.
Two processes meanwhile sign up accounts, see known ones again, change phones, look phones up and
open them. For a while, one of them has not been restarted and still writes with the old key. Then
`rekey` moves everything, the old key is removed, and every row is compared with what was put in. It
uses SQLite, and, if ZIZHI_DATABASE_URL names a PostgreSQL server, also a database there that is
dropped at the end. Goal: no mismatch.
"""

from __future__ import annotations

import base64
import json
import os
import random
import secrets
import subprocess
import sys
import time
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks import stage

ROOT: Final = Path(__file__).resolve().parents[2]
RESTARTING_SECONDS: Final = 3.0
AT_ONCE: Final = 5000
_NEW: Final = 10_000_000
"""Accounts from this number on are made under load."""


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", action="store_true", help=SUPPRESS)
    parser.add_argument("--load", type=Path, help=SUPPRESS)
    options = parser.parse_args()
    if options.load:
        stage.tell(load(options.load, options.rows, options.seed))
        return
    if options.child:
        stage.tell(measured(options.rows, options.seed))
        return
    result: dict[str, Any] = {"seed": options.seed, "rows": options.rows, "engines": {}}
    result["engines"]["sqlite"] = _in_process(options.rows, options.seed, "")
    server = os.environ.get("ZIZHI_DATABASE_URL", "")
    if server.startswith("postgres"):
        with stage.a_database(server) as url:
            result["engines"]["postgresql"] = _in_process(options.rows, options.seed, url)
    if options.json:
        stage.tell(result)
        return
    print(f"{options.rows} seals and {options.rows} indexes")
    names = ("seconds", "values_a_second", "under_load", "p95_ms", "checked", "mismatches", "left")
    stage.show(
        ["engine", *(name.replace("_", " ") for name in names)],
        [[engine, *(run[name] for name in names)] for engine, run in result["engines"].items()],
    )


def _in_process(rows: int, seed: int, database_url: str) -> dict[str, Any]:
    """Measure one engine in a process of its own."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZIZHI_", "DATABASE_URL"))
    }
    if database_url:
        environment["DATABASE_URL"] = database_url
    command = ["-m", "benchmarks.rekey", "--child", f"--rows={rows}", f"--seed={seed}"]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def measured(rows: int, seed: int) -> dict[str, Any]:
    """Change the key of a new database with this many rows; return the figures."""
    with stage.fresh() as folder:
        from django.conf import settings

        from events import rekeying

        old, new = settings.DATA_KEY, base64.b64encode(secrets.token_bytes(32)).decode()
        settings.INDEX_KEY = old  # the installation never set an index key of its own
        _fill(rows)
        settings.DATA_KEY, settings.DATA_KEYS_RETIRED = new, [old]
        # One process is restarted with the new key, the other not yet; it knows the key already.
        with ExitStack() as processes:
            before, during, also = (
                partial(processes.enter_context, _loading(folder / name, rows, number, *keys))
                for name, number, keys in (
                    ("before", seed, (old, old, new)),
                    ("during", seed + 1, (new, old, old)),
                    ("also", seed + 2, (new, old, old)),
                )
            )
            first, second = before(), during()
            time.sleep(RESTARTING_SECONDS)
            (folder / "before").touch()
            first.wait()
            third = also()
            began = time.perf_counter()
            moved = sum(rekeying.rekey_column(each).moved for each in rekeying.sealed_columns())
            seconds = time.perf_counter() - began
        told = [json.loads(one.communicate()[0].splitlines()[-1]) for one in (first, second, third)]
        left = sum(column.stale().count() for column in rekeying.sealed_columns())
        settings.DATA_KEYS_RETIRED = []
        checked, mismatches = _compared()
        return {
            "seconds": round(seconds, 1),
            "values_a_second": round(moved / seconds),
            "moved": moved,
            "under_load": sum(one["done"] for one in told),
            "p95_ms": round(max(one["p95_ms"] for one in told[1:]), 1),
            "checked": checked,
            "mismatches": mismatches + sum(one["mismatches"] for one in told),
            "left": left,
        }


@contextmanager
def _loading(
    stop: Path, rows: int, seed: int, key: str, index_key: str, retired: str
) -> Iterator[subprocess.Popen[str]]:
    """A process under load until `stop` exists, with its own keys."""
    from django.conf import settings

    environment = {
        **os.environ,
        "ZIZHI_DATA_KEY": key,
        "ZIZHI_DATA_KEYS_RETIRED": retired,
        "ZIZHI_INDEX_KEY": index_key,
        "ZIZHI_VAR_DIR": str(settings.VAR_DIR),
    }
    command = ["-m", "benchmarks.rekey", f"--load={stop}", f"--rows={rows}", f"--seed={seed}"]
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        stop.touch()
        process.wait()


# --- Accounts -------------------------------------------------------------------------------------


def phone(number: int, version: int = 0) -> str:
    """Return the phone of an account, before or after it was changed."""
    return f"+86{13_000_000_000 + 2 * number + version}"


def _account(number: int, now: Any) -> Any:
    from employers.accounts import sightings
    from employers.models import User

    sealed = sightings.seal_phone(phone(number))
    return User(email=f"{number}@load.example", password="!", joined_at=now, phone_sealed=sealed)


def _seen(user: Any, number: int, now: Any) -> Any:
    from employers.accounts import sightings
    from employers.models import Sighting, SightingKind

    digest = sightings.sighting_indexes(SightingKind.PHONE, phone(number))[0]
    kind = SightingKind.PHONE
    return Sighting(user=user, kind=kind, digest=digest, first_at=now, last_at=now)


def _fill(rows: int) -> None:
    from django.utils import timezone

    from employers.models import Sighting, User

    now = timezone.now()
    for start in range(0, rows, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, rows))
        users = User.objects.bulk_create([_account(number, now) for number in numbers])
        Sighting.objects.bulk_create(
            [_seen(user, number, now) for user, number in zip(users, numbers, strict=True)]
        )


def load(stop: Path, rows: int, seed: int) -> dict[str, Any]:
    """Do what people do until `stop` exists; return the figures."""
    import django

    django.setup()
    from django.utils import timezone

    from employers.accounts import sightings
    from employers.models import Sighting, SightingKind, User

    chance, done, mismatches, took = random.Random(seed), 0, 0, []
    while not stop.exists():
        number, now, began = chance.randrange(rows), timezone.now(), time.perf_counter()
        what = chance.randrange(4)
        if what == 0:
            made = _NEW * (seed + 1) + done
            user = _account(made, now)
            user.save(force_insert=True)
            sightings.record_sighting(user, now, phone=phone(made))
        elif what == 1:
            user = User.objects.get(email=f"{number}@load.example")
            sightings.record_sighting(user, now, phone=phone(number))
        elif what == 2:
            user = User.objects.get(email=f"{number}@load.example")
            user.phone_sealed = sightings.seal_phone(phone(number, 1))
            user.save(update_fields=["phone_sealed"])
        forms = sightings.sighting_indexes(SightingKind.PHONE, phone(number))
        found = Sighting.objects.filter(kind=SightingKind.PHONE, digest__in=forms)
        users = list(found.values_list("user__email", flat=True).distinct())
        user = User.objects.get(email=f"{number}@load.example")
        opened = sightings.phone_of(user) in (phone(number), phone(number, 1))
        mismatches += users != [f"{number}@load.example"] or not opened
        done += 1
        took.append(1000 * (time.perf_counter() - began))
    return {"done": done, "mismatches": mismatches, "p95_ms": stage.p95(took) if took else 0.0}


def _compared() -> tuple[int, int]:
    """Compare every row with what was put in, under the current key alone. Return the numbers of
    values and of mismatches.
    """
    from employers.accounts import sightings
    from employers.models import Sighting, SightingKind, User

    checked = mismatches = 0
    for user in User.objects.iterator(AT_ONCE):
        number = int(user.email.partition("@")[0])
        checked += 1
        mismatches += sightings.phone_of(user) not in (phone(number), phone(number, 1))
    seen = Sighting.objects.select_related("user").only("digest", "user__email")
    for sighting in seen.iterator(AT_ONCE):
        number = int(sighting.user.email.partition("@")[0])
        checked += 1
        mismatches += [sighting.digest] != sightings.sighting_indexes(
            SightingKind.PHONE, phone(number)
        )
    # A second row of one account would have the same index, which a constraint forbids.
    mismatches += abs(User.objects.count() - Sighting.objects.count())
    return checked, mismatches


if __name__ == "__main__":
    main()
