"""May this person recruit for this company?

A verified mail address at the domain that the company's own register record names is proof of medium strength
and opens rights. At any other domain it proves nothing: a thief registers look-alikes. Then a person decides.
"""

from __future__ import annotations

import re

from employers.models import AccountClass
from verification.checks.base import Earlier, Subject
from verification.findings import Finding, Observation, Severity
from verification.models import DocumentKind

PUBLIC_MAIL_DOMAINS = frozenset(
    """
    qq.com vip.qq.com foxmail.com 163.com vip.163.com 126.com yeah.net 188.com sina.com sina.cn vip.sina.com
    sohu.com 139.com 189.cn wo.cn aliyun.com 21cn.com tom.com 263.net gmail.com outlook.com hotmail.com live.com
    msn.com live.cn yahoo.com yahoo.com.cn yahoo.cn icloud.com me.com proton.me protonmail.com gmx.com mail.com
    yandex.com
    """.split()
)
"""Where anybody may have an address. Registers name such a one for many small companies: it proves nothing."""

AGENCY_WORDS = ("人力资源服务", "劳务派遣", "职业中介", "人才中介", "人力资源外包")
"""Scopes for which 人力资源市场暂行条例 18 asks for a licence of its own, whichever class was ticked."""

_EXCLUDED = re.compile(r"(?:人力资源服务)?[（(]\s*(?:不含|除外|不包括)[^（）()]{0,80}[）)]")
"""人力资源服务（不含职业中介活动、劳务派遣服务）: the standard words of those who need no licence."""

EXTRA_DOCUMENT = {
    AccountClass.COMMERCIAL_AGENCY: (DocumentKind.HR_SERVICE_LICENCE, "agency_licence_missing"),
    AccountClass.PUBLIC_SERVICE: (DocumentKind.APPROVAL_DOCUMENT, "approval_document_missing"),
}


class Authority:
    code = "authority"
    version = "1"
    lasting = False

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        register = earlier.get("registry", {})
        record = register.get("record") or {}
        scope = earlier.get("reading", {}).get("fields", {}).get("business_scope", "")
        return {
            "unlisted": "record" in register and register["record"] is None,
            "email_domain": subject.recruiter_email.rpartition("@")[2].lower(),
            "email_verified": subject.recruiter_email_verified,
            "registry_domain": record.get("email_domain", ""),
            "letter": bool(subject.of_kind(DocumentKind.AUTHORIZATION_LETTER)),
            "agency_words": [word for word in AGENCY_WORDS if word in _EXCLUDED.sub("", scope)],
            "kinds": sorted({document.kind for document in subject.documents}),
        }

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return [self._proof(observation), *self._class(subject, observation)]

    def _proof(self, observation: Observation) -> Finding:
        seen, expected = observation["email_domain"], observation["registry_domain"]
        if not observation["email_verified"]:
            return Finding(self.code, "authority_email_unverified", Severity.UNABLE, "email", seen)
        if expected and seen == expected and expected not in PUBLIC_MAIL_DOMAINS:
            return Finding(self.code, "authority_email_at_company_domain", Severity.PASS, "email", seen)
        if observation["unlisted"]:
            return Finding(self.code, "authority_awaits_register", Severity.WAIT, "email", seen)
        if observation["letter"]:
            return Finding(self.code, "authority_unproven", Severity.UNABLE, "authorization_letter", seen)
        return Finding(self.code, "authority_missing", Severity.UNABLE, "email", seen)

    def _class(self, subject: Subject, observation: Observation) -> list[Finding]:
        """What agencies and public bodies show besides; until their documents are read by machine, a person looks."""
        if subject.account_class == AccountClass.DIRECT_EMPLOYER and observation["agency_words"]:
            words = "、".join(observation["agency_words"])
            return [Finding(self.code, "agency_licence_missing", Severity.CONCERN, "business_scope", words)]
        if subject.account_class not in EXTRA_DOCUMENT:
            return []
        kind, missing = EXTRA_DOCUMENT[AccountClass(subject.account_class)]
        if kind not in observation["kinds"]:
            return [Finding(self.code, missing, Severity.CONCERN, kind)]
        return [Finding(self.code, "authority_unproven", Severity.UNABLE, kind)]
