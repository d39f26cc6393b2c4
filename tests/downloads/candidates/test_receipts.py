"""Tests of receipts: they contain exactly what was signed, and a public key is enough to check
them.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from downloads.candidates import consents, notices, page_links, receipts
from downloads.models import Candidate, Release
from downloads.releases import passes, repeated_answers
from downloads.rules.ladder import Obligation
from employers.models import User
from events.core.errors import Refused
from tests.databases import unguarded
from tests.downloads.platform import Live, Platform
from tests.employers.accounts.phone_codes import by_phone_alone
from tests.factories import make_link


@pytest.fixture
def candidate(db: None) -> Candidate:
    live = Live(timezone.now())
    candidate = live.candidate(timezone.now())
    live.take(timezone.now())
    return candidate


@pytest.fixture
def receipt(candidate: Candidate) -> receipts.Receipt:
    return notices.receipt_of(Release.objects.get())


def test_it_says_who_got_what_and_nothing_of_who_the_candidate_is(
    receipt: receipts.Receipt, candidate: Candidate
) -> None:
    said, release = json.loads(receipt.text), Release.objects.get()
    assert (said["receiver"], said["uscc"], said["purpose"]) == (
        release.receiver,
        release.uscc,
        "hiring",
    )
    assert (said["kinds"], said["candidate"], said["type"]) == (
        ["resume", "relay_number"],
        "c-1",
        "zizhi-receipt-1",
    )
    assert "lin@" not in receipt.text and release.contact not in receipt.text
    assert receipt.text == receipts.canonical_json(said), "there is only one form"


def test_whatever_is_changed_is_found(receipt: receipts.Receipt) -> None:
    assert receipts.is_genuine(receipt)
    changed = receipt.text.replace("hiring", "for_client")
    for wrong in (
        replace(receipt, text=changed),
        replace(receipt, text=receipt.text + " "),
        replace(receipt, key_id="0" * 16),
        replace(receipt, signature=""),
        replace(receipt, signature="AAAA"),
        replace(receipt, signature=receipt.signature[:-4] + "AAA="),
    ):
        assert not receipts.is_genuine(wrong), wrong


def test_receipts_of_an_earlier_key_stay_valid_while_it_is_among_the_retired(
    receipt: receipts.Receipt, settings: Any
) -> None:
    earlier, settings.DATA_KEY = settings.DATA_KEY, base64.b64encode(os.urandom(32)).decode()
    assert not receipts.is_genuine(receipt)
    settings.DATA_KEYS_RETIRED = [earlier]
    assert receipts.is_genuine(receipt)


def test_the_key_is_not_that_of_the_data(settings: Any) -> None:
    raw = base64.urlsafe_b64decode(receipts.as_jwk(receipts.public_keys()[0])["x"] + "=")
    assert len(raw) == 32 and raw != base64.b64decode(settings.DATA_KEY)


@pytest.mark.django_db
def test_anybody_finds_the_public_key_at_its_address() -> None:
    (key,) = Client().get("/.well-known/zizhi-receipt-keys.json").json()["keys"]
    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519") and "d" not in key
    assert (
        "BEGIN PUBLIC KEY"
        in Client().get(f"/.well-known/zizhi-receipt-keys/{key['kid']}.pem").content.decode()
    )
    assert Client().get("/.well-known/zizhi-receipt-keys/nothing.pem").status_code == 404


def test_the_candidate_checks_and_keeps_it_and_nobody_elses(candidate: Candidate) -> None:
    mine = Client(headers={"accept-language": "en"})
    mine.cookies["django_language"] = "en"
    mine.get(page_links.path_of(candidate, timezone.now()))
    release = Release.objects.get()
    assert (
        "Verified: this receipt is unchanged"
        in mine.get(f"/mine/receipts/{release.pk}/").content.decode()
    )
    kept = mine.get(f"/mine/receipts/{release.pk}/file/")
    assert (
        receipts.is_genuine(receipts.Receipt.of_file(kept.content.decode()))
        and "attachment" in kept["Content-Disposition"]
    )
    with unguarded(Release):
        Release.objects.update(receipt=release.receipt.replace("hiring", "for_client"))
    assert "is not valid" in mine.get(f"/mine/receipts/{release.pk}/").content.decode()
    other = Live(timezone.now())
    other.take(timezone.now())
    theirs = Release.objects.exclude(pk=release.pk).get()
    assert mine.get(f"/mine/receipts/{theirs.pk}/file/").status_code == 302
    assert Client().get(f"/mine/receipts/{release.pk}/file/").status_code == 403


def test_the_command_tells_a_genuine_one_from_another(
    receipt: receipts.Receipt, tmp_path: Path
) -> None:
    file, out = tmp_path / "receipt.json", StringIO()
    file.write_text(receipt.as_file(), encoding="utf-8")
    call_command("verify_receipt", str(file), stdout=out)
    assert out.getvalue().startswith("genuine") and "hiring" in out.getvalue()
    key = tmp_path / "key.pem"
    key.write_text(receipts.as_pem(receipts.public_keys()[0]), encoding="ascii")
    call_command("verify_receipt", str(file), "--key", str(key), stdout=StringIO())
    file.write_text(
        replace(receipt, text=receipt.text.replace("hiring", "other")).as_file(), encoding="utf-8"
    )
    with pytest.raises(CommandError, match="NOT genuine"):
        call_command("verify_receipt", str(file))
    for nothing in ("", "{}", "[]", "null", '{"receipt": 1, "signature": 2, "key_id": 3}'):
        file.write_text(nothing, encoding="utf-8")
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("verify_receipt", str(file))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_alone_can_check_it(receipt: receipts.Receipt, tmp_path: Path) -> None:
    """As docs/how-it-works/candidates.md describes."""
    (tmp_path / "text").write_bytes(receipt.text.encode())
    (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(receipt.signature))
    (tmp_path / "key.pem").write_text(receipts.as_pem(receipts.public_keys()[0]), encoding="ascii")
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pem",
        "-rawin",
        "-in",
        "text",
        "-sigfile",
        "signature",
    ]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "text").write_bytes(receipt.text.replace("hiring", "other").encode())
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize(
    ("agreed", "obligations", "kinds"),
    [
        (["phone", "email"], (), ["resume", "relay_number", "email", "phone"]),
        (["phone"], (), ["resume", "relay_number", "phone"]),
        (["phone", "email"], (Obligation.RELAY_ONLY,), ["resume", "relay_number"]),
        ([], (), ["resume", "relay_number"]),
        (None, (), ["resume", "relay_number"]),
    ],
)
def test_the_candidates_own_contacts_go_along_by_consent_and_never_where_relays_alone_are_allowed(
    agreed: list[str] | None, obligations: tuple[Obligation, ...], kinds: list[str], db: None
) -> None:
    now = timezone.now()
    live = Live(now)
    live.candidate(now)
    if agreed is not None:
        until = now + timedelta(days=9)
        consents.give_consent(
            live.client,
            "c-1",
            consents.Given(live.employer, "hr@x.example", agreed, "e-1", now, until),
            now,
        )
    answer = live.ask(now)
    left = notices.Left(
        answer.id, live.client.pk, False, live.employer.pk, live.member.pk, "c-1", obligations, now
    )
    release = notices.tell_candidate(left)
    assert release.kinds == kinds == json.loads(release.receipt)["kinds"]


def test_a_receipt_names_an_owners_address_for_who_has_only_a_number(db: None) -> None:
    now = timezone.now()
    live = Live(now)
    live.candidate(now)
    owner, live.member = live.member, by_phone_alone(now, employer=live.employer, role="recruiter")
    make_link(live.member, live.client.pk, now)
    live.take(now)
    assert Release.objects.get().contact == owner.user.email
    answer = live.ask(now, "c-2")
    said = json.dumps({"allowed": True, "id": str(answer.id)}).encode()
    assert repeated_answers.still_allows(said, now)
    User.objects.filter(pk=owner.user_id).update(email_verified_at=None)
    with pytest.raises(Refused, match="contact_missing"):
        passes.spend_pass(
            passes.issue_pass(answer.id, live.client.pk, live.employer.pk, live.member.pk),
            client_id=live.client.pk,
            now=now,
        )
    left = notices.Left(
        answer.id, live.client.pk, False, live.employer.pk, live.member.pk, "c-2", (), now
    )
    assert not repeated_answers.still_allows(said, now)
    with pytest.raises(Refused, match="contact_missing"):  # if the gate looked before
        notices.tell_candidate(left)
    assert Release.objects.count() == 1


@pytest.mark.django_db
def test_a_platform_gets_the_receipt_with_the_release() -> None:
    platform = Platform()
    platform.put(mode="tell_after")
    platform.take()
    (row,) = platform.call("get", "/candidates/c-1/releases")["data"]
    assert receipts.is_genuine(receipts.Receipt(row["receipt"], row["signature"], row["key_id"]))
    assert json.loads(row["receipt"])["test"] == "yes", (
        "a test cannot be mistaken for a real release"
    )
