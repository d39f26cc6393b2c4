"""Does a resume leave redacted, marked and relayed, once, to whom it was allowed, and not at all
where anything is amiss?
"""

from __future__ import annotations

import io
import json
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pypdfium2 as pdfium
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.utils import timezone

from downloads import retention
from downloads.candidates import misuse_reports
from downloads.models import (
    Candidate,
    CleanResume,
    Copy,
    CopyLink,
    CopyState,
    PassUse,
    RelayBinding,
    Release,
)
from downloads.relays import provider_sync
from downloads.releases import make_copy, mark_keys, operations, prefer_wait
from employers.accounts.api_clients import revoke_api_client, revoke_key
from employers.accounts.enrolling import set_phone
from employers.clock import now_for
from employers.models import ApiClient, ApiKey, Employer, User
from events.core.actor import SYSTEM
from events.core.errors import ProviderBroken, Refused
from events.models import Event, Mail
from resumes.marking import Words, clean_pages, marked, marked_copy
from resumes.redaction import redact as redaction_redact
from resumes.redaction.redact import Language, Line, RedactedPage
from resumes.specimens.person import Contact
from resumes.specimens.resume import make as specimen
from tests.downloads.api.test_relays import Platform
from tests.factories import make_colleague, make_reviewer, sign_in
from verification.cases.storage import EncryptedStorage
from verification.models import Case

pytestmark = pytest.mark.django_db

PHONE = "139 0000 0001"


@lru_cache
def pdf() -> bytes:
    return specimen(3, "plain", "zh").pdf


@pytest.fixture(autouse=True)
def _books(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.RELAYS, settings.DOCUMENTS_DIR = tmp_path, "", tmp_path / "documents"


_REAL = redaction_redact.redact
_seen: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is really read, but by one test alone: reading is what takes the time here."""

    def redact(resume: Any, *more: Any) -> Any:
        if resume.sha256 not in _seen:
            _seen[resume.sha256] = _REAL(resume, *more)
        return _seen[resume.sha256]

    monkeypatch.setattr("resumes.redaction.redact.redact", redact)


@pytest.fixture
def platform(db: None) -> Platform:
    return Platform()


class Shop:
    """What a platform does with releases."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.client = platform.client

    def gate_pass(self, candidate: str = "c-1") -> str:
        asked = {
            "employer_id": self.platform.employer,
            "member_id": self.platform.member,
            "candidate": candidate,
        }
        return str(self.platform.call("post", "/gate/decisions", asked)["gate_pass"])

    def post(
        self, gate_pass: str, resume: bytes | None = None, phone: str = PHONE, **more: str
    ) -> Any:
        key, prefer = more.pop("key", ""), more.pop("prefer", "")
        body: dict[str, Any] = {"gate_pass": gate_pass, "candidate_phone": phone} | more
        if resume is not None:
            body["resume"] = SimpleUploadedFile("cv.pdf", resume, "application/pdf")
        headers = {"Authorization": f"Bearer {self.platform.key}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        headers |= {"Prefer": prefer} if prefer else {}
        answer = Client().post("/api/v1/releases", body, headers=headers)
        heads = {"retry": answer.get("Retry-After"), "applied": answer.get("Preference-Applied")}
        return answer.json() | {"http": answer.status_code} | heads

    def read(self, release_id: str) -> Any:
        return self.platform.call("get", f"/releases/{release_id}")

    def link(self, release_id: str) -> Any:
        return self.platform.call("post", f"/releases/{release_id}/links")


@pytest.fixture
def shop(platform: Platform) -> Shop:
    return Shop(platform)


def make(release: Any) -> bool:
    """What the worker does, by the platform's clock."""
    client = ApiClient.objects.get(pk=Copy.objects.get(pk=release["id"]).client_id)
    return make_copy.follow(release["id"], lambda: now_for(client))


def fetched(url: str) -> Any:
    return Client().get(url.split("8000", 1)[1] if "8000" in url else url)


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
    assert not copy.given_sealed and not copy.original, "what was given for making it is gone"
    assert PHONE.replace(" ", "") not in str(Event.objects.values_list("data", flat=True))
    again = fetched(link["url"])
    assert again.status_code == 410 and "application/pdf" not in again["Content-Type"], (
        "a link opens once"
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
    )
    assert shop.post(gate_pass, pdf())["http"] == 202, "and by the same pass it goes on"


def test_the_copy_bears_this_releases_marks_over_the_clean_page(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    make(release)
    copy = Copy.objects.get()
    assert copy.resume is not None
    pages = make_copy.stored(copy.resume)
    keys = mark_keys.keys_of(copy.number, copy.mark_key, len(pages))
    other = mark_keys.keys_of("ZR-22222-22222", copy.mark_key, len(pages))
    words = Words(copy.receiver, copy.number, copy.ready_at)  # type: ignore[arg-type]
    mine, others = (
        marked(pages[0].pixels, key[0], words, marked_copy.resolution(pages[0]))
        for key in (keys, other)
    )
    assert (mine != others).any()
    with default_storage.open(copy.pdf.name) as file:
        image = (
            pdfium.PdfDocument(io.BytesIO(file.read()))[0]
            .render(scale=pages[0].dpi / 72)
            .to_numpy()[..., :3]
            .astype(int)
        )
    size = min(image.shape[0], mine.shape[0]), min(image.shape[1], mine.shape[1])
    grey = image[: size[0], : size[1]].mean(axis=2)
    away = [
        np.abs(grey - page[: size[0], : size[1]].mean(axis=2)).mean()
        for page in (mine.astype(int), others.astype(int))
    ]
    assert away[0] < away[1], (
        "the pages that left are nearer to this release's marks than to another's"
    )


def test_asked_twice_it_is_one_release_and_one_pass(shop: Shop) -> None:
    gate_pass = shop.gate_pass()
    first = shop.post(gate_pass, pdf(), key="k-1")
    assert shop.post(gate_pass, pdf(), key="k-1")["id"] == first["id"], (
        "the same key: a form's boundary is another each time"
    )
    assert shop.post(gate_pass, pdf())["id"] == first["id"], (
        "and without a key: the pass says which release it is"
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


# --- In one call ----------------------------------------------------------------------------------


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A worker that makes what waits while the call sleeps; how often it slept."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        for copy in Copy.objects.waiting():
            make({"id": copy.pk})

    monkeypatch.setattr(prefer_wait, "sleep", sleep)
    return slept


def test_who_waits_is_handed_the_copy_with_its_link(shop: Shop, worker: list[float]) -> None:
    told = shop.post(shop.gate_pass(), pdf(), prefer="respond-async, wait=10")
    assert (told["http"], told["state"], told["applied"]) == (201, "ready", "wait=10") and len(
        worker
    ) == 1
    assert (
        told["relay"]["number"]
        and told["removed"]
        and told["pages"] == 1
        and told["receipt"] is None
    )
    file = fetched(told["link"]["url"])
    assert file.status_code == 200 and file.content.startswith(b"%PDF")
    assert fetched(told["link"]["url"]).status_code == 410, "once"
    assert shop.read(told["id"])["receipt"] and shop.read(told["id"])["link"] is None


def test_who_waited_in_vain_asks_once_more_by_the_same_pass(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefer_wait, "monotonic", iter([0.0, 0.5, 1.0, 1.5]).__next__)
    monkeypatch.setattr(prefer_wait, "sleep", lambda _: None)
    gate_pass = shop.gate_pass()
    first = shop.post(gate_pass, pdf(), prefer="wait=1")
    assert (first["http"], first["state"], first["applied"], first["link"]) == (
        202,
        "preparing",
        "wait=1",
        None,
    )
    monkeypatch.undo()
    make(first)
    second = shop.post(gate_pass, pdf(), prefer="wait=1")
    assert (second["http"], second["id"]) == (201, first["id"]) and second["link"]
    assert list(PassUse.objects.values_list("reason", flat=True)) == [""]


@pytest.mark.parametrize("prefer", ["", "wait=1"])
@pytest.mark.parametrize("swept", [False, True])
def test_what_is_handed_out_no_longer_is_said_to_be_closed(
    shop: Shop, prefer: str, swept: bool
) -> None:
    gate_pass = shop.gate_pass()
    made = shop.post(gate_pass, pdf())
    make(made)
    shop.platform.move("P2D")
    if swept:
        retention.retire_copies(now_for(ApiClient.objects.get(pk=shop.client.pk)), 365)
        assert Copy.objects.get().state == CopyState.CLOSED
    again = shop.post(gate_pass, pdf(), prefer=prefer)
    assert (again["http"], again["code"]) == (410, "release_closed")


def test_what_fails_while_it_is_waited_for_says_why(shop: Shop, worker: list[float]) -> None:
    told = shop.post(shop.gate_pass(), b"%PDF-1.7 and nothing more", prefer="wait=10")
    assert (told["http"], told["state"], told["link"]) == (202, "failed", None)
    assert told["reasons"][0]["code"] == "resume_unreadable" and told["reasons"][0]["fix"]["zh"]


def test_who_is_suspended_meanwhile_is_handed_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_: float) -> None:
        make({"id": Copy.objects.get().pk})
        Case.objects.update(state="suspended", version=99)

    monkeypatch.setattr(prefer_wait, "sleep", sleep)
    told = shop.post(shop.gate_pass(), pdf(), prefer="wait=10")
    assert (told["http"], told["code"]) == (
        422,
        "employer_suspended",
    ) and not CopyLink.objects.exists()


def test_few_wait_at_once_and_the_others_are_answered_at_once(
    shop: Shop, worker: list[float], settings: Any
) -> None:
    with ExitStack() as places:
        for _ in range(settings.RELEASES_AWAITED):
            assert places.enter_context(prefer_wait._place(uuid4()))
        told = shop.post(shop.gate_pass(), pdf(), prefer="wait=10")
        assert (told["http"], told["state"], told["applied"]) == (
            202,
            "preparing",
            None,
        ) and not worker
    assert shop.post(shop.gate_pass("c-2"), pdf(), prefer="wait=10")["http"] == 201, (
        "a place is given back"
    )


def test_a_platform_waits_once_in_each_process(shop: Shop, worker: list[float]) -> None:
    with prefer_wait._place(shop.client.pk):
        gate_pass = shop.gate_pass()
        first = shop.post(gate_pass, pdf(), prefer="wait=10")
        assert (first["http"], first["applied"]) == (202, None) and not worker
        make(first)
        again = shop.post(gate_pass, pdf(), prefer="wait=10")
        assert (again["http"], again["id"]) == (201, first["id"]) and again["link"], (
            "what is there needs no place to wait in"
        )


def test_a_deployment_may_have_nobody_wait(shop: Shop, worker: list[float], settings: Any) -> None:
    settings.RELEASES_AWAITED = 0
    assert shop.post(shop.gate_pass(), pdf(), prefer="wait=10")["http"] == 202 and not worker


@pytest.mark.parametrize("whole_platform", [False, True])
def test_a_key_that_is_revoked_meanwhile_is_handed_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, whole_platform: bool
) -> None:
    def sleep(_: float) -> None:
        make({"id": Copy.objects.get().pk})
        if whole_platform:
            revoke_api_client(shop.client, SYSTEM, timezone.now())
        else:
            revoke_key(ApiKey.objects.get(client=shop.client), SYSTEM, timezone.now())

    monkeypatch.setattr(prefer_wait, "sleep", sleep)
    told = shop.post(shop.gate_pass(), pdf(), prefer="wait=10")
    assert (told["http"], told["code"]) == (
        401,
        "key_missing_or_wrong",
    ) and not CopyLink.objects.exists()


def test_under_an_idempotency_key_nobody_waits(shop: Shop, worker: list[float]) -> None:
    told = shop.post(shop.gate_pass(), pdf(), key="k-1", prefer="wait=10")
    assert (told["http"], told["applied"]) == (202, None) and not worker


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=10", 10),
        ("respond-async, wait=3", 3),
        ("Wait = 3; x=1", 3),
        ('wait="5"', 5),
        ("wait=3600", prefer_wait.LONGEST),
        ("", 0),
        ("wait", 0),
        ("wait=soon", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("await=9", 0),
        ("wait=٣", 0),
    ],
)
def test_what_a_preference_says(prefer: str, seconds: int) -> None:
    assert prefer_wait.preferred(prefer) == seconds


def test_a_second_copy_of_a_resume_is_made_of_the_same_pages(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shop.post(shop.gate_pass(), pdf())
    make(first)
    monkeypatch.setattr("resumes.redaction.redact.redact", lambda *_: pytest.fail("read again"))
    shop.platform.move("P2D")  # a candidate's quota is one a day
    second = shop.post(shop.gate_pass(), pdf())
    assert second["http"] == 202 and second["number"] != first["number"]
    assert make(second) and CleanResume.objects.count() == 1
    one, two = (releasing_bytes(release) for release in (first, second))
    assert one != two, "every copy is unique"


def releasing_bytes(release: Any) -> bytes:
    with default_storage.open(Copy.objects.get(pk=release["id"]).pdf.name) as file:
        return bytes(file.read())


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
    assert not stored_files(), "the file that came with it is gone"
    assert shop.post(gate_pass, pdf())["http"] == 202


def stored_files() -> list[Path]:
    return [path for path in EncryptedStorage().location.rglob("*") if path.is_file()]


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
        "employers.platforms.idempotency.keep", lambda *_: False
    )  # another took it over meanwhile
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


def test_a_file_that_does_not_open_fails_and_the_pass_is_good_for_another(shop: Shop) -> None:
    gate_pass = shop.gate_pass()
    release = shop.post(gate_pass, b"%PDF-1.7\nnothing of it is true")
    make(release)
    failed = shop.read(release["id"])
    assert (failed["state"], failed["reasons"][0]["code"]) == ("failed", "resume_unreadable")
    assert shop.link(release["id"])["code"] == "release_not_ready"
    shop.platform.move("PT10M")
    retried = shop.post(gate_pass, pdf())
    assert (retried["http"], retried["id"], retried["state"]) == (202, release["id"], "preparing")
    assert make_copy.follow(release["id"], lambda: timezone.now() + timedelta(minutes=10))
    assert shop.read(release["id"])["state"] == "ready" and PassUse.objects.count() == 1, (
        "and it used up no further pass"
    )


def test_a_contact_that_would_be_left_holds_the_resume_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "resumes.redaction.redact.contacts_in", lambda text: []
    )  # as if nothing had been found
    monkeypatch.setattr("resumes.redaction.redact.redact", _REAL)
    person = specimen(3, "plain", "zh")
    phone = next(part.text for _, part in person.contacts if part.contact is Contact.PHONE)
    release = shop.post(shop.gate_pass(), pdf(), phone=phone)
    make(release)
    assert shop.read(release["id"])["reasons"][0]["code"] == "resume_contact_left"
    assert not Copy.objects.get().pdf


@pytest.mark.parametrize(
    "left",
    [
        "138•0001•8000",
        "138a0001b8000",
        "一三八零零零一八零零零",
        "么三八洞洞洞么八洞洞洞",
        "１３８ 0001 8000",
        "l38OOO18OOO",
        "13800018000元",
        "138\n0001\n8000",
    ],
)
def test_the_last_look_reads_a_number_as_the_finder_does(left: str) -> None:
    quad = np.zeros((4, 2), np.float32)
    page = RedactedPage(
        1,
        np.zeros((1, 1, 3), np.uint8),
        150.0,
        (Line("2018.09-2022.06 本科", quad), Line(left, quad)),
    )
    with pytest.raises(Refused, match="resume_contact_left"):
        make_copy._let_nothing_through([page], ("+86 138 0001 8000", ""))
    make_copy._let_nothing_through([page], ("+86 139 0001 8000", "zhangsan@qq.com"))


def test_the_last_look_reads_an_address_as_the_finder_does() -> None:
    page = RedactedPage(
        1,
        np.zeros((1, 1, 3), np.uint8),
        150.0,
        (Line("ｚhang San＠ＱＱ.com", np.zeros((4, 2), np.float32)),),
    )
    with pytest.raises(Refused, match="resume_contact_left"):
        make_copy._let_nothing_through([page], ("", "ZhangSan@qq.com"))


def test_the_lease_is_held_for_as_long_as_it_takes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, happened, made = shop.post(shop.gate_pass(), pdf()), [], marked_copy.copy

    @contextmanager
    def held(jobs: Any, pk: Any, lease: Any, clock: Any, seconds: float) -> Iterator[None]:
        happened.append(("held", Copy.objects.held(pk, lease).count()))
        yield
        happened.append(("let go", Copy.objects.held(pk, lease).count()))

    def copy(*arguments: Any) -> bytes:
        happened.append(("made", 1))
        return made(*arguments)

    monkeypatch.setattr("events.jobs.heartbeat.held", held)
    monkeypatch.setattr("resumes.marking.marked_copy.copy", copy)
    assert make(release)
    assert happened == [("held", 1), ("made", 1), ("let go", 1)]


def test_it_waits_for_a_number_and_goes_on_when_one_is_lent(shop: Shop) -> None:
    release = shop.post(
        shop.gate_pass(), pdf(), phone="15400000006"
    )  # the carrier does not answer: a minute later it does
    assert not make(release)
    copy = Copy.objects.get()
    assert copy.state == CopyState.PREPARING and copy.lease is None and copy.resume is not None, (
        "its pages are there already"
    )
    later = timezone.now() + timedelta(minutes=2)
    provider_sync.follow(copy.binding_id, lambda: later)
    copy.refresh_from_db()
    assert copy.due_at == later, "its doorbell rang"
    assert make_copy.follow(copy.pk, lambda: later)
    assert shop.read(release["id"])["state"] == "ready"


def test_where_no_number_comes_in_time_the_resume_does_not_leave(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf(), phone="15400000001")
    assert not make(release)
    later = timezone.now() + timedelta(minutes=11)
    assert make_copy.follow(release["id"], lambda: later)
    assert shop.read(release["id"])["reasons"][0]["code"] == "release_no_relay"


def test_a_worker_that_died_is_made_up_for(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    assert Copy.objects.claim(release["id"], timezone.now(), 240)
    assert not make(release), "another holds it"
    later = timezone.now() + timedelta(minutes=5)
    assert make_copy.follow(release["id"], lambda: later)
    assert Copy.objects.get().deaths == 1 and Copy.objects.get().state == CopyState.READY


def test_a_file_that_kills_every_worker_does_not_go_round_for_ever(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    Copy.objects.filter(pk=release["id"]).update(deaths=make_copy.DEATHS)
    assert make(release) and shop.read(release["id"])["state"] == "failed"


def test_who_lost_the_lease_writes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    made = marked_copy.copy

    def slow(*arguments: Any) -> bytes:
        Copy.objects.filter(pk=release["id"]).update(lease=None, leased_until=None)
        return made(*arguments)

    monkeypatch.setattr("resumes.marking.marked_copy.copy", slow)
    assert not make(release)
    assert Copy.objects.get().state == CopyState.PREPARING and len(stored_files()) == 2, (
        "the original and its clean pages"
    )


def suspend(platform: Platform) -> None:
    Case.objects.filter(employer=platform.employer).update(expires_at=timezone.now())


def test_what_was_made_is_not_handed_to_who_was_suspended_since(shop: Shop) -> None:
    release = shop.post(shop.gate_pass(), pdf())
    make(release)
    link = shop.link(release["id"])
    suspend(shop.platform)
    refused = fetched(link["url"])
    assert refused.status_code == 403 and b"%PDF" not in refused.content
    assert CopyLink.objects.get().why == "employer_expired", "and the try is on record"
    assert shop.link(release["id"])["code"] == "employer_expired"
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
        "a link leads out of the platform's folder"
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
    assert len(stored_files()) == 1, "the clean pages stay, on which leaks are traced"
    retention.retire_copies(now + timedelta(days=366), 365)
    assert not stored_files() and Copy.objects.get().resume.removed == []  # type: ignore[union-attr]
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
    report = misuse_reports.report(
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
    assert CleanResume.objects.kept().exists(), "a leak that was reported can still be traced"
    misuse_reports.settle(report.pk, "looked into", make_reviewer(now), now)
    retention.retire_copies(now, 365)
    assert not CleanResume.objects.kept().exists()


def test_clean_pages_come_back_as_they_were_and_nothing_else_opens() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (40, 30, 3)).astype(np.uint8)
    quad = np.array([[1, 2], [3, 2], [3, 4], [1, 4]], np.float32)
    (back,) = clean_pages.unpacked(
        clean_pages.packed([RedactedPage(1, pixels, 150.0, (), (quad,))])
    )
    assert (back.pixels == pixels).all() and (back.phones[0] == quad).all() and back.dpi == 150.0
    for wrong in (b"", b"PK\x03\x04", clean_pages.packed([])[:-9]):
        with pytest.raises(ProviderBroken):
            clean_pages.unpacked(wrong)


@pytest.mark.parametrize(
    ("extension", "language", "first"),
    [
        ("", "zh", "17000000010"),
        ("104", "zh", "17000000010 转 104"),
        ("104", "en", "17000000010 ext. 104"),
        ("", "en", "17000000010"),
    ],
)
def test_a_relay_number_is_written_as_it_is_dialled(
    extension: str, language: Language, first: str
) -> None:
    assert marked_copy.dialled("+8617000000010", extension, language)[0] == first


# --- At once --------------------------------------------------------------------------------------


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
                operations.linked(url.rsplit("/", 1)[1]), at_once.client, timezone.now()
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
            copy = operations.begin(
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
