"""Tests of a platform's whole journey, with the client package over HTTP and a real worker that
sends webhooks.
"""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.utils import timezone

from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Scope
from resumes.specimens.resume import make_resume as resume
from tests.fakes.webhook_receiver import receiving
from tests.stories.conftest import running_worker, wait_until
from tests.stories.test_worker import broker as broker
from zizhi_client import (
    Conflict,
    Event,
    Forbidden,
    Invalid,
    NotFound,
    WebhookInvalid,
    Zizhi,
    ZizhiError,
    verify_webhook,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.worker,
    pytest.mark.redis,
    pytest.mark.timeout(300),
]


@pytest.mark.slow
def test_from_the_first_call_to_the_last_no(broker: str, live_server: Any, tmp_path: Path) -> None:
    platform, key = create_api_client("a test", list(Scope), timezone.now(), test=True)
    ApiClient.objects.filter(pk=platform.pk).update(return_urls="https://site.example/back")
    log = tmp_path / "worker.log"
    with (
        receiving() as receiver,
        running_worker(broker, log, beat=True, ZIZHI_SWEEP_SECONDS="1"),
        Zizhi(key, live_server.url, gate_timeout=20, timeout=30) as zizhi,
    ):
        assert zizhi.me().test and set(zizhi.me().scopes) == {str(scope) for scope in Scope}
        secret = zizhi.create_webhook(receiver.url).secret

        # An employer and its recruiter, by the platform's own references; repeating the calls makes
        # no second ones.
        code = next(recipe.uscc for recipe in zizhi.test_recipes() if recipe.recipe == 0)
        made = zizhi.create_employer(
            "co-1", "云溪市示例科技有限公司", code, idempotency_key="make-co-1"
        )
        assert (
            zizhi.create_employer(
                "co-1", "云溪市示例科技有限公司", code, idempotency_key="make-co-1"
            )
            == made
        )
        assert [employer.id for employer in zizhi.employers(reference="co-1")] == [made.id]
        with pytest.raises(Conflict, match="reference_taken"):
            zizhi.create_employer("co-1", "云溪市示例科技有限公司", code)
        with pytest.raises(Invalid) as wrong:
            zizhi.put_employer("co-2", "云溪市示例科技有限公司", "91990101000000106X")
        assert wrong.value.code == "uscc_invalid" and wrong.value.fix and wrong.value.request_id
        member = zizhi.add_member(made.id, "hr-7", f"hr@{code.lower()}.test", role="owner")
        assert [each.reference for each in zizhi.members(made.id)] == ["hr-7"]
        assert zizhi.make_onboarding_link(
            made.id, member.id, "https://site.example/back/hr"
        ).url.startswith("http")

        # Before any document the answer is no, with what to do; after submission the answer is yes.
        no = zizhi.may_download(made.id, member.id, "cand-1")
        assert not no and no.reasons[0].fix.zh and no.gate_pass is None
        assert zizhi.requirements(made.id).requirements
        assert zizhi.test_hand_in(made.id, member.id).state == "approved"
        yes = zizhi.may_download(made.id, member.id, "cand-1")
        assert yes and "mark" in yes.obligations and yes.gate_pass
        spent = zizhi.spend_pass(yes.gate_pass)
        assert (spent.decision_id, spent.candidate) == (yes.id, "cand-1")
        with pytest.raises(ZizhiError, match="pass_spent"):
            zizhi.spend_pass(yes.gate_pass)
        assert zizhi.explain(yes.id).pass_state == "spent"
        zizhi.report_contact(yes.id)
        assert zizhi.rights(made.id).download

        # Announced by webhook, and the same in the feed.
        wait_until(
            lambda: len(receiver.got) >= len(list(zizhi.events())) > 0, "no webhook came", log
        )
        heard = {
            event.id: event
            for event in (verify_webhook(secret, got.headers, got.body) for got in receiver.got)
        }
        with pytest.raises(WebhookInvalid):
            verify_webhook(secret, receiver.got[0].headers, receiver.got[0].body + b" ")
        told = list(zizhi.events())
        assert [event.sequence for event in told] == list(range(1, len(told) + 1))
        assert all(heard[event.id] == event for event in told if event.id in heard) and _approved(
            told
        )

        # Suspended: the answer is no from the acknowledgement on, also for an earlier pass.
        late = zizhi.may_download(made.id, member.id, "cand-2")
        assert (
            zizhi.test_decide(made.id, "suspend", reasons=["registry_revoked"]).state == "suspended"
        )
        denied = zizhi.may_download(made.id, member.id, "cand-3")
        assert not denied and denied.reasons[0].code == "employer_suspended"
        with pytest.raises(ZizhiError, match="employer_suspended"):
            zizhi.spend_pass(late.gate_pass or "")
        wait_until(
            lambda: _types(zizhi, told[-1].sequence) == ["employer.suspended"],
            "it is not in the feed",
            log,
        )
        wait_until(
            lambda: any(b"employer.suspended" in got.body for got in receiver.got),
            "no webhook was sent",
            log,
        )

        # Reinstated; half a year later the approval has expired.
        assert zizhi.test_decide(made.id, "reinstate", reasons=[]).state == "approved"
        assert zizhi.may_download(made.id, member.id, "cand-4")
        began = time.time()
        assert (
            zizhi.test_move_clock(timedelta(days=181)).now.timestamp()
            > began + timedelta(days=180).total_seconds()
        )
        over = zizhi.may_download(made.id, member.id, "cand-5")
        assert (
            not over
            and over.reasons[0].code == "employer_expired"
            and zizhi.employer(made.id).state == "expired"
        )
        assert zizhi.test_mails()

        # A recruiter leaves; an employer of another platform is refused.
        left = zizhi.add_member(made.id, "hr-8", f"hr8@{code.lower()}.test")
        zizhi.end_member(made.id, left.id)
        assert [each.id for each in zizhi.members(made.id)] == [member.id]
        with pytest.raises(Forbidden, match="member_is_owner"):
            zizhi.end_member(made.id, member.id)
        linked = zizhi.redeem_link_code(zizhi.test_link_code(made.id, member.id).code)
        assert linked.member_id == member.id
        with pytest.raises(NotFound, match="employer_unknown"):
            zizhi.employer(member.id)


def test_a_resume_leaves_in_one_call(broker: str, live_server: Any, tmp_path: Path) -> None:
    """A resume is requested, made by a real worker and delivered by the answer: the link opens
    once, and the receipt follows.
    """
    _, key = create_api_client("a test", list(Scope), timezone.now(), test=True)
    log = tmp_path / "worker.log"
    with (
        running_worker(broker, log, beat=True, ZIZHI_SWEEP_SECONDS="1"),
        Zizhi(key, live_server.url, gate_timeout=20, timeout=30) as zizhi,
    ):
        code = next(recipe.uscc for recipe in zizhi.test_recipes() if recipe.recipe == 0)
        employer = zizhi.create_employer("co-1", "云溪市示例科技有限公司", code).id
        member = zizhi.add_member(employer, "hr-7", f"hr@{code.lower()}.test", role="owner").id
        zizhi.set_member_phone(employer, member, "13800000001", proven=True)
        zizhi.test_hand_in(employer, member)
        yes = zizhi.may_download(employer, member, "cand-1")
        assert yes.gate_pass
        # A busy machine may take longer than a call waits.
        for _ in range(6):
            copy = zizhi.release(
                yes.gate_pass, "15400000000", resume(3, "plain", "zh").pdf, wait=20
            )
            if copy.state != "preparing":
                break
        assert copy.state == "ready" and copy.link and copy.relay and copy.removed, log.read_text()[
            -2000:
        ]
        link = live_server.url + urlsplit(copy.link.url).path
        first, second = (httpx.get(link, timeout=30) for _ in range(2))
        assert (
            first.status_code == 200
            and first.content.startswith(b"%PDF")
            and second.status_code == 410
        )
        left = zizhi.read_release(copy.id)
        assert left.receipt and left.opened_at and left.link is None
        assert [each.id for each in zizhi.releases(candidate="cand-1")] == [copy.id]


def _approved(told: list[Event]) -> bool:
    return any(
        event.type == "employer.approved" and event.data["employer"]["reference"] == "co-1"
        for event in told
    )


def _types(zizhi: Zizhi, after: int) -> list[str]:
    return [event.type for event in zizhi.events(after=after)]
