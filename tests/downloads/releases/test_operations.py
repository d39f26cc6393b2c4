"""Tests of releases: a resume leaves redacted, marked and with a relay number, once, and only to
the allowed receiver.
"""

from __future__ import annotations

import io
import json
import threading
from base64 import urlsafe_b64decode
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pypdfium2 as pdfium
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connections
from django.test import Client
from django.utils import timezone

from downloads import retention
from downloads.candidates import misuse_reports
from downloads.gate import release_stops
from downloads.models import (
    Candidate,
    CleanResume,
    Copy,
    CopyLink,
    CopyState,
    PassUse,
    RelayBinding,
    Release,
    ReleaseStop,
)
from downloads.releases import operations
from employers.accounts.enrolling import set_phone
from employers.models import Employer, Member, User
from events.core.actor import SYSTEM
from events.core.errors import ProviderBroken, Refused
from events.models import Event, Mail
from resumes.marking import clean_pages
from resumes.redaction.redact import RedactedPage
from resumes.specimens.resume import make_resume as specimen
from tests.databases import unguarded
from tests.downloads.api.test_relays import Platform
from tests.downloads.releases.shop import PHONE, Shop, fetched, make, pdf, stored_files
from tests.factories import make_colleague, make_reviewer, sign_in
from verification.models import Case

pytestmark = pytest.mark.django_db


def test_a_resume_leaves_redacted_marked_relayed_and_told(shop: Shop) -> None:
    asked = shop.post(shop.gate_pass(), pdf())
    assert (asked["http"], asked["state"], asked["reasons"]) == (202, "preparing", [])
    assert make(asked)
    ready = shop.read(asked["id"])
    assert (
        ready["state"] == "ready"
        and ready["number"].startswith("ZR-")
        and ready["relay"]["number"].startswith("+861700")
    )
    kinds = {each["kind"]: each["count"] for each in ready["removed"]}
    assert kinds["phone"] >= 1 and kinds["email"] >= 1
    link = shop.link(ready["id"])
    assert link["http"] == 201
    file = fetched(link["url"])
    assert (
        file.status_code == 200
        and file["Content-Type"] == "application/pdf"
        and "no-store" in file["Cache-Control"]
        and file["Content-Disposition"] == f'attachment; filename="{ready["number"]}.pdf"'
    )
    document = pdfium.PdfDocument(io.BytesIO(file.content))
    text = "".join(page.get_textpage().get_text_range() for page in document)
    of_the_person = specimen(3, "plain", "zh")
    assert ready["relay"]["number"].removeprefix("+86") in text.replace(" ", "")
    for _, part in of_the_person.contacts:
        assert part.text.replace(" ", "") not in text.replace(" ", "")
    verbs = list(Event.objects.filter(subject_id=ready["id"]).values_list("verb", flat=True))
    assert verbs == ["request_copy", "ready_copy", "open_copy"]
    copy = Copy.objects.get()
    assert not copy.given_sealed and not copy.original, "the input for making it is erased"
    assert PHONE.replace(" ", "") not in str(Event.objects.values_list("data", flat=True))
    again = fetched(link["url"])
    assert again.status_code == 410 and "application/pdf" not in again["Content-Type"], (
        "a link works once"
    )


def test_the_candidate_hears_of_it_when_it_leaves_and_once(shop: Shop) -> None:
    assert (
        shop.platform.call(
            "put", "/candidates/c-1", {"mode": "tell_after", "email": "lin@home.test"}
        )["http"]
        == 201
    )
    asked = shop.post(shop.gate_pass(), pdf())
    make(asked)
    assert (
        not Release.objects.exists() and not Mail.objects.filter(template="candidate_told").exists()
    ), "nothing has left"
    assert fetched(shop.link(asked["id"])["url"]).status_code == 200
    told = Release.objects.get()
    assert (str(told.decision_id), told.released_at) == (
        asked["decision_id"],
        Copy.objects.get().opened_at,
    )
    assert fetched(shop.link(asked["id"])["url"]).status_code == 200
    assert Release.objects.count() == Mail.objects.filter(template="candidate_told").count() == 1


def test_once_it_has_left_the_answer_holds_a_receipt_that_anybody_can_check(shop: Shop) -> None:
    asked = shop.post(shop.gate_pass(), pdf())
    make(asked)
    assert asked["receipt"] is None and shop.read(asked["id"])["receipt"] is None, (
        "nothing has left"
    )
    fetched(shop.link(asked["id"])["url"])
    receipt = shop.read(asked["id"])["receipt"]
    assert shop.platform.call("get", "/releases")["data"][0]["receipt"] == receipt
    key_id, url = receipt["key_id"], receipt["key_url"]
    pem = Client().get(url.removeprefix(settings.SITE_URL)).content
    key = load_pem_public_key(pem)
    assert isinstance(key, Ed25519PublicKey) and url.endswith(f"/{key_id}.pem")
    signature = urlsafe_b64decode(receipt["signature"])
    key.verify(signature, receipt["receipt"].encode())
    with pytest.raises(InvalidSignature):
        key.verify(signature, receipt["receipt"].replace("hiring", "other").encode())
    said = json.loads(receipt["receipt"])
    assert (said["id"], said["decision"], said["employer"]) == (
        receipt["id"],
        asked["decision_id"],
        shop.platform.employer,
    )
    told = {
        event.verb: event.data
        for event in Event.objects.filter(verb__in=("release_resume", "open_copy"))
    }
    assert told["open_copy"]["release"] == asked["id"] and "receipt" not in told["open_copy"]
    assert (
        told["release_resume"]["receipt"] == receipt["id"]
        and "release" not in told["release_resume"]
    )


def test_receipts_of_a_list_are_looked_up_at_once(
    shop: Shop, django_assert_max_num_queries: Any
) -> None:
    ids = [shop.post(shop.gate_pass(candidate), pdf())["id"] for candidate in ("c-1", "c-2", "c-3")]
    for release in ids:
        make({"id": release})
        fetched(shop.link(release)["url"])
    with django_assert_max_num_queries(4) as asked:
        rows = shop.platform.call("get", "/releases")["data"]
    assert len({row["receipt"]["id"] for row in rows}) == 3, asked.captured_queries


@pytest.mark.parametrize("change", ["closed", "blocked"])
def test_after_a_failure_it_is_not_asked_for_again_where_the_candidate_has_closed_since(
    shop: Shop, change: str
) -> None:
    gate_pass = shop.gate_pass()
    asked = shop.post(gate_pass, b"%PDF-1.7 broken")
    make(asked)
    assert shop.read(asked["id"])["state"] == "failed"
    body = (
        {"mode": "closed"}
        if change == "closed"
        else {"mode": "tell_after", "blocked": [{"employer_id": shop.platform.employer}]}
    )
    assert shop.platform.call("put", "/candidates/c-1", body)["http"] == 201
    again = shop.post(gate_pass, pdf())
    assert again["code"] == (
        "candidate_closed" if change == "closed" else "candidate_blocked_employer"
    )
    assert not RelayBinding.objects.open().exists() and Copy.objects.get().state == CopyState.FAILED


def test_no_link_is_made_to_a_copy_of_whom_has_closed(shop: Shop) -> None:
    asked = shop.post(shop.gate_pass(), pdf())
    make(asked)
    assert shop.platform.call("put", "/candidates/c-1", {"mode": "closed"})["http"] == 201
    assert shop.link(asked["id"])["code"] == "candidate_closed" and not CopyLink.objects.exists()


def test_no_link_is_made_for_a_recruiter_who_is_in_review(shop: Shop) -> None:
    asked = shop.post(shop.gate_pass(), pdf())
    make(asked)
    Member.objects.update(held_at=timezone.now())
    assert shop.link(asked["id"])["code"] == "member_in_review"


def test_a_copy_that_cannot_be_read_any_more_has_not_left(shop: Shop) -> None:
    asked = shop.post(shop.gate_pass(), pdf())
    make(asked)
    default_storage.delete(str(Copy.objects.get().pdf.name))
    assert fetched(shop.link(asked["id"])["url"]).status_code == 503
    assert Copy.objects.get().opened_at is None and not Release.objects.exists()


def test_nothing_is_spent_where_nobody_said_from_which_number_they_call(shop: Shop) -> None:
    User.objects.update(phone_sealed="")
    gate_pass = shop.gate_pass()
    refused = shop.post(gate_pass, pdf())
    assert (refused["http"], refused["code"]) == (422, "relay_no_caller")
    assert not PassUse.objects.exists() and not Copy.objects.exists()
    set_phone(
        shop.client,
        Employer.objects.get(pk=shop.platform.employer),
        UUID(str(shop.platform.member)),
        "13800000001",
        timezone.now(),
        proven=True,
    )
    assert shop.post(gate_pass, pdf())["http"] == 202, "the same pass still works"


def test_asked_twice_it_is_one_release_and_one_pass(shop: Shop) -> None:
    gate_pass = shop.gate_pass()
    first = shop.post(gate_pass, pdf(), key="k-1")
    assert shop.post(gate_pass, pdf(), key="k-1")["id"] == first["id"], (
        "the same key, although the form's boundary differs each time"
    )
    assert shop.post(gate_pass, pdf())["id"] == first["id"], (
        "without a key, the pass identifies the release"
    )
    other = shop.post(gate_pass, specimen(4, "plain", "en").pdf)
    assert (other["http"], other["code"]) == (409, "pass_spent"), "one pass, one resume"
    assert list(PassUse.objects.values_list("reason", flat=True)) == [""]
    assert make(first) and not make(first) and Copy.objects.count() == 1


@pytest.mark.parametrize("kind", ["copy", "relaybinding"])
def test_the_console_names_the_platform_of_a_copy_and_of_its_number(kind: str, shop: Shop) -> None:
    shop.post(shop.gate_pass(), pdf())
    row = apps.get_model("downloads", kind)._default_manager.get()
    lead = sign_in(make_colleague(timezone.now(), "Auditors", "Leads"))
    shown = lead.get(f"/console/downloads/{kind}/{row.pk}/change/")
    assert shown.status_code == 200 and shop.client.name in shown.content.decode()


NO_RESUMES = [
    (b"", "resume_empty"),
    (b"hello", "resume_format_not_supported"),
    (b"\xd0\xcf\x11\xe0", "resume_format_not_supported"),
    (None, "resume_missing"),
]


@pytest.mark.parametrize(("resume", "code"), NO_RESUMES)
def test_what_is_no_resume_costs_no_pass(resume: bytes | None, code: str, shop: Shop) -> None:
    gate_pass = shop.gate_pass()
    assert shop.post(gate_pass, resume)["code"] == code
    assert not PassUse.objects.exists() and not Copy.objects.exists()
    assert shop.post(gate_pass, pdf())["http"] == 202


def test_where_no_number_can_be_lent_no_pass_is_spent(shop: Shop) -> None:
    gate_pass = shop.gate_pass()
    assert shop.post(gate_pass, pdf(), phone="12345")["code"] == "phone_invalid"
    assert not PassUse.objects.exists() and not RelayBinding.objects.exists()
    assert not stored_files(), "the uploaded file is deleted"
    assert shop.post(gate_pass, pdf())["http"] == 202


def test_a_spent_or_foreign_pass_brings_nothing_and_is_on_record(
    shop: Shop, platform: Platform
) -> None:
    gate_pass = shop.gate_pass()
    platform.call("post", "/gate/passes/spend", {"gate_pass": gate_pass})
    assert shop.post(gate_pass, pdf())["code"] == "pass_spent"
    assert list(PassUse.objects.values_list("reason", flat=True)) == ["", "pass_spent"]
    assert Shop(Platform()).post(gate_pass, pdf())["code"] == "pass_unknown"
    assert not Copy.objects.exists() and not stored_files()


def test_a_request_that_is_undone_leaves_no_file(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate_pass = shop.gate_pass()
    monkeypatch.setattr(
        "employers.platforms.idempotency.store_response", lambda *_: False
    )  # another process took it over meanwhile
    assert shop.post(gate_pass, pdf(), key="k-1")["code"] == "idempotency_in_progress"
    assert not Copy.objects.exists() and not PassUse.objects.exists() and not stored_files()


def test_with_too_many_waiting_the_pass_stays_good(shop: Shop, settings: Any) -> None:
    settings.RELEASES_WAITING = 1
    first, gate_pass = shop.post(shop.gate_pass(), pdf()), shop.gate_pass("c-2")
    busy = shop.post(gate_pass, pdf(), key="k-2")
    assert (busy["http"], busy["code"], busy["retry"]) == (503, "release_busy", "10")
    assert PassUse.objects.count() == 1
    make(first)
    assert shop.post(gate_pass, pdf(), key="k-2")["http"] == 202


def suspend(platform: Platform) -> None:
    Case.objects.filter(employer=platform.employer).update(expires_at=timezone.now())


def test_what_was_made_is_not_handed_to_who_was_suspended_since(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    make(release)
    link = shop.link(release["id"])
    suspend(shop.platform)
    refused = fetched(link["url"])
    assert refused.status_code == 403 and b"%PDF" not in refused.content
    assert CopyLink.objects.get().why == "employer_expired", "the attempt is recorded"
    assert shop.link(release["id"])["code"] == "employer_expired"
    assert Copy.objects.get().opened_at is None


def test_what_was_made_is_not_handed_over_once_all_releases_are_stopped(shop: Shop) -> None:
    now, stop = timezone.now(), ReleaseStop.Act.STOP
    release = shop.post(shop.gate_pass(), pdf())
    make(release)
    link = shop.link(release["id"])
    row = release_stops.propose_release_stop(None, stop, "a leak", make_reviewer(now), now)
    release_stops.settle_release_stop(row.pk, make_reviewer(now), now, confirmed=True)
    refused = fetched(link["url"])
    assert refused.status_code == 403 and b"%PDF" not in refused.content
    assert CopyLink.objects.get().why == "releases_stopped"
    assert Copy.objects.get().opened_at is None


def test_what_was_made_is_not_handed_over_once_the_candidate_has_closed(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    make(release)
    link = shop.link(release["id"])
    assert shop.platform.call("put", "/candidates/c-1", {"mode": "closed"})["http"] == 201
    assert (
        fetched(link["url"]).status_code == 403 and CopyLink.objects.get().why == "candidate_closed"
    )


def test_a_link_lasts_a_minute_and_is_forged_by_nobody(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    make(release)
    url = shop.link(release["id"])["url"]
    shop.platform.move("PT61S")
    assert fetched(url).status_code == 410
    for forged in (url[:-1], url.rsplit("/", 1)[0] + "/x.y", url + "x"):
        answer = fetched(forged)
        assert answer.status_code == 410 and "private" in answer["Cache-Control"]


def test_what_only_looks_ahead_does_not_use_a_link_up(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    make(release)
    path = "/releases/" + shop.link(release["id"])["url"].rsplit("/", 1)[1]
    assert Client().get(path, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 503
    assert Client().head(path).status_code == 405
    assert Client().get(path).status_code == 200


def test_a_release_is_its_platforms_alone(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    make(release)
    stranger = Shop(Platform())
    assert (
        stranger.read(release["id"])["code"]
        == stranger.link(release["id"])["code"]
        == "release_unknown"
    )
    assert stranger.platform.call("get", "/releases")["data"] == []
    assert [row["id"] for row in shop.platform.call("get", "/releases?candidate=c-1")["data"]] == [
        release["id"]
    ]


def test_a_resume_can_be_fetched_from_the_platforms_own_store(
    shop: Shop, settings: Any, tmp_path: Path
) -> None:
    gate_pass = shop.gate_pass()
    assert shop.post(gate_pass, resume_reference="2026/cv.pdf")["code"] == "resume_source_missing"
    settings.RESUMES = str(tmp_path / "resumes")
    own = tmp_path / "resumes" / str(shop.client.pk)
    (own / "2026").mkdir(parents=True)
    (own / "2026" / "cv.pdf").write_bytes(pdf())
    (own.parent / "secret.pdf").write_bytes(pdf())
    (own / "link.pdf").symlink_to(own.parent / "secret.pdf")
    assert shop.post(gate_pass, resume_reference="../secret.pdf")["http"] == 422
    release = shop.post(gate_pass, resume_reference="link.pdf")
    make(release)
    assert shop.read(release["id"])["reasons"][0]["code"] == "resume_not_found", (
        "the link leads out of the platform's folder"
    )
    again = shop.post(gate_pass, resume_reference="2026/cv.pdf")
    assert (
        again["id"] == release["id"] and make(again) and shop.read(again["id"])["state"] == "ready"
    )


def test_copies_and_pages_go_when_their_time_is_over(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    with django_capture_on_commit_callbacks(execute=True):
        make(release)
    assert len(stored_files()) == 2
    now = timezone.now()
    assert retention.retire_copies(now + timedelta(hours=23), 365) == 0
    assert retention.retire_copies(now + timedelta(hours=25), 365) == 1
    assert (
        shop.read(release["id"])["state"] == "closed"
        and shop.link(release["id"])["code"] == "release_closed"
    )
    assert len(stored_files()) == 1, "the clean pages stay, for traces"
    retention.retire_copies(now + timedelta(days=366), 365)
    assert not stored_files() and Copy.objects.get().resume.removed == []  # type: ignore[union-attr]
    with unguarded(Copy):  # the database's clock is not ahead
        retention.retire_copies(now + timedelta(days=1500), 365)
    assert not Copy.objects.exists() and not CleanResume.objects.exists()


def test_clean_pages_of_who_is_erased_go_once_nothing_is_reported(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    assert shop.platform.call("put", "/candidates/c-1", {"mode": "tell_after"})["http"] == 201
    release = shop.post(shop.gate_pass(), pdf())
    with django_capture_on_commit_callbacks(execute=True):
        make(release)
    fetched(shop.link(release["id"])["url"])
    report = misuse_reports.report_misuse(
        Candidate.objects.get().pk,
        Release.objects.get().pk,
        "passed_on",
        "",
        SYSTEM,
        timezone.now(),
    )
    now = timezone.now()
    retention.retire_copies(now, 365)
    assert shop.platform.call("delete", "/candidates/c-1")["http"] == 204
    retention.retire_copies(now, 365)
    assert CleanResume.objects.available().exists(), "a reported leak can still be traced"
    misuse_reports.settle_misuse_report(report.pk, "looked into", make_reviewer(now), now)
    retention.retire_copies(now, 365)
    assert not CleanResume.objects.available().exists()


def test_clean_pages_come_back_as_they_were_and_nothing_else_opens() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (40, 30, 3)).astype(np.uint8)
    quad = np.array([[1, 2], [3, 2], [3, 4], [1, 4]], np.float32)
    (back,) = clean_pages.unpack_pages(
        clean_pages.pack_pages([RedactedPage(1, pixels, 150.0, (), (quad,))])
    )
    assert (back.pixels == pixels).all() and (back.phones[0] == quad).all() and back.dpi == 150.0
    for wrong in (b"", b"PK\x03\x04", clean_pages.pack_pages([])[:-9]):
        with pytest.raises(ProviderBroken):
            clean_pages.unpack_pages(wrong)


# --- Concurrency ----------------------------------------------------------------------------------


@pytest.fixture
def at_once(transactional_db: None) -> Shop:
    return Shop(Platform())


@pytest.mark.django_db(transaction=True)
def test_of_many_who_open_one_link_at_once_one_gets_the_copy(at_once: Shop) -> None:
    release = at_once.post(at_once.gate_pass(), pdf())
    make(release)
    _, url = operations.make_link(release["id"], at_once.client, timezone.now())
    got: list[str] = []

    def fetch() -> None:
        try:
            operations.open_link(
                operations.copy_link_by_token(url.rsplit("/", 1)[1]), at_once.client, timezone.now()
            )
            got.append("copy")
        except Refused as refused:
            got.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == ["copy", *["copy_link_used"] * 5]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_with_one_pass_at_once_one_release_comes(at_once: Shop) -> None:
    gate_pass = at_once.gate_pass()
    got: list[str] = []

    def ask() -> None:
        try:
            copy = operations.begin_release(
                operations.Asked(gate_pass, PHONE, "", pdf()), at_once.client, timezone.now()
            )
            got.append(str(copy.pk))
        except Refused as refused:
            got.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Copy.objects.count() == 1 and PassUse.objects.filter(reason="").count() == 1
    assert set(got) <= {str(Copy.objects.get().pk), "pass_spent"}, got
