"""Benchmark of automatic decisions, on honest employers and on attacks.

`python -m benchmarks.decide [--seed N] [--count N] [--processes N] [--show 1] [--json]` lets
generated employers of known truth register, upload, prove and submit by the real operations, with
real reading and checks, in a database of its own: SQLite, or one on the server that
ZIZHI_DATABASE_URL names. Only waits are skipped. An honest employer counts as approved without a
person if the machine approves at the end of its own path, which includes the better photos and the
proofs it is asked for. Machine time covers all rounds of an attempt, without waits. Thresholds are
chosen on seed 1 and reported on seed 2. The attack that no document or register can reveal is
reported separately: a client's letter that a listed agency has forged well. `--show 1` prints each
outcome that is not as it should be.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from benchmarks import stage
from benchmarks.service.applicants import Outcome
from benchmarks.stage import a_database

PROCESSES: Final = 2
GOAL_HONEST: Final = 0.85


def main() -> None:
    options = stage.arguments(__doc__ or "", count=400, processes=PROCESSES, show=0)
    outcomes = played(options.seed, options.count, options.processes)
    for outcome in outcomes if options.show else ():
        if outcome.honest is not outcome.approved:
            print(outcome)
    result = summary(options.seed, outcomes)
    if options.json:
        stage.tell(result)
    else:
        show(result, outcomes)


# --- Running the stories --------------------------------------------------------------------------


def played(seed: int, count: int, processes: int = PROCESSES) -> list[Outcome]:
    """Return the outcomes of at least `count` employers."""
    from benchmarks.service.stories import planned

    # No worker is notified here: each story does its own work.
    os.environ.setdefault("ZIZHI_BROKER_URL", "memory://")
    plan = list(planned(seed, count))
    outcomes: list[Outcome] = []
    with (
        _database(),
        multiprocessing.get_context("spawn").Pool(processes, _set_up, (processes,)) as pool,
    ):
        for done, told in enumerate(pool.imap_unordered(_tell, plan), start=1):
            outcomes += told
            if sys.stderr.isatty():
                print(f"\r{done} of {len(plan)} stories run ", end="", file=sys.stderr, flush=True)
    return outcomes


@contextmanager
def _database() -> Iterator[None]:
    """Provide a database of our own: SQLite, or one on the server that ZIZHI_DATABASE_URL names."""
    with ExitStack() as stack:
        if server := os.environ.get("ZIZHI_DATABASE_URL"):
            os.environ["DATABASE_URL"] = stack.enter_context(a_database(server))
        stack.enter_context(stage.fresh())
        yield


def _set_up(processes: int) -> None:
    import django
    from django.conf import settings

    django.setup()
    # Nobody signs in here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.BANK = settings.E_LICENCES = "simulator"
    from documents.ocr import share_cores

    share_cores(processes)


def _tell(plan: tuple[str, int, int]) -> list[Outcome]:
    from benchmarks.service.stories import told

    return told(*plan)


# --- Figures --------------------------------------------------------------------------------------


def summary(seed: int, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the figures."""
    honest = [o for o in outcomes if o.honest]
    attacks, apart = (
        [o for o in outcomes if not o.honest and o.apart is truth] for truth in (False, True)
    )
    seconds = [o.seconds for o in outcomes if o.seconds is not None]
    return {
        "seed": seed,
        "honest": {
            "n": len(honest),
            "approved_without_person": sum(o.approved for o in honest),
            "review": sum(o.state not in ("approved", "rejected", "refused") for o in honest),
            "rejected": sum(o.state in ("rejected", "refused") for o in honest),
        },
        "attacks": _attacked(attacks),
        "apart": _attacked(apart),
        "seconds": {"median": round(stage.median(seconds), 3), "p95": round(stage.p95(seconds), 3)},
    }


def _attacked(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    by_kind = {kind: _caught(of_kind) for kind, of_kind in _by_kind(outcomes).items()}
    return {
        "n": len(outcomes),
        "approved_without_person": sum(o.approved for o in outcomes),
        "by_kind": by_kind,
    }


def _by_kind(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        kinds[outcome.kind].append(outcome)
    return dict(sorted(kinds.items()))


def _caught(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Summarise one kind of attack: the number, those approved, and how often each check caught the
    rest.
    """
    by = Counter(
        check for outcome in outcomes if not outcome.approved for check in outcome.caught_by
    )
    approved = sum(outcome.approved for outcome in outcomes)
    return {
        "n": len(outcomes),
        "approved_without_person": approved,
        "caught_by": dict(by.most_common()),
    }


def _lines(attacks: dict[str, Any]) -> list[list[object]]:
    return [
        [
            kind,
            of["n"],
            of["approved_without_person"],
            ", ".join(f"{check} {count}" for check, count in of["caught_by"].items()),
        ]
        for kind, of in attacks["by_kind"].items()
    ]


def show(result: dict[str, Any], outcomes: Sequence[Outcome]) -> None:
    """Print the figures as tables, and why honest employers went to a person."""
    honest = [o for o in outcomes if o.honest]
    rows = []
    for kind, group in [*_by_kind(honest).items(), ("all honest", honest)]:
        states = Counter(o.state for o in group)
        person, rejected = (
            len(group) - sum(states[s] for s in ("approved", "rejected", "refused")),
            states["rejected"] + states["refused"],
        )
        share = f"{states['approved'] / len(group):.0%}"
        photos = sum(o.photos for o in group) / len(group)
        rows.append(
            [
                kind,
                len(group),
                states["approved"],
                share,
                sum(o.conditional for o in group),
                person,
                rejected,
                round(photos, 2),
            ]
        )
    stage.show(
        ["honest", "n", "approved", "share", "on condition", "to a person", "rejected", "uploads"],
        rows,
    )
    why = Counter(code for o in honest if not o.approved for code in o.codes)
    print(
        "\nwhy honest ones went to a person:",
        ", ".join(f"{code} {count}" for code, count in why.most_common()) or "none did",
    )
    print()
    attacks = result["attacks"]
    columns = ["n", "approved", "caught by"]
    stage.show(
        ["attack", *columns],
        [*_lines(attacks), ["all attacks", attacks["n"], attacks["approved_without_person"], ""]],
    )
    print()
    stage.show(["apart: what no document and no register shows", *columns], _lines(result["apart"]))
    figures, seconds = result["honest"], result["seconds"]
    share = figures["approved_without_person"] / max(1, figures["n"])
    print(
        f"\nseed {result['seed']}: honest approved without a person {share:.1%} (goal ≥"
        f" {GOAL_HONEST:.0%});",
        end=" ",
    )
    print(
        f"rejected {figures['rejected']} (goal 0); attacks approved"
        f" {attacks['approved_without_person']} (goal 0);",
        end=" ",
    )
    print(f"submit to decision {seconds['median']} s median, {seconds['p95']} s p95, machine time")


if __name__ == "__main__":
    main()
