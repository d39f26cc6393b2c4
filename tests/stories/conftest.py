"""Fixtures for whole journeys: fictitious companies in the register, their licences, and real
workers.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from config.trying_out import processes
from documents.specimens import Company, make_specimen
from documents.upload.intake import open_upload
from employers.models import Employer, Member
from tests.factories import make_user
from verification.cases import documents, operations
from verification.models import Case, Document, DocumentKind, RegistryRecord


@pytest.fixture
def own_books(settings: Any, tmp_path: Path) -> None:
    """Give the simulators books of this test's own."""
    settings.VAR_DIR, settings.BANK = tmp_path, "simulator"


def register_company(seed: int, **changed: object) -> Company:
    """Return a fictitious company that is in the register snapshot."""
    company = Company.fictitious(seed)
    record = {
        "uscc": company.uscc,
        "name": company.name,
        "legal_representative": company.legal_representative,
        "status": "存续",
        "established_on": company.established_on,
        "email_domain": company.domain,
        "as_of": date(2026, 11, 1),
    } | changed
    RegistryRecord.objects.create(**record)
    return company


def recruiter_of(company: Company, now: datetime, domain: str = "") -> Member:
    """Return a recruiter with a verified address at the company's domain."""
    employer = Employer.objects.create(name=company.name, uscc=company.uscc, registered_at=now)
    user = make_user(
        now, f"hr{Employer.objects.count()}@{domain or company.domain}", email_verified_at=now
    )
    return Member.objects.create(user=user, employer=employer, role="owner", joined_at=now)


def upload_licence(member: Member, now: datetime, jpeg: bytes) -> tuple[Case, Document]:
    """Take in a licence and add it to a case, as the upload page does."""
    case = operations.open_case(member.employer, member.as_actor(), now)
    document = documents.add_document(
        case.pk,
        DocumentKind.BUSINESS_LICENCE,
        open_upload(jpeg),
        {"clean": None},
        member.user,
        member.as_actor(),
        now,
    )
    return case, document


def licence(
    seed: int, company: Company, damage: str = "light", edition: str = "landscape"
) -> bytes:
    return make_specimen(seed, edition=edition, damage=damage, company=company).jpeg()


def wait_until(what: Callable[[], object], complaint: str, log: Path, seconds: float = 150) -> None:
    """Wait until `what()` is true; fail with the worker's `log`.

    The limit is generous, because other tests may keep the machine busy.
    """
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            pytest.fail(f"{complaint}: {log.read_text()[-2000:]}", pytrace=False)
        time.sleep(0.02)


@contextmanager
def running_worker(
    broker: str, log: Path, *, beat: bool = False, concurrency: int = 1, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a real prefork worker on this test's database, in a process group of its own."""
    database = connection.settings_dict
    url = (
        f"sqlite:///{database['NAME']}"
        if connection.vendor == "sqlite"
        else (
            f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"  # noqa: E501
        )
    )
    command = processes.worker_command(concurrency) + (
        ["--beat", "--schedule", str(log.with_suffix(".beat"))] if beat else []
    )
    wired = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": url,
        "ZIZHI_BROKER_URL": broker,
    }
    with processes.running_process(command, log, **wired | environment) as process:
        yield process
