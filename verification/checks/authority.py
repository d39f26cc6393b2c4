"""May this person recruit for this company?

A verified mail address at the domain that the company's own register record names is proof of medium strength
and opens rights. At any other domain it proves nothing: a thief registers look-alikes. Then a person decides.
"""

from __future__ import annotations

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


class Authority:
    code = "authority"
    version = "1"
    lasting = False

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        register = earlier.get("registry", {})
        record = register.get("record") or {}
        return {
            "unlisted": "record" in register and register["record"] is None,
            "email_domain": subject.recruiter_email.rpartition("@")[2].lower(),
            "email_verified": subject.recruiter_email_verified,
            "registry_domain": record.get("email_domain", ""),
            "letter": bool(subject.of_kind(DocumentKind.AUTHORIZATION_LETTER)),
        }

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        return [self._proof(observation)]

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
