"""Tests of permissions: each group can do exactly what it is for, and an auditor's views are
recorded.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.utils import timezone

from employers.models import User
from employers.permissions import AUDIT, PERMISSIONS, Power, powers_of
from events.core.actor import SYSTEM, Actor, Role
from events.core.sealing import seal_text
from events.models import AlertChannel, Event, WebhookEndpoint
from tests.factories import (
    make_api_client,
    make_case,
    make_colleague,
    make_document,
    make_member,
    make_reviewer,
    make_user,
    sign_in,
)
from verification.admin.decision_form import BUTTONS
from verification.models import (
    Bulk,
    Case,
    ClientAuthorisation,
    DocumentKind,
    Exclusion,
    MemberReview,
    Ruling,
)
from verification.rules.states import State

pytestmark = pytest.mark.django_db
GROUPS = ("nobody", "Reviewers", "Seniors", "Leads", "Auditors", "Operators", "superuser")
SENIOR = {"decide", "second_review", "bulk", "unmask"}
POWERS = {
    "nobody": set(),
    "Reviewers": {"decide"},
    "Seniors": SENIOR | {"trace"},
    "Leads": SENIOR | {"assign", "quality", "trace"},
    "Auditors": set(),
    "Operators": {"webhooks", "alerts"},
    "superuser": SENIOR | {"assign", "quality", "trace", "webhooks", "alerts"},
}


@pytest.fixture
def now() -> datetime:
    """The console uses the real clock."""
    return timezone.now()


def member_of(group: str, now: datetime) -> User:
    if group == "superuser":
        return make_reviewer(now)
    return make_colleague(now, group)


# --- Powers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", GROUPS)
def test_each_groups_powers(group: str, now: datetime) -> None:
    actor = member_of(group, now).as_reviewer()
    assert {power for power in Power if actor.can(power)} == POWERS[group]


@pytest.mark.parametrize("group", GROUPS)
def test_who_has_left_has_none(group: str, now: datetime) -> None:
    user = member_of(group, now)
    user.is_active = False
    assert user.as_reviewer().powers == frozenset()


def test_an_auditor_of_many_groups_is_still_one_unless_they_decide() -> None:
    held = {AUDIT, PERMISSIONS[Power.QUALITY]}
    assert powers_of(held.__contains__) == frozenset()
    assert powers_of((held - {AUDIT}).__contains__) == {Power.QUALITY}
    assert powers_of((held | {PERMISSIONS[Power.DECIDE]}).__contains__) == {
        Power.DECIDE,
        Power.QUALITY,
    }


def test_other_roles_have_none(now: datetime) -> None:
    for actor in (SYSTEM, make_member(now).as_actor(), Actor(Role.PLATFORM, "x")):
        assert not any(actor.can(power) for power in Power)


def test_every_power_is_a_permission_that_exists() -> None:
    held = {
        f"{app}.{name}"
        for app, name in Permission.objects.values_list("content_type__app_label", "codename")
    }
    assert {AUDIT, *PERMISSIONS.values()} <= held


def test_the_groups_are_made_again_without_harm(now: datetime) -> None:
    migration = import_module("verification.migrations.0007_staff_groups")
    tracing = import_module("downloads.migrations.0012_traces")
    Group.objects.get(name="Leads").delete()
    Group.objects.get(name="Seniors").permissions.remove(
        Permission.objects.get(codename="unmask_case")
    )
    own = Permission.objects.get(codename="view_mail")
    Group.objects.get(name="Reviewers").permissions.add(own)
    for _ in range(2):
        migration.create_groups(apps, SimpleNamespace(connection=connection))
        tracing.let_trace(apps, SimpleNamespace(connection=connection))
    assert [
        powers_of
        for group in GROUPS[1:4]
        for powers_of in [set(make_colleague(now, group).as_reviewer().powers)]
    ] == [POWERS[group] for group in GROUPS[1:4]]
    assert own in Group.objects.get(name="Reviewers").permissions.all(), (
        "permissions that a deployment granted stay"
    )
    changing = Permission.objects.filter(
        group__name__in=GROUPS, codename__regex="^(add|change|delete)_"
    )
    assert set(changing.values_list("codename", flat=True)) == {"change_case"}


# --- Each group and each address ------------------------------------------------------------------

LISTS = {
    "verification": (
        "case",
        "document",
        "attempt",
        "decision",
        "registryrecord",
        "hrlicencerecord",
        "clientauthorisation",
        "exclusion",
        "memberreview",
        "bulk",
        "savedreply",
    ),
    "employers": ("employer", "member"),
    "events": ("event",),
}
LOOK = {group: group not in ("nobody", "Operators") for group in GROUPS}
DECIDE = LOOK | {"Auditors": False}
BULK = DECIDE | {"Reviewers": False}
QUALITY = LOOK | {"Reviewers": False, "Seniors": False}
UNMASK = BULK
STAFF = dict.fromkeys(GROUPS, False) | {"Auditors": True, "superuser": True}
WEBHOOKS = STAFF | {"Operators": True}
OPERATE = WEBHOOKS | {"Auditors": False}
ROOT = dict.fromkeys(GROUPS, False) | {"superuser": True}
TRACE = dict.fromkeys(GROUPS, False) | {"Seniors": True, "Leads": True, "superuser": True}
TABLE: list[tuple[str, str, dict[str, bool]]] = [
    ("get", "/console/", dict.fromkeys(GROUPS, True)),
    ("get", "/console/second-factor/set-up/", dict.fromkeys(GROUPS, True)),
    *(
        ("get", f"/console/{app}/{model}/", LOOK)
        for app, models in LISTS.items()
        for model in models
    ),
    ("get", "/console/verification/shadowverdict/", QUALITY),
    ("get", "/console/employers/user/", STAFF),
    ("get", "/console/employers/apiclient/", WEBHOOKS),
    *(
        ("get", f"/console/downloads/{model}/", STAFF)
        for model in ("gatedecision", "passuse", "standing", "relaybinding", "relaycall")
    ),
    *(
        ("get", f"/console/events/{model}/", WEBHOOKS)
        for model in (
            "platformevent",
            "webhookendpoint",
            "webhookdelivery",
            "alertchannel",
            "alertmessage",
            "sms",
            "smsday",
        )
    ),
    ("get", "/console/events/webhookendpoint/{endpoint}/change/", WEBHOOKS),
    *(
        (method, f"/console/events/webhookendpoint/{{endpoint}}/{act}/", OPERATE)
        for method in ("get", "post")
        for act in ("pause", "resume", "replay")
    ),
    ("get", "/console/events/alertchannel/{channel}/change/", WEBHOOKS),
    ("get", "/console/events/alertchannel/add/", OPERATE),
    *(
        (method, f"/console/events/alertchannel/{{channel}}/{act}/", OPERATE)
        for method in ("get", "post")
        for act in ("edit", "test")
    ),
    *(
        ("get", f"/console/downloads/{model}/", STAFF)
        for model in ("candidate", "candidatedefault", "consent")
    ),
    *(
        ("get", f"/console/downloads/{model}/", STAFF)
        for model in ("consentrequest", "release", "eraseorder")
    ),
    ("get", "/console/downloads/misusereport/", LOOK),
    ("get", "/console/downloads/moveappeal/", LOOK),
    *(
        ("get", f"/console/downloads/{model}/", TRACE | {"Auditors": True})
        for model in ("copy", "trace")
    ),
    *(
        ("get", f"/console/downloads/{page}/", TRACE)
        for page in ("canary", "canaryring", "trace/add", "canary/add")
    ),
    ("get", "/console/downloads/move/", LOOK),
    ("get", "/console/downloads/move/add/", DECIDE),
    ("get", "/console/downloads/ladderversion/", STAFF | {"Leads": True}),
    ("get", "/console/downloads/ladderversion/add/", ROOT | {"Leads": True}),
    ("get", "/console/downloads/releasestop/", STAFF | {"Leads": True}),
    ("get", "/console/downloads/releasestop/add/", ROOT | {"Leads": True}),
    ("get", "/console/auth/group/", ROOT),
    ("get", "/console/verification/case/{case}/change/", LOOK),
    ("post", "/console/verification/case/next/", DECIDE),
    ("post", "/console/verification/case/{case}/claim/", DECIDE),
    ("post", "/console/verification/case/{case}/release/", DECIDE),
    *(
        ("post", f"/console/verification/case/{{case}}/{door}/", DECIDE)
        for door in ("beat", "ask", "give", "keep", "draft", "preview")
    ),
    *(
        ("post", f"/console/verification/case/{{case}}/{door}/", DECIDE)
        for door in ("unmask", "hold", "escalate", "assign")
    ),
    *(("post", f"/console/verification/case/{{case}}/{verb}/", DECIDE) for verb in BUTTONS),
    ("post", "/console/verification/case/undo/{ruling}/", DECIDE),
    ("get", "/console/verification/bulk/{bulk}/change/", LOOK),
    ("get", "/console/verification/bulk/of/{case}/", BULK),
    ("post", "/console/verification/bulk/of/{case}/", BULK),
    *(
        ("post", f"/console/verification/bulk/{{bulk}}/{act}/", BULK)
        for act in ("confirm", "undo", "drop")
    ),
    ("get", "/console/verification/exclusion/add/", DECIDE),
    ("post", "/console/verification/exclusion/add/", DECIDE),
    ("post", "/console/verification/exclusion/{exclusion}/lift/", DECIDE),
    ("get", "/console/verification/memberreview/{review}/change/", LOOK),
    ("post", "/console/verification/memberreview/{review}/decide/", DECIDE),
    ("post", "/console/verification/clientauthorisation/{client}/accept/", DECIDE),
    ("post", "/console/verification/clientauthorisation/{client}/end/", DECIDE),
    ("get", "/console/employers/user/{user}/change/", STAFF),
    ("post", "/console/employers/user/{user}/change/", ROOT),
    ("get", "/console/employers/user/add/", ROOT),
    *(
        (method, f"/console/employers/user/{{user}}/{act}/", ROOT)
        for method in ("get", "post")
        for act in ("second-factor", "password-link", "propose", "confirm", "drop", "end-superuser")
    ),
    ("get", "/console/auth/group/add/", ROOT),
    ("post", "/console/employers/member/{member}/unmask/", UNMASK),
    ("get", "/console/employers/apiclient/add/", ROOT),
    ("post", "/console/employers/apiclient/{key}/revoke/", ROOT),
    ("post", "/console/employers/apiclient/{key}/contact/", ROOT),
    ("post", "/console/employers/employer/{employer}/change/", dict.fromkeys(GROUPS, False)),
    ("post", "/console/events/event/add/", dict.fromkeys(GROUPS, False)),
]


@pytest.fixture
def rows(now: datetime) -> dict[str, Any]:
    """One row of each kind that an address names."""
    member = make_member(now)
    case = make_case(member, now, State.IN_REVIEW)
    letter = make_document(case, now, DocumentKind.CLIENT_AUTHORIZATION)
    client = ClientAuthorisation.objects.create(
        employer=member.employer, document=letter, client_name="云溪市客户有限公司", added_at=now
    )
    user = make_user(now, is_staff=True)
    exclusion = Exclusion.objects.create(
        kind="uscc", value="x", shown="x", why="sold", added_by=user, added_at=now
    )
    ids = {
        "case": case.pk,
        "client": client.pk,
        "exclusion": exclusion.pk,
        "user": user.pk,
        "key": make_api_client(now)[0].pk,
    }
    endpoint = WebhookEndpoint.objects.create(
        client_id=ids["key"], url="https://site.example/hook", created_at=now, due_at=now
    )
    channel = AlertChannel(
        name="x", kind="mail", language="en", created_at=now, due_at=now, address_hint="x"
    )
    channel.address_sealed = seal_text("ops@example.com", channel.address_purpose)
    channel.save()
    bulk = Bulk.objects.create(
        verb="reject", reasons=["review_decided"], proposed_by=user, proposed_at=now
    )
    over = {
        "attempt_number": 1,
        "case_version": 0,
        "made_at": now,
        "due_at": now,
        "finished_at": now,
    }
    ruling = Ruling.objects.create(
        case=case, stage="first", verb="approve", by=user, outcome="undone", **over
    )
    return ids | {
        "employer": member.employer_id,
        "member": member.pk,
        "bulk": bulk.pk,
        "review": MemberReview.objects.create(member=member, opened_at=now).pk,
        "ruling": ruling.pk,
        "endpoint": endpoint.pk,
        "channel": channel.pk,
    }


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.sampled(3)
def test_each_group_at_each_address(group: str, rows: dict[str, Any], now: datetime) -> None:
    client = sign_in(member_of(group, now))
    for method, address, allowed in TABLE:
        status = getattr(client, method)(address.format(**rows)).status_code
        assert (status != 403) == allowed[group], (method, address, status)
        assert status < 500, (method, address)


def test_the_table_has_every_list_of_the_console() -> None:
    lists = {
        f"/console/{model._meta.app_label}/{model._meta.model_name}/"
        for model in admin.site._registry
    }
    assert lists <= {address for method, address, _ in TABLE if method == "get"}


@pytest.mark.parametrize("group", ["nobody", "Auditors"])
def test_who_does_not_decide_changes_nothing(
    group: str, rows: dict[str, Any], now: datetime
) -> None:
    client = sign_in(member_of(group, now))
    for method, address, _ in TABLE:
        if method == "post":
            client.post(
                address.format(**rows),
                {"seen_version": "0", "confirmed": "1", "post": "yes", "why": "x", "kinds": "uscc"},
            )
    case = Case.objects.get(pk=rows["case"])
    assert (case.state, case.claimed_by) == (State.IN_REVIEW, None)
    assert set(Event.objects.values_list("verb", flat=True)) <= {
        "look",
        "read",
        "create_api_client",
    }


# --- Auditors -------------------------------------------------------------------------------------


def test_what_an_auditor_looks_at_is_on_record(rows: dict[str, Any], now: datetime) -> None:
    auditor = make_colleague(now, "Auditors")
    client = sign_in(auditor)
    client.get("/console/verification/case/?q=91990101SECRET&state=all")
    client.post(f"/console/verification/case/{rows['case']}/approve/", {"note": "a secret"})
    client.get("/console/no/such/page/")
    client.get("/console/second-factor/set-up/")
    looks = [
        (event.actor_id, event.data) for event in Event.objects.about(auditor).filter(verb="look")
    ]
    case = f"/console/verification/case/{rows['case']}/approve/"
    assert looks == [
        (
            str(auditor.pk),
            {"method": "GET", "path": "/console/verification/case/", "parameters": ["q", "state"]},
        ),
        (str(auditor.pk), {"method": "POST", "path": case, "parameters": ["note"]}),
        (str(auditor.pk), {"method": "GET", "path": "/console/no/such/page/", "parameters": []}),
        (
            str(auditor.pk),
            {"method": "GET", "path": "/console/second-factor/set-up/", "parameters": []},
        ),
    ]


def test_it_is_on_record_before_it_is_shown(
    rows: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(make_colleague(now, "Auditors"))

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("employers.console_site.record", full)
    with contextlib.suppress(OSError):
        assert client.get("/console/verification/case/").status_code != 200


@pytest.mark.parametrize("group", ["Reviewers", "Seniors", "Leads", "superuser"])
def test_others_are_not_watched_like_that(group: str, rows: dict[str, Any], now: datetime) -> None:
    sign_in(member_of(group, now)).get("/console/verification/case/")
    assert not Event.objects.filter(verb="look").exists()
