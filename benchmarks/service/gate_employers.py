"""The employers and answers for the gate's benchmark and race."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

PER_CHUNK: Final = 250_000


def first_employer() -> str:
    """Create one employer by its rows, as a template for the others; return the key of the platform
    that its recruiter has linked.
    """
    from django.core.management import call_command
    from django.utils import timezone

    from employers.accounts.api_clients import create_api_client
    from employers.models import Employer, Member, MemberLink, Scope, User
    from verification.models import Case
    from verification.rules.states import State

    call_command("collectstatic", verbosity=0, interactive=False)
    now = timezone.now()
    ids = {"id": numbered(1)}
    user = User.objects.create_user(
        "1@zizhi.example", None, email_verified_at=now, joined_at=now, **ids
    )
    long_ago = now - timedelta(days=400)
    employer = Employer.objects.create(
        name="云溪市示例科技有限公司",
        uscc=code(1),
        registered_at=long_ago,
        confirmed_at=long_ago,
        **ids,
    )
    Member.objects.create(user=user, employer=employer, role="owner", joined_at=now, **ids)
    approval = {
        "state": State.APPROVED,
        "approved_at": now,
        "expires_at": now + timedelta(days=36500),
    }
    Case.objects.create(
        employer=employer,
        declared_name=employer.name,
        declared_uscc=employer.uscc,
        opened_at=now,
        **ids,
        **approval,
    )
    client, key = create_api_client("a platform", [Scope.GATE_DECIDE], now)
    of_employer = {"employer_id": numbered(1), "member_id": numbered(1)}
    MemberLink.objects.create(
        client=client, origin=MemberLink.Origin.RECRUITER, linked_at=now, **ids, **of_employer
    )
    return key


def numbered(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012x}"


def code(n: int) -> str:
    return f"9199{n:014d}"


def fill(first: int, last: int, decisions: int) -> None:
    """Copy the first employer to the numbers `first` to `last`, with `decisions` answers over the
    past three years.
    """
    from django.db import connection

    numbered_ = "('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
    id_, employer, user, member = (
        f"'{name}', {numbered_}" for name in ("id", "employer_id", "user_id", "member_id")
    )
    code_ = "'9199' || lpad(n::text, 14, '0')"
    copies = {
        "employers_user": f"{id_}, 'email', n || '@zizhi.example'",
        "employers_employer": f"{id_}, 'uscc', {code_}",
        "employers_member": f"{id_}, {employer}, {user}",
        "employers_memberlink": f"{id_}, {employer}, {member}",
        "verification_case": f"{id_}, {employer}",
    }
    with connection.cursor() as cursor:
        for table, changes in copies.items():
            for begin in range(first, last + 1, PER_CHUNK):
                cursor.execute(
                    f"""
                    INSERT INTO {table} SELECT copy.* FROM {table} one, generate_series({begin}, {min(last, begin + PER_CHUNK - 1)}) n,
                    LATERAL jsonb_populate_record(one, jsonb_build_object({changes})) copy WHERE one.id = '{numbered(1)}'"""
                )
        for begin in range(0, decisions, PER_CHUNK):
            cursor.execute(
                f"""
                INSERT INTO downloads_gatedecision (id, client_id, employer_id, member_id, candidate, uscc, allowed, reason, tier,
                    ladder_version, decided_at)
                SELECT gen_random_uuid(), '{numbered(1)}', {numbered_}, '{numbered(1)}',
                    'c-' || i, {code_}, i % 10 > 0, CASE WHEN i % 10 > 0 THEN '' ELSE 'quota_day' END, 'established', '2026-11.1',
                    now() - interval '1 day' - i * (interval '1095 days' / {decisions})
                FROM (SELECT i, 1 + (i::bigint * 7919) % {last} AS n
                      FROM generate_series({begin}, {min(decisions, begin + PER_CHUNK) - 1}) i) s"""
            )
        for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
            cursor.execute(statement)
