"""The steps of the demo's stories. Each performs one action with the real operations and reports
it.
"""

from __future__ import annotations

import csv
import os
import re
import time
import urllib.request
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from config.demo import record as demo_record
from config.demo.timeline import Timeline
from config.trying_out import kept_mail
from documents.specimens import Company, Specimen
from documents.upload.intake import open_upload
from employers.accounts import membership, registration
from employers.member_links.operations import link_member
from employers.models import Employer, Member, User
from events.core.reasons import REASONS
from resumes import specimens as resumes
from verification.cases import documents, operations, wording
from verification.models import Attempt, Case, CheckRun, DocumentKind
from verification.rules.findings import Finding, Severity
from verification.rules.states import State
from zizhi_client import Zizhi, ZizhiError
from zizhi_client.answers import ResumeRelease

PATIENCE = 120.0
"""Seconds to wait for the worker and the server before failing with a clear message."""
ANSWER: Final = 10.0
"""Seconds to wait for the gate, since the server has just started and the machine is busy reading
pictures.
"""
CANDIDATE: Final = "demo-candidate-1"
RELEASED: Final = "demo-candidate-2"
PHONE: Final = "13900000002"
"""The candidate's number for the relay simulator."""
NEWEST: Final = 20
"""The number of latest mails that are searched."""

MARKS = {
    Severity.PASS: "✓",
    Severity.NOTE: "·",
    Severity.WAIT: "…",
    Severity.UNABLE: "?",
    Severity.CONCERN: "✗",
    Severity.BLOCK: "✗",
}


class Steps:
    """The actions of an employer, its candidate, a recruitment site and a reviewer."""

    def __init__(
        self, timeline: Timeline, made: demo_record.Record, zizhi: Zizhi, at: str, seed: int
    ) -> None:
        self.line, self.made, self.zizhi, self.at, self.seed = timeline, made, zizhi, at, seed
        self.reviewer = User.objects.get(email=made["reviewer"])

    def new_company(self, status: str = "存续", *, abnormal: bool = False) -> Company:
        """Return a fictitious company that is in the register, perhaps on its list of abnormal
        operations, and not registered with us.
        """
        while True:
            self.seed += 1
            company = Company.fictitious(self.seed)
            if not Employer.objects.filter(uscc=company.uscc).exists():
                break
        import_record(company, status, abnormal=abnormal)
        return company

    def register(self, company: Company, declared: Company) -> Member:
        email = f"hr{self.seed}@{company.domain}"
        user = registration.open_account(
            email=email,
            password=self.made["password"],
            language="zh-hans" if self.line.language == "zh" else "en",
            links=registration.Links(settings.SITE_URL),
            now=timezone.now(),
        )
        self.line.say(f"注册账户：{email}", f"opens an account: {email}")
        token = wait_for(lambda: token_in_mail(email), TimeoutError("No mail with a link arrived"))
        user = registration.verify_email(
            token, user, settings.EMAIL_VERIFICATION_TIMEOUT, timezone.now()
        )
        self.line.say(
            "打开邮件中的链接，邮箱已验证", "opens the link in the email: address verified"
        )
        member, _ = registration.register_company(
            user,
            company=declared.name,
            uscc=declared.uscc,
            account_class="direct_employer",
            now=timezone.now(),
        )
        self.line.say(
            f"注册：{company.name} {company.uscc}", f"registers: {company.name} {company.uscc}"
        )
        link_member(member, self.zizhi.me().platform_id, timezone.now())
        self.line.say(
            "关联招聘平台，平台从此可以代为查询", "links the site, which may now ask for them"
        )
        return Member.objects.select_related("user", "employer").get(pk=member.pk)

    def upload(self, case: Case, member: Member, specimen: Specimen) -> str:
        started = time.monotonic()
        taken_in = open_upload(specimen.jpeg(), required=settings.SANDBOX_REQUIRED)
        document = documents.add_document(
            case.pk,
            DocumentKind.BUSINESS_LICENCE,
            taken_in,
            {"clean": None},
            member.user,
            member.as_actor(),
            timezone.now(),
        )
        seconds = time.monotonic() - started
        self.line.say(
            f"上传营业执照照片（{taken_in.size // 1024} KB，接收用时 {seconds:.2f} 秒）",
            f"uploads the licence photo ({taken_in.size // 1024} KB, accepted in {seconds:.2f} s)",
        )
        return str(document.pk)

    def submit_and_watch(self, case: Case, member: Member, *, each_check: bool = True) -> None:
        """Submit the case, print each check as the worker finishes it, then print the verdict."""
        attempt = operations.submit_case(case.pk, member.user, member.as_actor(), timezone.now())
        self.line.say("提交申请", "submits the case")
        shown: set[int] = set()
        deadline = time.monotonic() + PATIENCE
        while True:
            finished = Attempt.objects.get(pk=attempt.pk).finished_at
            for run in CheckRun.objects.filter(attempt=attempt).exclude(pk__in=shown):
                shown.add(run.pk)
                if each_check:
                    self.show_check(run)
            if finished:
                break
            if time.monotonic() > deadline:
                raise TimeoutError("The worker did not finish in time")
            time.sleep(0.05)
        self.show_verdict(Case.objects.get(pk=case.pk))

    def show_check(self, run: CheckRun) -> None:
        name = str(wording.CHECKS[run.code].employer)
        findings = sorted(run.as_findings(), key=lambda finding: -finding.severity)
        worst = findings[0].severity if findings else Severity.PASS
        self.line.say(
            f"{MARKS[worst]} {name}  {run.seconds:.2f} 秒",
            f"{MARKS[worst]} {name}  {run.seconds:.2f} s",
            1,
        )
        for finding in findings:
            told = describe_finding(finding, self.line.language)
            self.line.say(told, told, 2)

    def show_verdict(self, case: Case) -> None:
        decision = case.decisions.first()
        assert decision is not None
        state = {
            State.APPROVED: ("通过", "approved"),
            State.IN_REVIEW: ("转人工审核", "sent to a reviewer"),
            State.REJECTED: ("未通过", "not approved"),
            State.CHECKING: ("等待", "waiting"),
        }[State(case.state)]
        took = (
            (decision.decided_at - case.submitted_at).total_seconds() if case.submitted_at else 0.0
        )
        self.line.say(
            f"■ {state[0]}（提交后 {took:.1f} 秒，规则 {decision.policy_version}）",
            f"■ {state[1]} ({took:.1f} s after submission, policy {decision.policy_version})",
        )
        for reason in decision.reasons:
            self.line.reason(reason["code"], reason.get("seen", ""), reason.get("expected", ""))

    def ask_gate(self, member: Member) -> None:
        """Do what a site does before each download and, after a yes, before the first byte."""
        decision = self.zizhi.may_download(str(member.employer_id), str(member.pk), CANDIDATE)
        if not decision:
            self.line.say(
                f"招聘平台查询放行：不允许，信任等级 {decision.tier}",
                f"the site asks the gate: denied at tier {decision.tier}",
            )
            for reason in decision.reasons:
                self.line.say(reason.says.zh, reason.says.en, 1)
                self.line.fix(reason.fix, reason.takes)
            return
        duties = ", ".join(decision.obligations)
        self.line.say(
            f"招聘平台查询放行：允许，信任等级 {decision.tier}；要求：{duties}",
            f"the site asks the gate: allowed at tier {decision.tier}; obligations: {duties}",
        )
        self.spend(decision.gate_pass or "")

    def spend(self, gate_pass: str) -> None:
        """Spend the pass twice. The second attempt must be refused."""
        self.zizhi.spend_pass(gate_pass)
        self.line.say(
            "发出简历前使用通行证：有效，可以发出",
            "the site uses the pass before it sends the resume: valid",
            1,
        )
        try:
            self.zizhi.spend_pass(gate_pass)
        except ZizhiError as error:
            if error.code != "pass_spent":
                raise
            self.line.say(
                f"再次使用同一通行证：{error.says_zh}", f"the same pass again: {error.says}", 1
            )
        else:
            raise CommandError("A pass was accepted twice. This must never happen.")

    def release(self, member: Member) -> None:
        """Release a resume: from the site's file to the recruiter's copy and the
        candidate's page.
        """
        membership.give_phone(
            member, "13800000001", member.as_actor(), timezone.now(), vouched=True
        )
        self.zizhi.put_candidate(
            RELEASED,
            "tell_after",
            email="candidate@demo.example",
            language="zh-hans" if self.line.language == "zh" else "en",
        )
        decision = self.zizhi.may_download(str(member.employer_id), str(member.pk), RELEASED)
        resume = resumes.make_resume(
            self.seed, "table", "zh" if self.line.language == "zh" else "en"
        )
        begun = self.zizhi.release(decision.gate_pass or "", PHONE, resume.pdf)
        made = wait_for(
            lambda: self.ready(begun.id), TimeoutError("The copy was not made"), every=1.0
        )
        removed = ", ".join(f"{kind.kind} × {kind.count}" for kind in made.removed)
        self.line.say(
            f"简历副本 {made.number} 已制作：已遮盖 {removed}；改用虚拟号码"
            f" {made.relay.number}；已加水印",
            f"copy {made.number} of the resume is ready: removed {removed}; relay number"
            f" {made.relay.number} added; watermarked",
        )
        path = urlsplit(self.zizhi.link_release(made.id).url).path
        with urllib.request.urlopen(self.at + path, timeout=ANSWER) as answer:  # noqa: S310  (our own web process)
            pdf = answer.read()
        copy = settings.VAR_DIR / "demo-copy.pdf"
        copy.write_bytes(pdf)
        self.line.say(
            f"通过一次性链接取得：{copy}", f"downloaded through a single-use link: {copy}", 1
        )
        ledger = self.zizhi.ledger_link(RELEASED).url
        self.line.say(
            "求职者已收到告知，可在专属页面查看和撤回：",
            "we notify the candidate, who can withdraw consent on their page:",
            1,
        )
        self.line.say(ledger, ledger, 1)

    def ready(self, release_id: str) -> ResumeRelease | None:
        found = self.zizhi.read_release(release_id)
        if found.state == "failed":
            raise CommandError(
                f"The copy could not be made: {', '.join(reason.code for reason in found.reasons)}"
            )
        return found if found.state == "ready" else None


def describe_finding(finding: Finding, language: str) -> str:
    """Return a finding in one line, in the words of the employer's page."""
    reason, found = REASONS.get(finding.code), wording.FOUND.get(finding.code)
    says = reason.says.in_(language) if reason else str(found.employer if found else finding.code)
    field = f" [{wording.FIELDS['qr']}]" if finding.field == "qr" else ""
    seen, expected = (
        str(wording.SEEN.get(value, value)) for value in (finding.seen, finding.expected)
    )
    return (
        f"{says}{field}"
        + (f": {seen}" if seen else "")
        + (f" ≠ {expected}" if expected and finding.severity > Severity.NOTE else "")
    )


def import_record(company: Company, status: str, *, abnormal: bool) -> None:
    """Add the company to the register snapshot, with the command that deployments use."""
    path = settings.VAR_DIR / "demo-registry.csv"
    row = {
        "uscc": company.uscc,
        "name": company.name,
        "legal_representative": company.legal_representative,
        "status": status,
        "established_on": company.established_on.isoformat(),
        "email_domain": company.domain,
        "abnormal_list": str(int(abnormal)),
        "serious_violation_list": "0",
        "as_of": timezone.localdate().isoformat(),
    }
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(row))
        table.writeheader()
        table.writerow(row)
    with Path(os.devnull).open("w") as nowhere:
        call_command("import_registry", str(path), stdout=nowhere, stderr=nowhere)


def token_in_mail(to: str) -> str | None:
    """Return the token of the verification link in the newest mail to `to`, or None if none was
    sent.
    """
    for key in kept_mail.mail_keys(settings.MAILS_DIR)[:NEWEST]:
        mail = kept_mail.read_mail(key, settings.MAILS_DIR)
        if (
            mail
            and mail.to == to
            and (found := re.search(r"/verify[^\s/]*/([^\s/]+:[^\s/]+)", mail.text))
        ):
            return found[1]
    return None


def wait_for(find: Any, complaint: Exception, every: float = 0.05) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (found := find()) is not None:
            return found
        time.sleep(every)
    raise complaint
