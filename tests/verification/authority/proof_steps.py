"""Steps of a recruiter who proves authority, one after another and concurrently."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from employers.models import Member
from events.core.errors import Refused
from events.models import Mail
from verification.authority import deposits, proof_polling
from verification.models import Proof

ADDRESS = "hr@shili.example"
ACCOUNT = "100000001188"
"""Money arrives in this account within seconds."""
MINUTE = timedelta(minutes=1)


def mailed_code(to: str = ADDRESS) -> str:
    return str(Mail.objects.filter(template="company_code", to=to).latest("pk").context["code"])


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def poll(proof: Proof, now: datetime) -> Proof:
    proof_polling.poll_provider(proof.pk, lambda: now, 60)
    proof.refresh_from_db()
    return proof


def poll_until(proof: Proof, until: datetime) -> Proof:
    """Poll whenever the proof is due, as the sweep does, until it has ended or `until` has
    passed.
    """
    while proof.finished_at is None and proof.due_at <= until:
        poll(proof, proof.due_at)
    return proof


def mails(template: str) -> list[str]:
    return [mail.to for mail in Mail.objects.filter(template=template).order_by("pk")]


def deposit(
    member: Member, now: datetime, number: str = ACCOUNT, holder: str = "云溪市示例科技有限公司"
) -> Proof:
    return deposits.start_deposit(member, holder, number, "示例银行", now)


def at_once(*jobs: Any) -> list[str]:
    """Run the jobs concurrently, each in its own thread with its own connection. Returns their
    results.
    """
    told: list[str] = []
    start = threading.Barrier(len(jobs))

    def run(job: Any) -> None:
        try:
            start.wait()
            told.append(str(job().state))
        except Refused as refused:
            told.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)
