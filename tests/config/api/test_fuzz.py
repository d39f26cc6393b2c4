"""Tests that the API keeps its own document, whatever is sent.

Requests are generated from the document, valid and invalid, for every operation.

Each response is checked: no 5xx; status, content type and body as documented; no invalid request
accepted; and no response without a key. Each request is rolled back before the next, so that a
deletion does not affect later ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.checks import CheckFunction, load_all_checks, not_a_server_error

from downloads.candidates import consents, operations
from downloads.models import EraseOrder
from downloads.relays import bindings
from downloads.test_mode import relays
from employers.accounts.api_clients import create_api_client
from employers.accounts.enrolling import set_phone
from employers.models import ApiClient, Member, Scope
from events.core.actor import SYSTEM
from events.delivery import webhooks
from events.delivery.feed import relay_outbox
from events.models import WebhookDelivery, record
from tests.effort import examples
from tests.factories import make_case, make_employer, make_member
from verification.checks import scripted_outcomes
from verification.rules.states import State

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

load_all_checks()
from schemathesis.specs.openapi import checks  # noqa: E402

CHECKS: list[CheckFunction] = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.ignored_auth,
]

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
# `ignored_auth` tries wrong keys. Among invalid requests they would be replaced by the right one.
schema.config.generation.update(with_security_parameters=False)


def _named(member: Member) -> Member:
    """With the platform's own reference, so that it may answer for them."""
    Member.objects.filter(pk=member.pk).update(reference="hr-1")
    return member


@pytest.fixture
def there(settings: Any, tmp_path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """A test platform's key with all scopes, and the ids of existing objects by the names of path
    parameters.
    """
    settings.API_PER_SECOND = {"gate": 0.0, "other": 0.0}
    now = timezone.now()
    client, key = create_api_client("a test", list(Scope), now, test=True)
    ApiClient.objects.filter(pk=client.pk).update(return_urls="https://site.example/back")
    employer = make_employer(
        now, platform=client, test=True, reference="co-1", uscc=scripted_outcomes.code_for(0)
    )
    member = make_member(now, employer, email="owner@company.test")
    make_case(member, now, State.APPROVED, expires_at=now + timedelta(days=100))
    endpoint, _ = webhooks.create_endpoint(
        client.pk, "http://127.0.0.1:9/hook", [], "", SYSTEM, now, local=True
    )
    record("register", employer, SYSTEM, now, employer_id=employer.pk)
    relay_outbox(now)
    delivery = WebhookDelivery.objects.get()
    settings.VAR_DIR = tmp_path
    ids: dict[str, Any] = {
        "employer_id": employer.pk,
        "member_id": member.pk,
        "endpoint_id": endpoint.pk,
        "delivery_id": delivery.pk,
        "reference": "co-1",
    }
    asked = {"employer_id": employer.pk, "member_id": member.pk, "candidate": "c-1"}
    yes = (
        Client()
        .post(
            "/api/v1/gate/decisions",
            asked,
            "application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        .json()
    )
    ids |= {"decision_id": yes["id"], "gate_pass": yes["gate_pass"]}
    set_phone(client, employer, _named(member).pk, "13800000001", now, proven=True)
    lent = bindings.request_binding(yes["id"], client, "13900000001", now)
    ids["relay_id"] = relays.sync_at_once(lent, client, timezone.now).pk
    given = {"gate_pass": yes["gate_pass"], "candidate_phone": "13900000001"}
    file = SimpleUploadedFile("cv.pdf", b"%PDF-1.7")
    begun = (
        Client()
        .post(
            "/api/v1/releases", given | {"resume": file}, headers={"Authorization": f"Bearer {key}"}
        )
        .json()
    )
    found = (
        Client()
        .post(
            "/api/v1/traces",
            {"why": "a tip", "text": "x"},
            headers={"Authorization": f"Bearer {key}"},
        )
        .json()
    )
    ids |= {"release_id": begun["id"], "trace_id": found["id"]}
    told = operations.Told("tell_after", "lin@home.test")
    candidate, _ = operations.put_candidate(client, "co-1", told, now)
    ids["request_id"] = consents.ask_consent(client, "co-1", employer, member.pk, [], now).pk
    ids["order_id"] = EraseOrder.objects.create(
        candidate=candidate, employer=employer, uscc=employer.uscc, ordered_at=now, due_at=now
    ).pk
    # The test's connection must not be closed by the server. Django's own test client does the
    # same.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield key, {name: str(value) for name, value in ids.items()}
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=examples(5),
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.sampled(20)
@pytest.mark.slow
def test_every_answer_is_one_of_the_documents(
    case: schemathesis.Case, there: tuple[str, dict[str, Any]]
) -> None:
    key, ids = there
    # Valid requests use existing rows. An invalid id stays, since that is what is tested.
    if case.meta and case.meta.generation.mode.is_positive:
        case.path_parameters = {name: ids[name] for name in case.path_parameters or {}}
        if isinstance(case.body, dict):
            case.body |= {
                name: ids[name]
                for name in ("employer_id", "member_id", "decision_id", "gate_pass")
                if name in case.body
            }
    with transaction.atomic():
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)
        transaction.set_rollback(True)
