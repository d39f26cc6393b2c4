"""What happens to an employer, from registration to a download? Three of them, live, by the real operations.

Three more are left in the reviewers' queue, to be decided by whoever tries the console. The licences are fictitious and
drawn here; the mails, the worker, the reading of the pictures and the gate are the real ones. The gate is asked as a recruitment
site asks it: by the client package, with a key, over HTTP. Every run makes new companies.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import secrets
import socket
import time
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from config import processes
from documents.specimens import Company, Specimen, make
from documents.upload.intake import Limits, examine
from employers.accounts import operations as accounts
from employers.models import ApiKey, Employer, Member, Scope, User
from events.core.reasons import REASONS, Text
from resumes import specimens as resumes
from verification.cases import operations, turnaround, wording
from verification.models import Attempt, Case, CheckRun, DocumentKind, GoldenKind
from verification.quality import golden_specimens
from verification.reviewing import claims
from verification.rules.findings import Finding, Severity
from verification.rules.states import State
from zizhi_client import Unavailable, Zizhi, ZizhiError
from zizhi_client.answers import ResumeRelease, Words

SIGN_IN = "demo-sign-in.json"
PATIENCE = 120.0
"""Seconds to wait for the worker and the server before giving up with a clear word."""
ANSWER: Final = 10.0
"""Seconds for an answer of the gate, by a server that has just started, on a machine that reads pictures meanwhile."""
CANDIDATE: Final = "demo-candidate-1"
RELEASED: Final = "demo-candidate-2"
RING: Final = "13900000002"
"""Of the candidate, for the simulated relay."""

MARKS = {Severity.PASS: "✓", Severity.NOTE: "·", Severity.WAIT: "…", Severity.UNABLE: "?", Severity.CONCERN: "✗", Severity.BLOCK: "✗"}


@dataclass
class Timeline:
    """Prints what happens as it happens, with the seconds since the start."""

    language: str
    begun: float

    def say(self, zh: str, en: str, indent: int = 0) -> None:
        text = Text(zh, en).in_(self.language)
        print(f"{time.monotonic() - self.begun:7.1f} s  {'   ' * indent}{text}", flush=True)

    def head(self, zh: str, en: str) -> None:
        print(f"\n── {Text(zh, en).in_(self.language)}", flush=True)

    def reason(self, code: str, seen: str = "", expected: str = "", indent: int = 1) -> None:
        reason = REASONS[code]
        detail_zh = f"（看到 {seen}，应为 {expected}）" if seen and expected else ""
        detail_en = f" (seen {seen}, expected {expected})" if seen and expected else ""
        self.say(f"{reason.says.zh}{detail_zh}", f"{reason.says.en}{detail_en}", indent)
        takes = turnaround.told(reason.takes)
        self.fix(reason.fix, takes, indent)

    def fix(self, how: Text | Words, takes: Text | Words, indent: int = 1) -> None:
        self.say(f"→ {how.zh}（{takes.zh}）", f"→ {how.en} ({takes.en})", indent)


class Command(BaseCommand):
    help = "Show three employers on their way: let through, held until its papers are mended, refused. Leave three more to the reviewers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do nothing where the demo was shown before")
        parser.add_argument("--language", choices=["zh", "en"], help="language of the timeline (default: the terminal's)")

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.VAR_DIR / SIGN_IN
        if options["once"] and path.exists():
            return
        spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        language = options["language"] or ("zh" if spoken.startswith("zh") else "en")
        sign_in = load_sign_in(path)
        with translation.override("zh-hans" if language == "zh" else "en"), worker(), platform(sign_in["api_key"]) as (zizhi, at):
            demo = Demo(Timeline(language, time.monotonic()), sign_in, zizhi, at, Employer.objects.count() * 7 + 1)
            employer = demo.honest_employer()
            demo.wrong_licence()
            demo.revoked_company()
            demo.left_in_the_queue()
            demo.golden_cases()
        if "employer" not in sign_in:
            ids = {"employer_id": str(employer.employer_id), "member_id": str(employer.pk)}
            save_sign_in(path, sign_in | {"employer": employer.user.email} | ids)


def load_sign_in(path: Path) -> dict[str, str]:
    """The demo's reviewer, password and API key: those of the first run, or new ones made now. Raises CommandError."""
    if path.exists():
        made: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        if ApiKey.objects.by_key(made["api_key"], timezone.now()) and User.objects.filter(email=made["reviewer"]).exists():
            return made
        raise CommandError(f"{path} belongs to another database. Remove it to make new sign-ins.")
    password = secrets.token_urlsafe(9)
    reviewer = f"reviewer-{secrets.token_hex(2)}@zizhi.example"
    User.objects.create_superuser(reviewer, password, email_verified_at=timezone.now())
    _, key = accounts.create_api_client("Demo platform", [Scope.GATE_DECIDE, Scope.EMPLOYERS_READ], timezone.now())
    return {"reviewer": reviewer, "password": password, "api_key": key}


def save_sign_in(path: Path, made: dict[str, str]) -> None:
    """Keep the sign-ins for the next start, readable by nobody else."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(made, file)


@contextlib.contextmanager
def worker() -> Iterator[None]:
    """A real Celery worker of our own, whose mails go to files so that the demo can open their links."""
    log = settings.VAR_DIR / "demo-worker.log"
    log.unlink(missing_ok=True)
    with processes.running(processes.worker(1), log, ZIZHI_EMAIL_URL="filemail://"):
        try:
            yield
        except TimeoutError as error:
            raise CommandError(f"{error}. The worker's log: {log}") from error


@contextlib.contextmanager
def platform(key: str) -> Iterator[tuple[Zizhi, str]]:
    """A recruitment site's program: our client, and a web process of our own that answers it, on a port that is free."""
    log = settings.VAR_DIR / "demo-web.log"
    log.unlink(missing_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    at = f"http://127.0.0.1:{port}"
    # As it stands on this machine, also where a deployment's pages are behind its proxy.
    alone = {"ZIZHI_HTTPS": "0", "ZIZHI_ALLOWED_HOSTS": "127.0.0.1"}
    with processes.running(processes.web("127.0.0.1", port), log, **alone), Zizhi(key, at, gate_timeout=ANSWER, retries=0) as zizhi:
        try:
            wait_for(lambda: is_there(zizhi) or None, Unavailable("The web process does not answer"))
            yield zizhi, at
        except ZizhiError as error:
            raise CommandError(f"{error}. The web process's log: {log}") from error


def is_there(zizhi: Zizhi) -> bool:
    """Whether the server has started."""
    try:
        zizhi.me()
    except Unavailable:
        return False
    return True


class Demo:
    """The stories. Each method is one employer's, but for the last two, which are for whoever tries the console."""

    def __init__(self, timeline: Timeline, sign_in: dict[str, str], zizhi: Zizhi, at: str, seed: int) -> None:
        self.line, self.sign_in, self.zizhi, self.at, self.seed = timeline, sign_in, zizhi, at, seed
        self.reviewer = User.objects.get(email=sign_in["reviewer"])

    # --- The stories -------------------------------------------------------------------------------------

    def honest_employer(self) -> Member:
        company = self.new_company()
        self.line.head(f"一、{company.name}：材料齐全", f"1. {company.name}: everything in order")
        member = self.register(company, company)
        self.ask_gate(member)
        case = operations.open_case(member.employer, member.as_actor(), timezone.now())
        self.upload(case, member, make(self.seed, form="landscape", damage="light", company=company))
        self.submit_and_watch(case, member)
        self.ask_gate(member)
        self.release(member)
        return member

    def wrong_licence(self) -> None:
        company, other = self.new_company(), self.new_company()
        self.line.head(f"二、{company.name}：上传了另一家公司的执照", f"2. {company.name}: uploads another company's licence")
        member = self.register(company, company)
        case = operations.open_case(member.employer, member.as_actor(), timezone.now())
        wrong = self.upload(case, member, make(self.seed, form="portrait", damage="light", company=other))
        self.submit_and_watch(case, member)
        self.ask_gate(member)
        claims.claim(case.pk, self.reviewer, timezone.now())
        self.line.say("审核员领取了申请", "a reviewer claims the case")
        operations.request_changes(
            case.pk,
            self.reviewer,
            timezone.now(),
            ["uscc_mismatch", "name_mismatch"],
            note="请上传贵公司自己的营业执照。Please upload your own company's licence.",
        )
        self.line.say("审核员要求补正：", "the reviewer requests changes:")
        for code in ("uscc_mismatch", "name_mismatch"):
            self.line.reason(code)
        operations.remove_document(UUID(wrong), member.as_actor(), timezone.now())
        self.upload(case, member, make(self.seed + 1, form="portrait", damage="light", company=company))
        self.submit_and_watch(case, member)
        if Case.objects.get(pk=case.pk).state == State.IN_REVIEW:
            claims.claim(case.pk, self.reviewer, timezone.now())
            operations.approve(case.pk, self.reviewer, timezone.now())
            self.line.say("审核员核对后通过", "the reviewer looks at it and approves")
        self.ask_gate(member)

    def revoked_company(self) -> None:
        company = self.new_company(status="吊销")
        self.line.head(f"三、{company.name}：登记已被吊销", f"3. {company.name}: its registration is revoked")
        member = self.register(company, company)
        case = operations.open_case(member.employer, member.as_actor(), timezone.now())
        self.upload(case, member, make(self.seed, form="landscape", damage="light", company=company))
        self.submit_and_watch(case, member)
        self.ask_gate(member)

    def left_in_the_queue(self) -> None:
        """Another company's licence, a code edited in the picture, and a company that the register lists as abnormal."""
        self.line.head("四、三份申请留给您在审核台处理", "4. Three that are left for you to decide in the console")
        others, edited, listed = self.new_company(), self.new_company(), self.new_company(abnormal=True)
        shown = {
            others: make(self.seed, form="landscape", damage="phone", company=self.new_company()),
            edited: make(self.seed, form="portrait", damage="phone+forged_digit", company=edited),
            listed: make(self.seed, form="landscape", damage="light", company=listed),
        }
        for company, specimen in shown.items():
            member = self.register(company, company)
            case = operations.open_case(member.employer, member.as_actor(), timezone.now())
            self.upload(case, member, specimen)
            self.submit_and_watch(case, member, each_check=False)

    def golden_cases(self) -> None:
        """Of two kinds: enough to see what they are. Whoever may read their answers is given none."""
        self.line.head("五、标准题：用来检验审核质量", "5. Golden cases, by which it is seen how well cases are decided")
        for number, kind in enumerate((GoldenKind.HONEST, GoldenKind.NAME)):
            made = golden_specimens.made(kind, self.seed + 1000 + number, timezone.now())
            right = {"approve": ("通过", "approve"), "reject": ("拒绝", "reject")}[made.right_verb]
            self.line.say(f"{made.name}：正确的决定是{right[0]}", f"{made.name}: the right decision is to {right[1]}")
        self.line.say(f"数据见 {settings.SITE_URL}/console/quality/", f"Their figures: {settings.SITE_URL}/console/quality/")

    # --- The steps ---------------------------------------------------------------------------------------

    def new_company(self, status: str = "存续", *, abnormal: bool = False) -> Company:
        """A fictitious company that is in the register, there perhaps on the list of abnormal ones, and not yet with us."""
        while True:
            self.seed += 1
            company = Company.fictitious(self.seed)
            if not Employer.objects.filter(uscc=company.uscc).exists():
                break
        import_record(company, status, abnormal=abnormal)
        return company

    def register(self, company: Company, declared: Company) -> Member:
        email = f"hr{self.seed}@{company.domain}"
        member = accounts.register(
            email=email, password=self.sign_in["password"], company=declared.name, uscc=declared.uscc,
            account_class="direct_employer", language="zh-hans" if self.line.language == "zh" else "en",
            links=accounts.Links(settings.SITE_URL), now=timezone.now(),
        )  # fmt: skip
        self.line.say(f"注册：{company.name} {company.uscc}", f"registered: {company.name} {company.uscc}")
        token = wait_for(lambda: token_in_mail(email), TimeoutError("No mail with a link arrived"))
        accounts.verify_email(token, member.user, settings.EMAIL_VERIFICATION_TIMEOUT, timezone.now())
        self.line.say("打开邮件中的链接，邮箱已验证", "the link in the mail was opened: address verified")
        return Member.objects.select_related("user", "employer").get(pk=member.pk)

    def upload(self, case: Case, member: Member, specimen: Specimen) -> str:
        started = time.monotonic()
        taken_in = examine(specimen.jpeg(), Limits())
        document = operations.add_document(
            case.pk, DocumentKind.BUSINESS_LICENCE, taken_in, {"clean": None}, member.user, member.as_actor(), timezone.now()
        )
        seconds = time.monotonic() - started
        self.line.say(
            f"上传营业执照照片（{taken_in.size // 1024} KB，接收 {seconds:.2f} 秒）",
            f"licence photo uploaded ({taken_in.size // 1024} KB, taken in within {seconds:.2f} s)",
        )
        return str(document.pk)

    def submit_and_watch(self, case: Case, member: Member, *, each_check: bool = True) -> None:
        """Hand the case in, and print each check as the worker finishes it, then the verdict."""
        attempt = operations.submit(case.pk, member.user, member.as_actor(), timezone.now())
        self.line.say("提交", "submitted")
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
        name = str(wording.CHECKS[run.code])
        findings = sorted(run.as_findings(), key=lambda finding: -finding.severity)
        worst = findings[0].severity if findings else Severity.PASS
        self.line.say(f"{MARKS[worst]} {name}  {run.seconds:.2f} 秒", f"{MARKS[worst]} {name}  {run.seconds:.2f} s", 1)
        for finding in findings:
            told = describe(finding, self.line.language)
            self.line.say(told, told, 2)

    def show_verdict(self, case: Case) -> None:
        decision = case.decisions.first()
        assert decision is not None
        state = {
            State.APPROVED: ("通过", "approved"),
            State.IN_REVIEW: ("转人工审核", "held for review"),
            State.REJECTED: ("未通过", "rejected"),
            State.CHECKING: ("等待", "waiting"),
        }[State(case.state)]
        took = (decision.decided_at - case.submitted_at).total_seconds() if case.submitted_at else 0.0
        self.line.say(
            f"■ {state[0]}（提交后 {took:.1f} 秒，规则 {decision.policy_version}）",
            f"■ {state[1]} ({took:.1f} s after submission, policy {decision.policy_version})",
        )
        for reason in decision.reasons:
            self.line.reason(reason["code"], reason.get("seen", ""), reason.get("expected", ""))

    def ask_gate(self, member: Member) -> None:
        """What a site does before each download; and after a yes, before the first byte."""
        decision = self.zizhi.may_download(str(member.employer_id), str(member.pk), CANDIDATE)
        if not decision:
            self.line.say(f"招聘网站询问放行：不允许，等级 {decision.tier}", f"the site asks the gate: denied at tier {decision.tier}")
            for reason in decision.reasons:
                self.line.say(reason.says.zh, reason.says.en, 1)
                self.line.fix(reason.fix, reason.takes)
            return
        duties = ", ".join(decision.obligations)
        self.line.say(
            f"招聘网站询问放行：允许，等级 {decision.tier}；义务：{duties}",
            f"the site asks the gate: allowed at tier {decision.tier}; obligations: {duties}",
        )
        self.spend(decision.gate_pass or "")

    def spend(self, gate_pass: str) -> None:
        """The pass that came with a yes, twice: it is good once."""
        self.zizhi.spend_pass(gate_pass)
        self.line.say("简历发出前使用通行证：有效，可以发出", "the pass is spent before the resume leaves: good, it may leave", 1)
        try:
            self.zizhi.spend_pass(gate_pass)
        except ZizhiError as error:
            if error.code != "pass_spent":
                raise
            self.line.say(f"同一通行证再用一次：{error.says_zh}", f"the same pass once more: {error.says}", 1)
        else:
            raise CommandError("A pass was honoured twice, which must never be.")

    def release(self, member: Member) -> None:
        """A resume leaves: from the file as the site has it to the copy that the recruiter opens, and to what its candidate sees of it."""
        accounts.give_phone(member, "13800000001", member.as_actor(), timezone.now())
        self.zizhi.put_candidate(
            RELEASED, "tell_after", email="candidate@demo.example", language="zh-hans" if self.line.language == "zh" else "en"
        )
        decision = self.zizhi.may_download(str(member.employer_id), str(member.pk), RELEASED)
        resume = resumes.make(self.seed, "table", "zh" if self.line.language == "zh" else "en")
        begun = self.zizhi.release(decision.gate_pass or "", RING, resume.pdf)
        made = wait_for(lambda: self.ready(begun.id), TimeoutError("The copy was not made"))
        removed = ", ".join(f"{kind.kind} × {kind.count}" for kind in made.removed)
        self.line.say(
            f"简历副本 {made.number} 已制作：已遮盖 {removed}；换上虚拟号码 {made.relay.number}；已加水印",
            f"copy {made.number} of a resume is made: taken out {removed}; relay number {made.relay.number} in their place; marked",
        )
        path = urlsplit(self.zizhi.link_release(made.id).url).path
        with urllib.request.urlopen(self.at + path, timeout=ANSWER) as answer:  # noqa: S310  (our own web process)
            pdf = answer.read()
        copy = settings.VAR_DIR / "demo-copy.pdf"
        copy.write_bytes(pdf)
        self.line.say(f"经一次性链接取出：{copy}", f"fetched by a link that opens once: {copy}", 1)
        ledger = self.zizhi.ledger_link(RELEASED).url
        self.line.say("求职者已收到告知，可在自己的页面查看与撤回：", "the candidate is told, and can stop it on a page of their own:", 1)
        self.line.say(ledger, ledger, 1)

    def ready(self, release_id: str) -> ResumeRelease | None:
        found = self.zizhi.read_release(release_id)
        if found.state == "failed":
            raise CommandError(f"The copy could not be made: {', '.join(reason.code for reason in found.reasons)}")
        return found if found.state == "ready" else None


def describe(finding: Finding, language: str) -> str:
    """A finding in one line, as the employer's page words it."""
    reason = REASONS.get(finding.code)
    says = reason.says.in_(language) if reason else str(wording.FOUND.get(finding.code, finding.code))
    field = f" [{wording.FIELDS['qr']}]" if finding.field == "qr" else ""
    seen, expected = (str(wording.SEEN.get(value, value)) for value in (finding.seen, finding.expected))
    return f"{says}{field}" + (f": {seen}" if seen else "") + (f" ≠ {expected}" if expected and finding.severity > Severity.NOTE else "")


def import_record(company: Company, status: str, *, abnormal: bool) -> None:
    """Put the company into the register snapshot, by the command that a deployment uses."""
    path = settings.VAR_DIR / "demo-registry.csv"
    row = {
        "uscc": company.uscc, "name": company.name, "legal_representative": company.legal_representative, "status": status,
        "established_on": company.established_on.isoformat(), "email_domain": company.domain, "abnormal_list": str(int(abnormal)),
        "serious_violation_list": "0", "as_of": timezone.localdate().isoformat(),
    }  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(row))
        table.writeheader()
        table.writerow(row)
    with Path(os.devnull).open("w") as nowhere:
        call_command("import_registry", str(path), stdout=nowhere, stderr=nowhere)


def token_in_mail(to: str) -> str | None:
    """The token of the verification link in the newest mail to `to`, once the worker has sent one."""
    for path in sorted(settings.EMAIL_FILE_PATH.glob("*.log"), reverse=True):
        text = path.read_text(encoding="utf-8")
        if to in text and (found := re.search(r"/verify[^\s/]*/([^\s/]+:[^\s/]+)", text.replace("=\n", ""))):
            return found[1]
    return None


def wait_for(look: Any, complaint: Exception) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.05)
    raise complaint
