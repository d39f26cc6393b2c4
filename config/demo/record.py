"""The demo's record: its finished steps and its sign-ins, in a file that only its owner can read.

Each step is recorded when it is done, so an interrupted demo continues with the step it was at.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError
from django.utils import timezone

from config.trying_out.language import in_terminal_language
from employers.accounts import api_clients
from employers.models import ApiKey, Scope, User

SIGN_IN: Final = "demo-sign-in.json"
STEPS: Final = (
    "honest_employer",
    "wrong_licence",
    "revoked_company",
    "queue_other_licence",
    "queue_edited_code",
    "queue_listed_company",
    "golden_honest",
    "golden_name",
)
"""The demo's steps, in order."""

Record = dict[str, Any]


def load_record(path: Path) -> Record:
    """Return the record in `path`, or a new one with a reviewer and an API key. Raises
    CommandError.
    """
    if path.exists():
        made: Record = json.loads(path.read_text(encoding="utf-8"))
        if (
            ApiKey.objects.by_key(made["api_key"], timezone.now())
            and User.objects.filter(email=made["reviewer"]).exists()
        ):
            return made
        raise CommandError(f"{path} belongs to another database. Remove it to create new sign-ins.")
    password = secrets.token_urlsafe(9)
    reviewer = f"reviewer-{secrets.token_hex(2)}@zizhi.example"
    User.objects.create_superuser(reviewer, password, email_verified_at=timezone.now())
    _, key = api_clients.create_api_client(
        in_terminal_language("示例招聘平台", "Demo platform"),
        [Scope.GATE_DECIDE, Scope.EMPLOYERS_READ],
        timezone.now(),
    )
    made = {"reviewer": reviewer, "password": password, "api_key": key, "made": []}
    save_record(path, made)
    return made


def save_record(path: Path, made: Record) -> None:
    """Write the record atomically, so that an interrupted write leaves the old one."""
    beside = path.with_suffix(".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(made, file)
    beside.replace(path)


def missing_steps(made: Record) -> list[str]:
    """Return the steps that are not done yet.

    A record without a list of steps is from a complete demo.
    """
    done = made.get("made", STEPS)
    return [step for step in STEPS if step not in done]


def gate_question(made: Record, site: str) -> str:
    """Return a shell command that asks the gate at `site` whether the demo's first employer may
    download a resume.
    """
    asked = json.dumps(
        {"employer_id": made["employer_id"], "member_id": made["member_id"], "candidate": "c-1"}
    )
    return (
        f"curl {site}/api/v1/gate/decisions -H 'Authorization: Bearer {made['api_key']}' -H"
        f" 'Content-Type: application/json' -d '{asked}'"
    )
