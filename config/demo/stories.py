"""The stories of the demo. Each method creates one example."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from config.demo import record as demo_record
from config.demo.steps import Steps
from documents.specimens import Company, Specimen, make_specimen
from events.core.reasons import Text
from verification.cases import documents, operations
from verification.models import Case, GoldenKind
from verification.quality import golden_specimens
from verification.reviewing import claims
from verification.rules.states import State

LOG: Final = "demo.log"
"""The log of errors in failed steps."""


class Demo(Steps):
    """The stories.

    Each method named in `demo_record.STEPS` is a story, and reports in one line what it created.
    """

    def show(self, steps: list[str], path: Path) -> int:
        """Run these steps and note each in the record at `path`. Return the number of failures. In
        a brief timeline, a failed step does not stop the others.
        """
        begun, failed, many = time.monotonic(), 0, len(steps)
        if self.line.is_brief:
            self.line.line(
                f"正在后台准备 {many} 个示例，约需一两分钟，现在即可使用页面",
                f"creating {many} examples in the background (a minute or two); you can start now",
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
            demo_record.save_record(path, self.made)
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
                f"{failed} of {many} examples failed; see {log}",
            )
            return
        self.line.line(
            f"示例全部就绪，用时 {took:.0f} 秒", f"all examples are ready after {took:.0f} s"
        )
        if "employer_id" in self.made:
            ask = demo_record.gate_question(self.made, settings.SITE_URL)
            self.line.line(f"查询放行接口：{ask}", f"ask the gate: {ask}")

    def honest_employer(self) -> Text:
        company = self.new_company()
        self.line.head(
            f"一、{company.name}：材料齐全", f"1. {company.name}: everything is in order"
        )
        member = self.register(company, company)
        self.ask_gate(member)
        case = operations.open_case(member.employer, member.as_actor(), timezone.now())
        self.upload(
            case,
            member,
            make_specimen(self.seed, edition="landscape", damage="light", company=company),
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
            f"{company.name}：核验通过，已下载一份简历；登录邮箱 {email}，密码 {password}",
            f"{company.name}: approved, has one resume; sign in as {email}, password {password}",
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
            case,
            member,
            make_specimen(self.seed, edition="portrait", damage="light", company=other),
        )
        self.submit_and_watch(case, member)
        self.ask_gate(member)
        claims.claim_case(case.pk, self.reviewer, timezone.now())
        self.line.say("审核员领取了申请", "a reviewer claims the case")
        operations.request_changes(
            case.pk,
            self.reviewer,
            timezone.now(),
            ["uscc_mismatch", "name_mismatch"],
            note="请上传你公司自己的营业执照。Please upload your own company's licence.",
        )
        self.line.say("审核员要求补正：", "the reviewer requests changes:")
        for code in ("uscc_mismatch", "name_mismatch"):
            self.line.reason(code)
        documents.remove_document(UUID(wrong), member.as_actor(), timezone.now())
        self.upload(
            case,
            member,
            make_specimen(self.seed + 1, edition="portrait", damage="light", company=company),
        )
        self.submit_and_watch(case, member)
        if Case.objects.get(pk=case.pk).state == State.IN_REVIEW:
            claims.claim_case(case.pk, self.reviewer, timezone.now())
            operations.approve_case(case.pk, self.reviewer, timezone.now())
            self.line.say("审核员核对后通过", "the reviewer checks it and approves")
        self.ask_gate(member)
        return Text(
            f"{company.name}：上传了另一家公司的执照，补正后通过；"
            f"登录邮箱 {member.user.email}，密码相同",
            f"{company.name}: uploaded another company's licence, fixed it, approved; sign in as"
            f" {member.user.email}, same password",
        )

    def revoked_company(self) -> Text:
        company = self.new_company(status="吊销")
        self.line.head(
            f"三、{company.name}：营业执照已被吊销",
            f"3. {company.name}: its licence has been revoked",
        )
        member = self.register(company, company)
        case = operations.open_case(member.employer, member.as_actor(), timezone.now())
        self.upload(
            case,
            member,
            make_specimen(self.seed, edition="landscape", damage="light", company=company),
        )
        self.submit_and_watch(case, member)
        self.ask_gate(member)
        return Text(
            f"{company.name}：营业执照已被吊销，未通过；登录邮箱 {member.user.email}，密码相同",
            f"{company.name}: not approved, its licence has been revoked; sign in as"
            f" {member.user.email}, same password",
        )

    def queue_other_licence(self) -> Text:
        self.line.head(
            "四、三份申请，请你在审核台处理", "4. Three cases for you to decide in the console"
        )
        company, other = self.new_company(), self.new_company()
        specimen = make_specimen(self.seed, edition="landscape", damage="phone", company=other)
        return self.left_in_the_queue(
            company, specimen, Text("执照是另一家公司的", "its licence is another company's")
        )

    def queue_edited_code(self) -> Text:
        company = self.new_company()
        specimen = make_specimen(
            self.seed, edition="portrait", damage="phone+forged_digit", company=company
        )
        return self.left_in_the_queue(
            company, specimen, Text("照片中的代码被改过", "a code was edited in the picture")
        )

    def queue_listed_company(self) -> Text:
        company = self.new_company(abnormal=True)
        specimen = make_specimen(self.seed, edition="landscape", damage="light", company=company)
        return self.left_in_the_queue(
            company,
            specimen,
            Text("被列入经营异常名录", "it is on the list of abnormal operations"),
        )

    def left_in_the_queue(self, company: Company, specimen: Specimen, why: Text) -> Text:
        """Create a case for the user to decide in the console."""
        member = self.register(company, company)
        case = operations.open_case(member.employer, member.as_actor(), timezone.now())
        self.upload(case, member, specimen)
        self.submit_and_watch(case, member, each_check=False)
        console = f"{settings.SITE_URL}/console/"
        return Text(
            f"{company.name}：等待你审核（{why.zh}）；{console}",
            f"{company.name}: waits for your decision ({why.en}); {console}",
        )

    def golden_honest(self) -> Text:
        self.line.head(
            "五、标准题：用来检验审核质量",
            "5. Golden cases, which measure how well cases are decided",
        )
        return self.golden(GoldenKind.HONEST, 1000)

    def golden_name(self) -> Text:
        told = self.golden(GoldenKind.NAME, 1001)
        self.line.say(
            f"统计数据：{settings.SITE_URL}/console/quality/",
            f"figures: {settings.SITE_URL}/console/quality/",
        )
        return told

    def golden(self, kind: GoldenKind, after: int) -> Text:
        """Create two kinds of golden cases, enough to show the concept.

        Staff who may read their answers get none.
        """
        made = golden_specimens.make_golden_case(kind, self.seed + after, timezone.now())
        right = {"approve": ("通过", "approve"), "reject": ("拒绝", "reject")}[made.right_verb]
        self.line.say(
            f"{made.name}：正确的决定是{right[0]}",
            f"{made.name}: the right decision is to {right[1]}",
        )
        figures = f"{settings.SITE_URL}/console/quality/"
        return Text(
            f"标准题“{made.name}”：正确的决定是{right[0]}；统计数据 {figures}",
            f"golden case {made.name}: the right decision is to {right[1]}; figures at {figures}",
        )
