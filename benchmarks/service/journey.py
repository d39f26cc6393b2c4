"""Benchmark of the time from submit to decision, and of the part that is not reading the licence.

Real worker, real queue, real OCR; each worker handles one case at a time. Goal: overhead ≤ 0.3 s.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks import stage

WAIT = 120.0


def main() -> None:
    options = stage.arguments(__doc__ or "", journeys=12)
    with stage.fresh() as folder:
        by_workers = {
            workers: measure(workers, options.journeys, options.seed + 1000 * workers, folder)
            for workers in (1, 2)
        }
    if options.json:
        stage.tell(
            by_workers[1]
            | {"workers": {str(workers): result for workers, result in by_workers.items()}}
        )
    else:
        columns = ["journeys", "median_s", "p95_s", "reading_s", "overhead_s"]
        stage.show(
            ["workers", *columns, "approved"],
            [
                [workers, *(r[c] for c in columns), r["approved"]]
                for workers, r in by_workers.items()
            ],
        )


def measure(workers: int, journeys: int, seed: int, folder: Path) -> dict[str, Any]:
    """Return medians over `journeys` cases, with `workers` at a time; each worker's first case
    warms it up.
    """
    from config.trying_out import processes
    from verification.models import Attempt, Case, CheckRun

    cases = [prepared(seed + n) for n in range(journeys + 2 * workers)]
    with processes.running_process(
        processes.worker_command(workers), folder / f"worker-{workers}.log"
    ):
        for start in range(0, len(cases), workers):
            attempts = [submit(case) for case in cases[start : start + workers]]
            wait_for(attempts)
    measured = Attempt.objects.filter(case__in=[case.pk for case in cases[2 * workers :]])
    total = [(a.finished_at - a.submitted_at).total_seconds() for a in measured]
    reading = {
        run.attempt_id: run.seconds
        for run in CheckRun.objects.filter(attempt__in=measured, code="reading")
    }
    overhead = [(a.finished_at - a.submitted_at).total_seconds() - reading[a.pk] for a in measured]
    return {
        "journeys": len(total),
        "median_s": round(stage.median(total), 3),
        "p95_s": round(stage.p95(total), 3),
        "reading_s": round(stage.median(list(reading.values())), 3),
        "overhead_s": round(stage.median(overhead), 3),
        "approved": Case.objects.filter(
            pk__in=[case.pk for case in cases[2 * workers :]], state="approved"
        ).count(),
    }


def prepared(seed: int) -> Any:
    """Return a case with its licence uploaded, ready to submit."""
    from django.utils import timezone

    from documents.specimens import Company, make_specimen
    from documents.upload.intake import open_upload
    from employers.models import Employer, Member, User
    from verification.cases import documents, operations
    from verification.models import DocumentKind, RegistryRecord

    now = timezone.now()
    company = Company.fictitious(seed)
    RegistryRecord.objects.create(
        uscc=company.uscc,
        name=company.name,
        legal_representative=company.legal_representative,
        status="存续",
        established_on=company.established_on,
        email_domain=company.domain,
        as_of=now.date(),
    )
    employer = Employer.objects.create(name=company.name, uscc=company.uscc, registered_at=now)
    user = User.objects.create_user(f"hr{seed}@{company.domain}", None, email_verified_at=now)
    member = Member.objects.create(user=user, employer=employer, role="owner", joined_at=now)
    case = operations.open_case(employer, member.as_actor(), now)
    jpeg = make_specimen(
        seed, edition=("landscape", "portrait")[seed % 2], damage="light", company=company
    ).jpeg()
    documents.add_document(
        case.pk,
        DocumentKind.BUSINESS_LICENCE,
        open_upload(jpeg),
        {"clean": None},
        user,
        member.as_actor(),
        now,
    )
    return case


def submit(case: Any) -> int:
    from django.utils import timezone

    from verification.cases import operations

    member = case.employer.members.get()
    return int(operations.submit_case(case.pk, member.user, member.as_actor(), timezone.now()).pk)


def wait_for(attempts: list[int]) -> None:
    from verification.models import Attempt

    deadline = time.monotonic() + WAIT
    while Attempt.objects.filter(pk__in=attempts, finished_at=None).exists():
        if time.monotonic() > deadline:
            raise SystemExit("The worker did not finish in time.")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
