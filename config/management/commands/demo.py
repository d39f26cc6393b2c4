"""The demo: three employers on their way from registration to a download, live, by the real
operations.

Three more are left in the reviewers' queue, to be decided by whoever tries the console. The
licences are fictitious and drawn here; the mails, the worker, the reading of the pictures and the
gate are the real ones. The gate is asked as a recruitment site asks it: by the client package, with
a key, over HTTP. Every run makes new companies. Beside the running service, as `serve` starts it,
it makes only what is missing.
"""

from __future__ import annotations

import contextlib
import csv
import os
import re
import socket
import time
import traceback
import urllib.request
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from config import demo_record, kept_mail, processes
from config.demo_timeline import Timeline
from documents.specimens import Company, Specimen, make
from documents.upload.intake import Limits, examine
from employers.accounts import membership, registration
from employers.models import Employer, Member, User
from events.core.reasons import REASONS, Text
from resumes import specimens as resumes
from verification.cases import documents, operations, wording
from verification.models import Attempt, Case, CheckRun, DocumentKind, GoldenKind
from verification.quality import golden_specimens
from verification.reviewing import claims
from verification.rules.findings import Finding, Severity
from verification.rules.states import State
from zizhi_client import Unavailable, Zizhi, ZizhiError
from zizhi_client.answers import ResumeRelease

PATIENCE = 120.0
"""Seconds to wait for the worker and the server before giving up with a clear word."""
ANSWER: Final = 10.0
"""Seconds for an answer of the gate, by a server that has just started, on a machine that reads
pictures meanwhile.
"""
CANDIDATE: Final = "demo-candidate-1"
RELEASED: Final = "demo-candidate-2"
RING: Final = "13900000002"
"""Of the candidate, for the simulated relay."""
NEWEST: Final = 20
"""So many mails are looked through for one that has just been sent."""
LOG: Final = "demo.log"
"""What went wrong with steps that failed."""
NICENESS: Final = 5
"""The demo waits for the pages beside which it is made, and not they for it."""

MARKS = {
    Severity.PASS: "✓",
    Severity.NOTE: "·",
    Severity.WAIT: "…",
    Severity.UNABLE: "?",
    Severity.CONCERN: "✗",
    Severity.BLOCK: "✗",
}


class Command(BaseCommand):
    help = (
        "Show three employers on their way: let through, held until its papers are mended, refused."
        " Leave three more to the reviewers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--served",
            metavar="URL",
            help=(
                "make only what is missing, by the worker and the pages that run there; one line a"
                " step"
            ),
        )
        parser.add_argument(
            "--language",
            choices=["zh", "en"],
            help="language of the timeline (default: the terminal's)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if urlsplit(settings.SITE_URL).hostname not in settings.LOCAL_HOSTS:
            raise CommandError(
                "The demo makes fictitious employers with real rights. It may not run at"
                f" ZIZHI_SITE_URL {settings.SITE_URL}."
            )
        served, path = options["served"], settings.VAR_DIR / demo_record.SIGN_IN
        spoken = (
            os.environ.get("LC_ALL")
            or os.environ.get("LC_MESSAGES")
            or os.environ.get("LANG")
            or ""
        )
        language = options["language"] or ("zh" if spoken.startswith("zh") else "en")
        made = demo_record.load(path)
        steps = demo_record.missing(made) if served else list(demo_record.STEPS)
        with (
            translation.override("zh-hans" if language == "zh" else "en"),
            contextlib.ExitStack() as stack,
        ):
            if served:
                os.nice(NICENESS)
            else:
                stack.enter_context(worker())
            zizhi, at = stack.enter_context(
                client(made["api_key"], served) if served else platform(made["api_key"])
            )
            line = Timeline(language, time.monotonic(), is_brief=bool(served))
            failed = Demo(line, made, zizhi, at, Employer.objects.count() * 7 + 1).show(steps, path)
        if failed:
            raise SystemExit(1)


@contextlib.contextmanager
def worker() -> Iterator[None]:
    """A real Celery worker of our own, which keeps its mails so that the demo can open their
    links.
    """
    log = settings.VAR_DIR / "demo-worker.log"
    log.unlink(missing_ok=True)
    with processes.running(processes.worker(1), log, ZIZHI_EMAIL_URL="keptmail://"):
        try:
            yield
        except TimeoutError as error:
            raise CommandError(f"{error}. The worker's log: {log}") from error


@contextlib.contextmanager
def platform(key: str) -> Iterator[tuple[Zizhi, str]]:
    """A recruitment site's program: our client, and a web process of our own that answers it, on a
    port that is free.
    """
    log = settings.VAR_DIR / "demo-web.log"
    log.unlink(missing_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    at = f"http://127.0.0.1:{port}"
    # As it stands on this machine, also where a deployment's pages are behind its proxy.
    alone = {"ZIZHI_HTTPS": "0", "ZIZHI_ALLOWED_HOSTS": "127.0.0.1"}
    with (
        processes.running(processes.web("127.0.0.1", port), log, **alone),
        client(key, at, f" The web process's log: {log}") as answering,
    ):
        yield answering


@contextlib.contextmanager
def client(key: str, at: str, where_to_look: str = "") -> Iterator[tuple[Zizhi, str]]:
    """A recruitment site's program that asks the pages at `at`, as soon as they answer.

    Raises CommandError.
    """
    with Zizhi(key, at, gate_timeout=ANSWER, retries=0) as zizhi:
        try:
            wait_for(
                lambda: is_there(zizhi) or None, Unavailable("The web process does not answer")
            )
            yield zizhi, at
        except ZizhiError as error:
            raise CommandError(f"{error}.{where_to_look}") from error


def is_there(zizhi: Zizhi) -> bool:
    """Whether the server has started."""
    try:
        zizhi.me()
    except Unavailable:
        return False
    return True


class Demo:
    """The stories.

    Each method that `demo_record.STEPS` names is one of them, and tells in a line what it has made.
    """

    def __init__(
        self, timeline: Timeline, made: demo_record.Record, zizhi: Zizhi, at: str, seed: int
    ) -> None:
        self.line, self.made, self.zizhi, self.at, self.seed = timeline, made, zizhi, at, seed
        self.reviewer = User.objects.get(email=made["reviewer"])

    def show(self, steps: list[str], path: Path) -> int:
        """Make these steps, noting each in the record at `path`; how many failed, which in a brief
        timeline ends no other.
        """
        begun, failed, many = time.monotonic(), 0, len(steps)
        if self.line.is_brief:
            self.line.line(
                f"正在后台准备 {many} 个示例，大约需要一两分钟，页面现在就可以使用",
                f"making {many} examples in the background, in a minute or two; the pages can be"
                " used meanwhile",
            )
        for number, step in enumerate(steps, 1):
            started = time.monotonic()
            try:
                story: Callable[[], Text] = getattr(self, step)
                told = story()
            except Exception as error:
                if not self.line.is_brief:
                    raise
                failed += 1
                with (settings.VAR_DIR / LOG).open("a", encoding="utf-8") as log:
                    traceback.print_exc(file=log)
                why = str(error) or type(error).__name__
                self.line.line(
                    f"{number}/{many} 失败（{step}）：{why}",
                    f"{number}/{many} failed ({step}): {why}",
                )
                continue
            self.made["made"] = list(
                dict.fromkeys([*self.made.get("made", demo_record.STEPS), step])
            )
            demo_record.save(path, self.made)
            if self.line.is_brief:
                took = time.monotonic() - started
                self.line.line(
                    f"{number}/{many} {told.zh}（{took:.0f} 秒）",
                    f"{number}/{many} {told.en} ({took:.0f} s)",
                )
        if self.line.is_brief:
            self._conclude(failed, many, time.monotonic() - begun)
        return failed

    def _conclude(self, failed: int, many: int, took: float) -> None:
        if failed:
            log = settings.VAR_DIR / LOG
            self.line.line(
                f"{many} 个示例中有 {failed} 个失败，原因见 {log}",
                f"{failed} of {many} failed; what went wrong is in {log}",
            )
            return
        self.line.line(
            f"示例已全部准备好，用时 {took:.0f} 秒", f"all examples are made, in {took:.0f} s"
        )
        if "employer_id" in self.made:
            ask = demo_record.question(self.made, settings.SITE_URL)
            self.line.line(f"询问放行接口：{ask}", f"ask the gate: {ask}")

    # --- The stories ------------------------------------------------------------------------------

    def honest_employer(self) -> Text:
        company = self.new_company()
        self.line.head(f"一、{company.name}：材料齐全", f"1. {company.name}: everything in order")
        member = self.register(company, company)
        self.ask_gate(member)
        case = operations.open_case(member.employer, member.as_actor(), timezone.now())
        self.upload(
            case, member, make(self.seed, form="landscape", damage="light", company=company)
        )
        self.submit_and_watch(case, member)
        self.ask_gate(member)
        self.release(member)
        email, password = member.user.email, self.made["password"]
        if "employer" not in self.made:
            self.made |= {
                "employer": email,
                "employer_id": str(member.employer_id),
                "member_id": str(member.pk),
            }
        return Text(
            f"{company.name}：审核通过，已获得一份简历；登录 {email}，密码 {password}",
            f"{company.name}: approved, and has a resume; sign in as {email}, password {password}",
        )

    def wrong_licence(self) -> Text:
        company, other = self.new_company(), self.new_company()
        self.line.head(
            f"二、{company.name}：上传了另一家公司的执照",
            f"2. {company.name}: uploads another company's licence",
        )
        member = self.register(company, company)
        case = operations.open_case(member.employer, member.as_actor(), timezone.now())
        wrong = self.upload(
            case, member, make(self.seed, form="portrait", damage="light", company=other)
        )
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
        documents.remove_document(UUID(wrong), member.as_actor(), timezone.now())
        self.upload(
            case, member, make(self.seed + 1, form="portrait", damage="light", company=company)
        )
        self.submit_and_watch(case, member)
        if Case.objects.get(pk=case.pk).state == State.IN_REVIEW:
            claims.claim(case.pk, self.reviewer, timezone.now())
            operations.approve(case.pk, self.reviewer, timezone.now())
            self.line.say("审核员核对后通过", "the reviewer looks at it and approves")
        self.ask_gate(member)
        return Text(
            f"{company.name}：上传了别家的执照，补正后通过；登录 {member.user.email}，密码相同",
            f"{company.name}: uploaded another company's licence, mended it, approved; sign in as"
            f" {member.user.email}, same password",
        )

    def revoked_company(self) -> Text:
        company = self.new_company(status="吊销")
        self.line.head(
            f"三、{company.name}：登记已被吊销", f"3. {company.name}: its registration is revoked"
        )
        member = self.register(company, company)
        case = operations.open_case(member.employer, member.as_actor(), timezone.now())
        self.upload(
            case, member, make(self.seed, form="landscape", damage="light", company=company)
        )
        self.submit_and_watch(case, member)
        self.ask_gate(member)
        return Text(
            f"{company.name}：登记已被吊销，未通过；登录 {member.user.email}，密码相同",
            f"{company.name}: refused, its registration is revoked; sign in as {member.user.email},"
            " same password",
        )

    def queue_other_licence(self) -> Text:
        self.line.head(
            "四、三份申请留给您在审核台处理",
            "4. Three that are left for you to decide in the console",
        )
        company, other = self.new_company(), self.new_company()
        specimen = make(self.seed, form="landscape", damage="phone", company=other)
        return self.left_in_the_queue(
            company, specimen, Text("执照是另一家公司的", "its licence is another company's")
        )

    def queue_edited_code(self) -> Text:
        company = self.new_company()
        specimen = make(self.seed, form="portrait", damage="phone+forged_digit", company=company)
        return self.left_in_the_queue(
            company, specimen, Text("照片中的代码被改过", "a code was edited in the picture")
        )

    def queue_listed_company(self) -> Text:
        company = self.new_company(abnormal=True)
        specimen = make(self.seed, form="landscape", damage="light", company=company)
        return self.left_in_the_queue(
            company, specimen, Text("被列入经营异常名录", "the register lists it as abnormal")
        )

    def left_in_the_queue(self, company: Company, specimen: Specimen, why: Text) -> Text:
        """A case that waits for whoever tries the console."""
        member = self.register(company, company)
        case = operations.open_case(member.employer, member.as_actor(), timezone.now())
        self.upload(case, member, specimen)
        self.submit_and_watch(case, member, each_check=False)
        console = f"{settings.SITE_URL}/console/"
        return Text(
            f"{company.name}：等待你审核（{why.zh}）；{console}",
            f"{company.name}: waits for your decision, since {why.en}; {console}",
        )

    def golden_honest(self) -> Text:
        self.line.head(
            "五、标准题：用来检验审核质量",
            "5. Golden cases, by which it is seen how well cases are decided",
        )
        return self.golden(GoldenKind.HONEST, 1000)

    def golden_name(self) -> Text:
        told = self.golden(GoldenKind.NAME, 1001)
        self.line.say(
            f"数据见 {settings.SITE_URL}/console/quality/",
            f"Their figures: {settings.SITE_URL}/console/quality/",
        )
        return told

    def golden(self, kind: GoldenKind, after: int) -> Text:
        """Two kinds are enough to see what golden cases are.

        Whoever may read their answers is given none.
        """
        made = golden_specimens.made(kind, self.seed + after, timezone.now())
        right = {"approve": ("通过", "approve"), "reject": ("拒绝", "reject")}[made.right_verb]
        self.line.say(
            f"{made.name}：正确的决定是{right[0]}",
            f"{made.name}: the right decision is to {right[1]}",
        )
        figures = f"{settings.SITE_URL}/console/quality/"
        return Text(
            f"标准题“{made.name}”：正确的决定是{right[0]}；数据见 {figures}",
            f"golden case {made.name}: the right decision is to {right[1]}; figures at {figures}",
        )

    # --- The steps --------------------------------------------------------------------------------

    def new_company(self, status: str = "存续", *, abnormal: bool = False) -> Company:
        """A fictitious company that is in the register, there perhaps on the list of abnormal ones,
        and not yet with us.
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
        member = registration.register(
            email=email,
            password=self.made["password"],
            company=declared.name,
            uscc=declared.uscc,
            account_class="direct_employer",
            language="zh-hans" if self.line.language == "zh" else "en",
            links=registration.Links(settings.SITE_URL),
            now=timezone.now(),
        )
        self.line.say(
            f"注册：{company.name} {company.uscc}", f"registered: {company.name} {company.uscc}"
        )
        token = wait_for(lambda: token_in_mail(email), TimeoutError("No mail with a link arrived"))
        registration.verify_email(
            token, member.user, settings.EMAIL_VERIFICATION_TIMEOUT, timezone.now()
        )
        self.line.say(
            "打开邮件中的链接，邮箱已验证", "the link in the mail was opened: address verified"
        )
        return Member.objects.select_related("user", "employer").get(pk=member.pk)

    def upload(self, case: Case, member: Member, specimen: Specimen) -> str:
        started = time.monotonic()
        taken_in = examine(specimen.jpeg(), Limits())
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
        name = str(wording.CHECKS[run.code].employer)
        findings = sorted(run.as_findings(), key=lambda finding: -finding.severity)
        worst = findings[0].severity if findings else Severity.PASS
        self.line.say(
            f"{MARKS[worst]} {name}  {run.seconds:.2f} 秒",
            f"{MARKS[worst]} {name}  {run.seconds:.2f} s",
            1,
        )
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
        """What a site does before each download; and after a yes, before the first byte."""
        decision = self.zizhi.may_download(str(member.employer_id), str(member.pk), CANDIDATE)
        if not decision:
            self.line.say(
                f"招聘网站询问放行：不允许，等级 {decision.tier}",
                f"the site asks the gate: denied at tier {decision.tier}",
            )
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
        self.line.say(
            "简历发出前使用通行证：有效，可以发出",
            "the pass is spent before the resume leaves: good, it may leave",
            1,
        )
        try:
            self.zizhi.spend_pass(gate_pass)
        except ZizhiError as error:
            if error.code != "pass_spent":
                raise
            self.line.say(
                f"同一通行证再用一次：{error.says_zh}", f"the same pass once more: {error.says}", 1
            )
        else:
            raise CommandError("A pass was honoured twice, which must never be.")

    def release(self, member: Member) -> None:
        """A resume leaves: from the file as the site has it to the copy that the recruiter opens,
        and to what its candidate sees of it.
        """
        membership.give_phone(member, "13800000001", member.as_actor(), timezone.now())
        self.zizhi.put_candidate(
            RELEASED,
            "tell_after",
            email="candidate@demo.example",
            language="zh-hans" if self.line.language == "zh" else "en",
        )
        decision = self.zizhi.may_download(str(member.employer_id), str(member.pk), RELEASED)
        resume = resumes.make(self.seed, "table", "zh" if self.line.language == "zh" else "en")
        begun = self.zizhi.release(decision.gate_pass or "", RING, resume.pdf)
        made = wait_for(
            lambda: self.ready(begun.id), TimeoutError("The copy was not made"), every=1.0
        )
        removed = ", ".join(f"{kind.kind} × {kind.count}" for kind in made.removed)
        self.line.say(
            f"简历副本 {made.number} 已制作：已遮盖 {removed}；换上虚拟号码"
            f" {made.relay.number}；已加水印",
            f"copy {made.number} of a resume is made: taken out {removed}; relay number"
            f" {made.relay.number} in their place; marked",
        )
        path = urlsplit(self.zizhi.link_release(made.id).url).path
        with urllib.request.urlopen(self.at + path, timeout=ANSWER) as answer:  # noqa: S310  (our own web process)
            pdf = answer.read()
        copy = settings.VAR_DIR / "demo-copy.pdf"
        copy.write_bytes(pdf)
        self.line.say(f"经一次性链接取出：{copy}", f"fetched by a link that opens once: {copy}", 1)
        ledger = self.zizhi.ledger_link(RELEASED).url
        self.line.say(
            "求职者已收到告知，可在自己的页面查看与撤回：",
            "the candidate is told, and can stop it on a page of their own:",
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


def describe(finding: Finding, language: str) -> str:
    """A finding in one line, as the employer's page words it."""
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
    """Put the company into the register snapshot, by the command that a deployment uses."""
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
    """The token of the verification link in the newest mail to `to`, once a worker has sent one."""
    for key in kept_mail.keys(settings.MAILS_DIR)[:NEWEST]:
        mail = kept_mail.read(key, settings.MAILS_DIR)
        if (
            mail
            and mail.to == to
            and (found := re.search(r"/verify[^\s/]*/([^\s/]+:[^\s/]+)", mail.text))
        ):
            return found[1]
    return None


def wait_for(look: Any, complaint: Exception, every: float = 0.05) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(every)
    raise complaint
