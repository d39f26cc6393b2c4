"""The evidence of a recruiter's authority: its proofs as plain values, and the strength of each.

A proof is for one person and one company. A proof that was compared with the company's name counts
only while that name is the declared one. Otherwise a shell company's bank account would prove
authority over a company that is declared later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from documents.licence.witnesses import same_name
from documents.uscc import is_of_test
from employers.models import Employer, Member
from verification.cases.proof_ways import WAYS
from verification.models import Case, Decision, Proof, ProofKind, RegistryRecord
from verification.providers import scripted_providers
from verification.rules.facts import STRENGTH, Strength
from verification.rules.states import State

PUBLIC_MAIL_DOMAINS: Final = frozenset(
    """
    qq.com vip.qq.com foxmail.com 163.com vip.163.com 126.com yeah.net 188.com sina.com sina.cn vip.sina.com
    sohu.com 139.com 189.cn wo.cn aliyun.com 21cn.com tom.com 263.net gmail.com outlook.com hotmail.com live.com
    msn.com live.cn yahoo.com yahoo.com.cn yahoo.cn icloud.com me.com proton.me protonmail.com gmx.com mail.com
    yandex.com googlemail.com aol.com zoho.com tutanota.com mail.ru naver.com hanmail.net chinaren.com eyou.com
    sina.com.cn 163.net 263.net.cn 21cn.net citiz.net china.com mail.china.com hainan.net sogou.com msn.cn qq.com.cn
    yahoo.com.hk yahoo.com.tw yahoo.co.jp yahoo.co.uk ymail.com rocketmail.com hotmail.co.uk hotmail.co.jp hotmail.com.hk
    hotmail.fr live.com.cn live.hk live.co.uk outlook.jp outlook.fr outlook.de outlook.com.cn mac.com pm.me duck.com
    fastmail.com hushmail.com gmx.net gmx.de web.de inbox.com daum.net petalmail.com 88.com 111.com email.cn wo.com.cn
    zohomail.com zohomail.cn zoho.com.cn list.ru bk.ru inbox.ru internet.ru mailbox.org posteo.de startmail.com tuta.com tuta.io
    tutamail.com proton.ch mail.de freenet.de t-online.de orange.fr laposte.net free.fr libero.it seznam.cz wp.pl o2.pl
    rambler.ru ukr.net nate.com rediffmail.com hey.com fastmail.fm hotmail.se
    """.split()
)
"""Domains where anyone can have an address.

Registers name these for many small companies, so such an address proves nothing.
"""

_NATIONAL: Final = re.compile(
    r"(?:yahoo|hotmail|outlook|yandex|gmx|windowslive)\.(?:com?\.)?[a-z]{2,3}"
)
"""The same providers under the domains of other countries."""

SHARED_BY: Final = 5
"""If the register names one domain for this many companies, it belongs to none of them but to a
registration agent or a business park.
"""

THROWAWAY_MAIL_DOMAINS: Final = frozenset(
    """
    mailinator.com guerrillamail.com sharklasers.com 10minutemail.com yopmail.com temp-mail.org tempmail.com trashmail.com
    dispostable.com getnada.com maildrop.cc mohmal.com linshiyouxiang.net bccto.me chacuo.net 027168.com
    """.split()
)
"""Disposable mailboxes, open to anyone."""

SOUND: Final = frozenset({Strength.STRONG, Strength.MEDIUM})
"""Strengths that open rights without further evidence."""


def is_public(domain: str) -> bool:
    """Whether anyone can have an address at `domain` or at a domain that contains it."""
    parts = domain.lower().split(".")
    tails = {".".join(parts[start:]) for start in range(len(parts))}
    return bool(tails & (PUBLIC_MAIL_DOMAINS | THROWAWAY_MAIL_DOMAINS)) or any(
        _NATIONAL.fullmatch(tail) for tail in tails
    )


def own_domain(registry_domain: str) -> str:
    """The domain that the register names for a company if it is the company's own; "" if many
    companies have addresses there.
    """
    domain = registry_domain.lower()
    if not domain or is_public(domain):
        return ""
    return (
        ""
        if RegistryRecord.objects.filter(email_domain=domain)[:SHARED_BY].count() >= SHARED_BY
        else domain
    )


def at_company_domain(domain: str, registry_domain: str) -> bool:
    """Whether an address at `domain` is at the domain in the company's own register record
    (`own_domain`).
    """
    return (
        bool(registry_domain)
        and domain.lower() == registry_domain.lower()
        and not is_public(domain)
    )


@dataclass(frozen=True)
class Declared:
    """The company for which a recruiter acts, as currently declared."""

    uscc: str
    name: str
    legal_representative: str = ""
    case_id: UUID | None = None
    """The open case that declares it, if there is one."""


def declared_by(member: Member) -> Declared:
    """The facts of the open case, otherwise of the case in force, otherwise of the registration."""
    cases = Case.objects.filter(employer=member.employer_id)
    case: Case | None = cases.open().first()
    open_id = case.pk if case else None
    case = case or cases.filter(state=State.APPROVED).first()
    if case is None:
        return Declared(member.employer.uscc, member.employer.name)
    return Declared(
        case.declared_uscc, case.declared_name, case.declared_legal_representative, open_id
    )


def acting_for(employer_id: UUID, handing_in: Q) -> list[Member]:
    """The members whose proofs and addresses count for an employer's case: its active owners and
    the active member who submits it.
    """
    members = (
        Member.objects.active()
        .filter(employer=employer_id, user__is_active=True)
        .select_related("user")
    )
    return list(members.filter(Q(role=Member.MemberRole.OWNER) | handing_in).order_by("joined_at"))


def proofs_of(
    members: Iterable[Member], uscc: str, now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """These members' proofs for one company, in force and under way, as JSON without personal
    data.
    """
    theirs = Proof.objects.filter(member__in=[member.pk for member in members], uscc=uscc).order_by(
        "started_at"
    )
    under_way = theirs.under_way().filter(expires_at__gt=now)
    return {
        "standing": [_plain(proof, now) for proof in theirs.in_force(now)],
        "under_way": [_plain(proof, now) for proof in under_way],
    }


def domains_of(members: Iterable[Member]) -> list[str]:
    """The domains where these members have a verified address."""
    return sorted(
        {
            member.user.email.rpartition("@")[2].lower()
            for member in members
            if member.user.email_verified_at
        }
    )


def _plain(proof: Proof, now: datetime) -> dict[str, Any]:
    plain: dict[str, Any] = {"id": str(proof.pk), "kind": proof.kind}
    if proof.kind == ProofKind.COMPANY_EMAIL:
        plain["domain"] = proof.shown.rpartition("@")[2]
    if WAYS[ProofKind(proof.kind)].named:
        plain["name"] = proof.observed.get("name", "")
    if proof.kind == ProofKind.VOUCH:
        plain["voucher_stands"] = proof.voucher is not None and can_vouch(
            proof.voucher, proof.uscc, now
        )
    return plain


def proof_strength(proof: dict[str, Any], name: str, registry_domain: str) -> Strength | None:
    """The strength of a proof of `proofs_of` for the company of this `name`; None if the proof is
    void.
    """
    kind = proof["kind"]
    if kind == ProofKind.COMPANY_EMAIL:
        return (
            Strength.MEDIUM
            if at_company_domain(proof["domain"], registry_domain)
            else Strength.WEAK
        )
    if WAYS[ProofKind(kind)].named and not same_name(proof["name"], name):
        return None
    if kind == ProofKind.VOUCH and not proof["voucher_stands"]:
        return None
    return STRENGTH[kind]


def shown_anew(employer: Employer, since: datetime, now: datetime) -> bool:
    """Whether a current member has proven authority since then, with a proof that is not weak."""
    domain = _registered_domain(employer.uscc)
    fresh = Proof.objects.filter(
        employer=employer, uscc=employer.uscc, started_at__gt=since, member__left_at=None
    ).in_force(now)
    return any(
        proof_strength(_plain(proof, now), employer.name, domain) in SOUND for proof in fresh
    )


def _registered_domain(uscc: str) -> str:
    """The domain that the register names for this company; "" if it names none or a public one."""
    if is_of_test(uscc):
        return scripted_providers.DOMAIN
    record = RegistryRecord.objects.filter(pk=uscc).first()
    return own_domain(record.email_domain) if record else ""


def can_vouch(colleague: Member, uscc: str, now: datetime) -> bool:
    """Whether this colleague is an active member of this company with evidence other than a
    colleague's vouch.
    """
    there = colleague.left_at is None and colleague.user.is_active and colleague.user.is_proven
    return there and colleague.employer.uscc == uscc and _stands_alone(colleague, uscc, now)


def _stands_alone(member: Member, uscc: str, now: datetime) -> bool:
    domain = _registered_domain(uscc)
    if any(at_company_domain(own, domain) for own in domains_of([member])):
        return True
    others = (
        Proof.objects.filter(member=member, uscc=uscc).exclude(kind=ProofKind.VOUCH).in_force(now)
    )
    if any(
        proof_strength(_plain(proof, now), member.employer.name, domain) in SOUND
        for proof in others
    ):
        return True
    # A reviewer who approved a case that this person submitted has reviewed its letter.
    seen = Case.objects.in_force(now).filter(
        employer=member.employer_id, submitted_by=member.user_id, declared_uscc=uscc
    )
    return Decision.objects.filter(case__in=seen, verb="approve", decided_by__isnull=False).exists()
