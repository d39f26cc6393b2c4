"""Fills a database with something of everything, and records it. Runs at commit a772f02 alone.

`python -m tests.upgrade.fill_a772f02`, with an empty folder as `ZIZHI_VAR_DIR`; README.md says how.
"""

# ruff: noqa: E402

from __future__ import annotations

import base64
import io
import itertools
import os
import secrets
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

SECRET_KEY = "upgrade-test-only-not-a-secret-0123456789-abcdefghijklmnop"
DATA_KEY = base64.b64encode(b"upgrade test key, not a secret!!").decode()
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings", "ZIZHI_SECRET_KEY": SECRET_KEY, "ZIZHI_DATA_KEY": DATA_KEY,
    "ZIZHI_SITE_URL": "http://localhost:8000", "ZIZHI_STAFF_SECOND_FACTOR": "optional", "ZIZHI_LOG_LEVEL": "ERROR",
    "ZIZHI_UNDO_SECONDS": "0", "ZIZHI_ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
}  # fmt: skip

import django

django.setup()

import pypdfium2 as pdfium
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from downloads.specimens.resume import make as make_resume
from events.actor import SYSTEM
from events.delivering import send_waiting
from events.mail import queue_mail
from PIL import Image
from verification.specimens import Company, make

from downloads import (
    appealing,
    calling,
    canaries,
    ladders,
    leaks,
    lending,
    moving,
    preparing,
    rehearsing,
    relays,
    reporting,
    rights,
)
from downloads.models import Candidate, Copy, RelayBinding, RelayTeam, Release
from employers import lockout, second_factor, sightings, totp
from employers import operations as accounts
from employers.models import Member, Scope, User
from events import feed, webhooks
from events.models import Mail
from tests.events.receiver import receiving
from tests.upgrade import store
from verification import appealing as speaking
from verification import (
    claiming,
    clients,
    clusters,
    deciding,
    exclusions,
    golden,
    golden_turns,
    operations,
    pipeline,
    policy,
    proving,
    readings,
    saved_replies,
    setting_aside,
    settling,
    testcodes,
    triage,
)
from verification.checks import CHECKS
from verification.intake import examine
from verification.models import (
    Attempt,
    Case,
    Decision,
    DocumentKind,
    DocumentPage,
    DocumentReading,
    GoldenCase,
    HrLicenceShown,
    PageLandmarks,
    SavedReply,
    ShadowVerdict,
)

PASSWORD = "correct horse battery staple"
HERE = Path(__file__).parent
RECORDING = HERE / "a772f02.jsonl.gz"
KEPT: dict[str, list[str]] = {"cases": [], "files": []}
_seeds = itertools.count(7000)
now = timezone.now


def main() -> None:
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("demo", once=True, language="en")
    filler = Filler()
    for step in (
        filler.staff, filler.registers, filler.cases, filler.agency, filler.proofs, filler.desk, filler.golden, filler.platform,
        filler.downloads, filler.candidates, filler.relays, filler.leaks, filler.ladder, filler.test_platform, filler.tail,
    ):  # fmt: skip
        step()
    about = {"version": "a772f02", "secret_key": SECRET_KEY, "data_key": DATA_KEY, "password": PASSWORD, **filler.about}
    recording = store.recorded(about, files())
    store.write(recording, RECORDING)
    empty = [table.name for table in recording.tables if not table.rows]
    sys.stdout.write(f"{RECORDING}: {RECORDING.stat().st_size} bytes; empty tables: {empty}\n")


def files() -> dict[str, bytes]:
    """The sealed files that the walk opens: pages of two cases, and a copy of a resume."""
    pages = DocumentPage.objects.filter(document__case__in=Case.objects.filter(pk__in=KEPT["cases"]))
    names = [*pages.values_list("image", flat=True), *KEPT["files"]]
    return {name: (settings.DOCUMENTS_DIR / name).read_bytes() for name in names}


def small(jpeg: bytes, width: int = 900) -> bytes:
    """A picture as small as a case needs it: nobody reads it again."""
    picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
    picture.thumbnail((width, width))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=30)
    return out.getvalue()


class Filler:
    """Each step fills a part, by what the product itself does where that is possible."""

    def __init__(self) -> None:
        self.about: dict[str, Any] = {}

    # --- People -----------------------------------------------------------------------------------

    def staff(self) -> None:
        self.root = User.objects.create_superuser("root@zizhi.example", PASSWORD, email_verified_at=now(), language="en")
        self.reviewers = [self._colleague(f"reviewer{n}@zizhi.example", "Reviewers") for n in (1, 2, 3)]
        self.seniors = [self._colleague(f"senior{n}@zizhi.example", "Seniors") for n in (1, 2)]
        self.leads = [self._colleague(f"lead{n}@zizhi.example", "Leads", "Seniors") for n in (1, 2)]
        secret = totp.new_secret()
        factor, codes = second_factor.enrol(self.leads[1], secret, totp.code(secret, totp.step_at(now())), None, now())
        second_factor.answer(self.leads[1], codes[0], "", now())
        lockout.fail(lockout.subject(factor), now())
        self.about |= {"root": self.root.email, "reviewer": self.reviewers[0].email, "lead": self.leads[0].email}
        self.about |= {"two_factor_lead": self.leads[1].email, "totp_secret": secret}

    def _colleague(self, email: str, *groups: str) -> User:
        user = User.objects.create_user(email, PASSWORD, is_staff=True, email_verified_at=now(), language="zh-hans")
        found = Group.objects.filter(name__in=groups)
        assert len(found) == len(groups), Group.objects.all()
        user.groups.set(found)
        return user

    def registers(self) -> None:
        path = settings.VAR_DIR / "hr-licences.csv"
        path.write_text(
            "number,name,uscc,valid_until,as_of\n(990102)人服证字〔2026〕第0000001号,示例人力资源有限公司,,2030-01-01,2026-11-01\n", "utf-8"
        )
        call_command("import_hr_licences", str(path), verbosity=0)
        call_command("make_golden", count=5, seed=4000, verbosity=0)
        replies = SavedReply(
            code="own-licence", verb="request_changes", title_zh="请上传本公司执照", title_en="Your own licence, please",
            text_zh="请上传{company}的营业执照。", text_en="Please upload the licence of {company}.",
        )  # fmt: skip
        saved_replies.keep(replies, self.leads[0].as_reviewer(), now())

    # --- Employers and cases ----------------------------------------------------------------------

    def employer(self, account_class: str = "direct_employer", language: str = "zh-hans") -> tuple[Company, Member]:
        """Somebody who registered on our pages and confirmed their address."""
        company = Company.fictitious(next(_seeds))
        member = accounts.register(
            email=f"hr{next(_seeds)}@{company.domain}", password=PASSWORD, company=company.name, uscc=company.uscc,
            account_class=account_class, language=language, links=accounts.Links(settings.SITE_URL), now=now(),
            phone=f"138{next(_seeds):08d}",
        )  # fmt: skip
        User.objects.filter(pk=member.user_id).update(email_verified_at=now())
        sightings.record(member.user, now(), device=sightings.new_device(), network="203.0.113.7/32")
        return company, Member.objects.select_related("user", "employer").get(pk=member.pk)

    def draft(self, account_class: str = "direct_employer", language: str = "zh-hans") -> tuple[Company, Member, Case]:
        """A case with its licence, not handed in."""
        company, member = self.employer(account_class, language)
        case = operations.open_case(member.employer, member.as_actor(), now())
        operations.declare(
            case.pk, member.as_actor(), now(), name=company.name, uscc=company.uscc,
            legal_representative=company.legal_representative, account_class=account_class,
        )  # fmt: skip
        self.add(case, member, small(make(next(_seeds), damage="none", company=company).jpeg()))
        return company, member, Case.objects.get(pk=case.pk)

    def add(self, case: Case, member: Member, jpeg: bytes, kind: str = DocumentKind.BUSINESS_LICENCE) -> Any:
        return operations.add_document(case.pk, kind, examine(jpeg), {"clean": None}, member.user, member.as_actor(), now())

    def checked(self, recipe: int = 0, **given: Any) -> tuple[Member, Case]:
        """A case that was handed in and came out of its checks as the recipe of a test says."""
        _, member, case = self.draft(**given)
        case = self.hand_in(member, case, recipe)
        return Member.objects.select_related("user", "employer").get(pk=member.pk), case

    def hand_in(self, member: Member, case: Case, recipe: int = 0) -> Case:
        attempt = operations.submit(case.pk, member.user, member.as_actor(), now())
        codes = tuple(check.code for check in CHECKS)
        checks = testcodes.checks(testcodes.code_for(recipe), codes, 0, 1)
        pipeline.run(attempt.pk, now, 60, checks, policy.SHADOW)
        case.refresh_from_db()
        return case

    def ruled(self, verb: str, codes: list[str], recipe: int = 22, reviewer: User | None = None, **given: Any) -> tuple[Member, Case]:
        member, case = self.checked(recipe, **given)
        return member, self.rule(case, verb, codes, reviewer or self.reviewers[0])

    def rule(self, case: Case, verb: str, codes: list[str], reviewer: User) -> Case:
        claiming.claim(case.pk, reviewer, now())
        case.refresh_from_db()
        deciding.decide(case.pk, verb, reviewer, now(), codes, "请看说明。", seen_version=case.version)
        deciding.carry_out_due(now())
        case.refresh_from_db()
        return case

    def cases(self) -> None:
        """A case in each state, and several ways of having come there."""
        _, self.drafting, case = self.draft()
        document = case.documents.get()
        readings.read(document.pk, now, 60)
        if DocumentReading.objects.get(document=document).reading:
            readings.state(document.pk, self.drafting, {"name": "另一名称"}, now())
        removed = self.add(case, self.drafting, small(make(next(_seeds)).jpeg()))
        operations.remove_document(removed.pk, self.drafting.as_actor(), now())
        self.about |= {"draft": self.drafting.user.email, "document": str(document.pk)}
        KEPT["cases"].append(str(case.pk))

        _, member, case = self.draft()
        operations.submit(case.pk, member.user, member.as_actor(), now())
        _, member, case = self.draft()
        attempt = operations.submit(case.pk, member.user, member.as_actor(), now())
        settling.start_checks(case.pk, now())
        Attempt.objects.filter(pk=attempt.pk).update(tries=1)
        self.checked(4)  # its register is down: it waits
        self.checked(2)  # not listed yet
        self.waiting = [self.checked(recipe)[1] for recipe in (22, 42, 43, 20, 80, 33, 22, 22, 23, 21)]
        self.approved, self.approved_case = self.checked(0)
        self.about["approved"] = self.approved.user.email
        self.checked(1)  # on condition
        self.checked(10)  # rejected by the machine
        self.ruled("request_changes", ["uscc_mismatch", "document_blurred"], 40)
        member, case = self.ruled("reject", ["name_mismatch"], 42)
        speaking.appeal(case.pk, member, "执照是真的。", [self.evidence()], now())
        self.ruled("reject", ["registry_abnormal_list"])
        member, case = self.ruled("request_changes", ["document_blurred"], 30)
        operations.withdraw(case.pk, member.as_actor(), now())
        member, case = self.ruled("approve", [], 22)
        operations.suspend(case.pk, self.reviewers[0].as_reviewer(), now(), ["registry_abnormal_list"], note="已列入异常名录")
        speaking.appeal(case.pk, member, "已移出名录。", [], now())
        member, case = self.checked(0)
        operations.suspend(case.pk, SYSTEM, now(), ["registry_revoked"])
        member, case = self.checked(0)
        operations.suspend(case.pk, self.reviewers[1].as_reviewer(), now(), ["review_decided"])
        operations.revoke(case.pk, self.reviewers[1], now(), ["review_decided"])
        exclusions.exclude(case.pk, ["uscc", "person", "phone", "device", "email", "image"], "冒用他人执照", self.seniors[0], now())
        lifted = exclusions.add("phone", "13900008888", "误报", self.seniors[0], now())
        exclusions.lift(lifted.pk, self.seniors[0], now())
        member, case = self.checked(0)
        operations.expire(case.pk, now())
        member, case = self.checked(0)  # a second case beside one in force
        renewed = operations.open_case(member.employer, member.as_actor(), now())
        assert renewed.pk != case.pk

    def evidence(self) -> speaking.Evidence:
        return speaking.Evidence(examine(small(make(next(_seeds)).jpeg(), 500)), {"clean": None})

    def agency(self) -> None:
        """An agency with clients' letters, one of them ended."""
        _, member, case = self.draft("commercial_agency")
        for _ in range(2):
            letter = self.add(case, member, small(make(next(_seeds)).jpeg(), 600), DocumentKind.CLIENT_AUTHORIZATION)
            client = Company.fictitious(next(_seeds))
            last = clients.add_client(
                letter.pk, member.as_actor(), now(), name=client.name, uscc=client.uscc, valid_until=date.today() + timedelta(days=400)
            )
        self.add(case, member, small(make(next(_seeds)).jpeg(), 600), DocumentKind.HR_SERVICE_LICENCE)
        case = self.hand_in(member, case)
        HrLicenceShown.objects.create(number="990102-2026-0000001", case=case)
        clients.end_client(last.pk, member.as_actor(), now())
        self.about["agency"] = member.user.email

    def proofs(self) -> None:
        """Each way of showing one's authority: under way, proven, failed and lapsed."""
        _, member, _case = self.draft()
        domain = member.user.email.rpartition("@")[2]
        mailed = proving.send_code(member, f"office@{domain}", now())
        proving.start_deposit(member, member.employer.name, "6222000011112222333", "示例银行", now())
        proving.start_scan(member, now())
        self.about["proving"] = member.user.email
        code = Mail.objects.filter(template="company_code").latest("pk").context["code"]
        proving.confirm_code(mailed.pk, member, code, now())
        _, other, _case = self.draft()
        failed = proving.send_code(other, f"office@{other.user.email.rpartition('@')[2]}", now())
        proving.cancel(failed.pk, other, now())
        # A colleague of the approved employer asks for a vouch.
        owner = self.approved
        accounts.invite(owner, "colleague@vouch.example", accounts.Links(settings.SITE_URL), now())
        link = Mail.objects.filter(template="invitation").latest("pk").context["link"]
        self.colleague = accounts.join(link.rstrip("/").rpartition("/")[2], PASSWORD, "en", 86400, now())
        if proving.colleagues(self.colleague, now()):
            proving.ask_vouch(self.colleague, owner, now())
        gone = Member.objects.create(
            user=User.objects.create_user("left@vouch.example", PASSWORD), employer=owner.employer, role="recruiter", joined_at=now()
        )
        accounts.remove_member(owner, gone.pk, now())

    # --- The reviewers' desk ----------------------------------------------------------------------

    def desk(self) -> None:
        """Whatever reviewers do with a case: claim, draft, set aside, assign, rule, undo."""
        first, second, third = self.reviewers
        held, handed, assigned, asked, drafted, two, *bulk = self.waiting
        claiming.claim(held.pk, first, now())
        setting_aside.hold(held.pk, first, now(), now() + timedelta(hours=4), "等公司回电")
        claiming.claim(handed.pk, first, now())
        setting_aside.escalate(handed.pk, first, now(), "笔迹可疑")
        claiming.assign(assigned.pk, second, self.leads[0], now())
        claiming.claim(asked.pk, first, now())
        claiming.ask_take_over(asked.pk, second, now())
        claiming.claim(drafted.pk, second, now())
        claiming.beat(drafted.pk, second, now(), active=True)
        claiming.beat(drafted.pk, third, now(), active=False)
        claiming.save_draft(drafted.pk, second, now(), verb="reject", codes=["forgery_suspected"], note="看起来改过", about={})
        Case.objects.filter(pk=two.pk).update(second_review="policy")
        two.refresh_from_db()
        self.rule(two, "approve", [], first)
        bulk_cases = bulk[:3]
        made = clusters.propose([case.pk for case in bulk_cases], "reject", self.seniors[0], now(), ["registry_abnormal_list"], "批量")
        clusters.confirm(made.pk, self.seniors[1], now())
        deciding.carry_out_due(now())
        clusters.propose([bulk[3].pk], "reject", self.seniors[0], now(), ["registry_not_active"], "再看")
        _, self.to_decide = self.checked(42)
        _, case = self.checked(42)
        settings.UNDO_SECONDS = 600
        claiming.claim(case.pk, third, now())
        case.refresh_from_db()
        ruling = deciding.decide(case.pk, "reject", third, now(), ["name_mismatch"], "", seen_version=case.version)
        deciding.undo(ruling.pk, third, now())
        claiming.release(case.pk, third, now())
        case.refresh_from_db()
        claiming.claim(case.pk, third, now())
        case.refresh_from_db()
        deciding.decide(case.pk, "reject", third, now(), ["name_mismatch"], "还可撤回", seen_version=case.version)
        settings.UNDO_SECONDS = 0
        claiming.unmask(drafted.pk, "phone", self.seniors[0], now())
        triage.place_anew(now())
        self.about["to_decide"] = str(self.to_decide.pk)
        KEPT["cases"].append(str(self.to_decide.pk))

    def golden(self) -> None:
        for number, reviewer in enumerate(self.reviewers):
            golden_turns.plant(GoldenCase.objects.order_by("pk")[number], reviewer, now())
        decided = Decision.objects.filter(decided_by__isnull=False, verb__in=("approve", "reject")).order_by("pk")
        for decision in decided:
            if golden.may_keep(decision.case, self.leads[0].as_reviewer()) is None:
                golden.keep(decision.case_id, decision.verb, [each["code"] for each in decision.reasons], self.leads[0], now())
                break
        golden.retire(GoldenCase.objects.filter(turns=None).latest("pk").pk, self.leads[0], now())
        if not ShadowVerdict.objects.exists():
            raise SystemExit("no shadow verdict")

    # --- Platforms --------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, *, key: str = "", form: bool = False, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {key or self.key}"} | headers
        kind = {} if form else {"content_type": "application/json"}
        answer = getattr(Client(), method)(f"/api/v1{path}", body, **kind, headers=given)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.content[:600])
        return answer.json() if answer.content else {}

    def platform(self) -> None:
        """A live platform with an employer, keys old and new, webhooks, a repeated answer."""
        self.client, self.key = accounts.create_api_client(
            "某招聘网", list(Scope), now(), return_urls="https://site.example/back", contact_email="ops@site.example"
        )
        accounts.set_contact(self.client, "ops2@site.example", "en", SYSTEM, now())
        old, _ = accounts.add_key(self.client, [Scope.GATE_DECIDE], SYSTEM, now())
        accounts.rotate_key(old, timedelta(days=1), SYSTEM, now())
        gone, _ = accounts.add_key(self.client, [Scope.EVENTS_READ], SYSTEM, now())
        accounts.revoke_key(gone, SYSTEM, now())
        ended, _ = accounts.create_api_client("停用的招聘网", [Scope.GATE_DECIDE], now())
        accounts.revoke_api_client(ended, SYSTEM, now())
        self.about |= {"key": self.key, "platform": str(self.client.pk)}

        company = Company.fictitious(next(_seeds))
        body = {"reference": "co-1", "name": company.name, "uscc": company.uscc}
        made = self.call("post", "/employers", body, **{"Idempotency-Key": "make-co-1"})
        self.about["said_again"] = {"path": "/employers", "key": "make-co-1", "body": body, "id": made["id"]}
        member = self.call(
            "post", f"/employers/{made['id']}/members", {"reference": "hr-1", "email": f"hr@{company.domain}", "role": "owner"}
        )
        self.call("put", f"/employers/{made['id']}/members/{member['id']}/phone", {"phone": "13800000001"})
        self.call(
            "post", f"/employers/{made['id']}/onboarding-links",
            {"member_id": member["id"], "purpose": "verify", "return_url": "https://site.example/back/hr"},
        )  # fmt: skip
        self.member = Member.objects.select_related("user", "employer").get(pk=member["id"])
        self.member.user.set_password(PASSWORD)
        self.member.user.email_verified_at = now()
        self.member.user.save()
        case = operations.open_case(self.member.employer, self.member.as_actor(), now())
        self.add(case, self.member, small(make(next(_seeds), company=company).jpeg()))
        self.hand_in(self.member, case)
        self.member = Member.objects.select_related("user", "employer").get(pk=member["id"])
        self.about |= {"employer": str(self.member.employer_id), "member": str(self.member.pk), "owner": self.member.user.email}

        with receiving() as receiver:
            good = self.call("post", "/webhooks", {"url": receiver.url, "description": "alles"})
            self.call("post", f"/webhooks/{good['id']}/ping")
            receiver.answers = lambda number: 500 if number % 3 == 1 else 200
            while feed.relay(now()):
                pass
            for _ in range(3):
                send_waiting(good["id"], now, local=True)
        webhooks.rotate_secret(good["id"], self.client.pk, SYSTEM, now())
        paused, _ = webhooks.create(self.client.pk, "https://hooks.site.example/in", ["employer.approved"], "", SYSTEM, now(), local=False)
        webhooks.pause(paused.pk, self.client.pk, SYSTEM, now())
        dropped, _ = webhooks.create(self.client.pk, "https://old.site.example/in", [], "", SYSTEM, now(), local=False)
        webhooks.delete(dropped.pk, self.client.pk, SYSTEM, now())
        webhooks.pause(good["id"], self.client.pk, SYSTEM, now())
        self.about["endpoint"] = good["id"]

    # --- Downloads --------------------------------------------------------------------------------

    def decide(self, candidate: str, member: Member | None = None, key: str = "") -> Any:
        who = member or self.member
        asked = {"employer_id": str(who.employer_id), "member_id": str(who.pk), "candidate": candidate}
        return self.call("post", "/gate/decisions", asked, key=key)

    def downloads(self) -> None:
        """Answers of the gate, passes spent and refused, contacts, and places on the ladder."""
        self.call("put", "/candidate-default", {"mode": "tell_after", "basis": "Consent dialog v3"})
        for reference, mode, email in (("c-1", "tell_after", "lin@home.example"), ("c-2", "ask_first", ""), ("c-3", "closed", "")):
            blocked = [{"uscc": Company.fictitious(next(_seeds)).uscc}] if reference == "c-1" else []
            self.call("put", f"/candidates/{reference}", {"mode": mode, "email": email, "blocked": blocked})
        yes = self.decide("c-7")
        assert yes["allowed"], yes
        self.call("post", "/gate/passes/spend", {"gate_pass": yes["gate_pass"]})
        late = Client().post(
            "/api/v1/gate/passes/spend", {"gate_pass": yes["gate_pass"]}, "application/json",
            headers={"Authorization": f"Bearer {self.key}"},
        )  # fmt: skip
        assert late.status_code >= 400
        self.call("post", "/gate/contacts", {"decision_id": yes["id"]})
        self.decide("c-3")
        self.decide("c-9", self.drafting)
        self.about["decision"] = yes["id"]

        restricted, _ = self.checked(0)
        moving.move(restricted.employer_id, rights.Tier.RESTRICTED, SYSTEM, now(), seen=moving.Seen(("canary",), {"x": 1}))
        appealing.appeal(restricted, moving.last_move(restricted.employer_id).pk, "我们只招聘。", now())
        self.about["restricted"] = restricted.user.email
        kept, _ = self.checked(0)
        moving.move(kept.employer_id, rights.Tier.RESTRICTED, SYSTEM, now())
        said = appealing.appeal(kept, moving.last_move(kept.employer_id).pk, "没有外传。", now())
        reviewer = self.seniors[0]
        appealing.answer(said.pk, reviewer, reviewer.as_reviewer(), now(), lift=False, reply="证据充分。")
        proposed = moving.propose(self.approved.employer_id, rights.Tier.ESTABLISHED, "老客户", None, self.seniors[0], now())
        moving.settle(proposed.pk, self.seniors[1], now(), confirmed=True)
        moving.propose(self.member.employer_id, rights.Tier.ESTABLISHED, "再议", None, self.seniors[0], now())

    def release(self, candidate: str, phone: str, seed: int) -> Copy:
        """A resume that leaves: asked for, lent a number, made, and opened once."""
        yes = self.decide(candidate)
        assert yes["allowed"], yes
        file = SimpleUploadedFile("cv.pdf", make_resume(seed, "plain", "zh").pdf, "application/pdf")
        body = {"gate_pass": yes["gate_pass"], "candidate_phone": phone, "resume": file}
        made = self.call("post", "/releases", body, form=True)
        for _ in range(4):
            for team in RelayTeam.objects.filter(finished_at=None):
                lending.tell_team(team.pk, now)
            for binding in RelayBinding.objects.filter(finished_at=None):
                lending.follow(binding.pk, now)
            preparing.follow(made["id"], now)
        copy = Copy.objects.get(pk=made["id"])
        assert copy.state == "ready", (copy.state, copy.why)
        return copy

    def candidates(self) -> None:
        """Releases, receipts, consents, a revocation, reports, and an order to erase."""
        self.copy = self.release("c-1", "13900000001", 3)
        link = self.call("post", f"/releases/{self.copy.pk}/links")
        opened = Client().get(link["url"].removeprefix(settings.SITE_URL))
        assert opened.getvalue().startswith(b"%PDF"), opened.status_code
        self.call("post", f"/releases/{self.copy.pk}/links")
        self.about |= {"release": str(self.copy.pk), "candidate": "c-1"}
        KEPT["files"].append(str(self.copy.pdf.name))
        asked = self.call(
            "post", "/candidates/c-2/consent-requests", {"employer_id": str(self.member.employer_id), "member_id": str(self.member.pk)}
        )
        self.call("post", f"/consent-requests/{asked['id']}/answer", {"agrees": True, "evidence": "rec-1"})
        self.about["request"] = asked["id"]
        self.call("put", "/candidates/c-4", {"mode": "ask_first", "email": "wang@home.example", "language": "en"})
        self.call(
            "post", "/candidates/c-4/consent-requests", {"employer_id": str(self.member.employer_id), "member_id": str(self.member.pk)}
        )
        self.call("put", "/candidates/c-5", {"mode": "tell_after"})
        self.call("post", "/gate/passes/spend", {"gate_pass": self.decide("c-5")["gate_pass"]})
        five = Candidate.objects.get(client_id=self.client.pk, reference="c-5")
        release = Release.objects.about(five).get()
        made = reporting.report(five.pk, release.pk, "passed_on", "接到陌生电话", SYSTEM, now())
        reporting.settle(made.pk, "已核实", self.reviewers[0], now())
        reporting.report(five.pk, release.pk, "money", "", SYSTEM, now())
        self.call("post", "/candidates/c-5/revoke", {"employer_id": str(self.member.employer_id)})
        self.call("put", "/candidates/c-6", {"mode": "tell_after"})
        self.call("delete", "/candidates/c-6")

    def relays(self) -> None:
        """Calls by the team and by a stranger, a canary that rang, and a number that ended."""
        canary = canaries.plant(self.client.pk, "c-bait", None, "试探", self.seniors[0], now())
        self.call("put", "/candidates/c-bait", {"mode": "tell_after"})
        relay = self.call("post", "/relays", {"decision_id": self.decide("c-bait")["id"], "candidate_phone": "13900000077"})
        for _ in range(3):
            lending.follow(relay["id"], now)
        provider = relays.simulator()
        bait = RelayBinding.objects.get(pk=relay["id"])
        for number, caller in ((bait, "+8615400001111"), (self.copy.binding, "+8613800000001")):
            provider.call(number.number, number.extension, caller, now(), 30)
        rehearsing.bring_in(provider, now)
        calling.poll(provider, now())
        for ring in canaries.unanswered():
            canaries.answer(ring, now())
        assert canary.rings.exists()
        canaries.settle(canary.rings.first().pk, "机器拨号", self.seniors[0], now())
        self.call("delete", f"/relays/{relay['id']}")
        self.about["relay"] = str(self.copy.binding_id)

    def leaks(self) -> None:
        """Traces of leaks: a text for the platform, a picture for staff, one not looked at."""
        trace = self.call("post", "/traces", {"why": "群里看到", "text": f"……{self.copy.number}"}, form=True)
        leaks.follow(trace["id"], now)
        with default_storage.open(str(self.copy.pdf.name)) as file:
            page = pdfium.PdfDocument(io.BytesIO(file.read()))[0].render(scale=100 / 72).to_pil().convert("RGB")
        out = io.BytesIO()
        page.save(out, "JPEG", quality=60)
        asked = leaks.ask(leaks.Asked("论坛截图", file=out.getvalue()), self.seniors[0].as_reviewer(), now(), user=self.seniors[0])
        leaks.follow(asked.pk, now)
        leaks.ask(leaks.Asked("还没看", text="ZR"), self.seniors[0].as_reviewer(), now(), user=self.seniors[0])
        self.about["trace"] = trace["id"]

    def ladder(self) -> None:
        """A version of the ladder in force by two people, and one that is proposed."""
        data = ladders.as_data(ladders.in_force())
        first = ladders.propose(data | {"provisional_days": 21}, "更短", self.leads[0], now())
        ladders.settle(first.pk, self.leads[1], now(), activate=True)
        ladders.propose(data | {"provisional_days": 28}, "更长", self.leads[0], now())

    # --- A platform's test ------------------------------------------------------------------------

    def test_platform(self) -> None:
        _, key = accounts.create_api_client("测试平台", list(Scope), now(), test=True)
        code = testcodes.code_for(0)
        employer = self.call("post", "/employers", {"reference": "co-1", "name": "云溪市示例科技有限公司", "uscc": code}, key=key)["id"]
        body = {"reference": "hr-1", "email": f"hr.{secrets.token_hex(4)}@company.test", "role": "owner"}
        member = self.call("post", f"/employers/{employer}/members", body, key=key)["id"]
        self.call("put", f"/employers/{employer}/members/{member}/phone", {"phone": "13800000003"}, key=key)
        self.call("post", f"/test/employers/{employer}/hand-in", {"member_id": member}, key=key)
        self.call("post", "/test/clock", {"advance": "P1D"}, key=key)
        self.call("put", "/candidates/c-1", {"mode": "tell_after"}, key=key)
        row = Member.objects.select_related("user", "employer").get(pk=member)
        relay = self.call("post", "/relays", {"decision_id": self.decide("c-1", row, key)["id"], "candidate_phone": "13900000005"}, key=key)
        self.call("post", f"/test/relays/{relay['id']}/calls", {"seconds": 42}, key=key)
        self.about |= {"test_key": key, "test_employer": employer, "test_member": member}

    # --- What is left -----------------------------------------------------------------------------

    def tail(self) -> None:
        """A session, a mail that waits, rows of Django's own; and most landmarks go."""
        browser = Client()
        assert browser.login(username=self.approved.user.email, password=PASSWORD)
        self.about["session"] = browser.session.session_key
        queue_mail("later@example.com", "case_submit", "zh-hans", {"path": "/case/"}, now())
        LogEntry.objects.create(
            user=self.root, content_type=ContentType.objects.get_for_model(Group), object_id="1", object_repr="Reviewers",
            action_flag=CHANGE, change_message="",
        )  # fmt: skip
        self.reviewers[2].user_permissions.add(Permission.objects.get(codename="view_event"))
        PageLandmarks.objects.exclude(pk__in=list(PageLandmarks.objects.values_list("pk", flat=True)[:2])).delete()


if __name__ == "__main__":
    main()
