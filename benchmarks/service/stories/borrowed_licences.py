"""Attacks with a real licence of a company that the attacker does not act for."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.service.applicants import (
    Applicant,
    Outcome,
    Paper,
    Walk,
    by_code,
    by_deposit,
    by_e_licence,
    recut,
    registered,
)
from benchmarks.service.stories.pieces import (
    FREE_MAIL,
    LICENCE,
    Story,
    a_reviewer,
    attack_outcome,
    colleague_of,
    company_of,
    exclude,
    honest_applicant,
    letter,
    licence,
    trying,
)
from documents.specimens import EDITIONS, make_specimen


def borrowed(how: str) -> Story:
    """Every field agrees, and nothing proves authority."""

    def story(number: int) -> list[Outcome]:
        company = company_of(number)
        registered(company)
        papers, domain = [licence(number, company)], "hr-" + company.domain
        prove: Callable[[Walk], None] = lambda walk: None  # noqa: E731
        if how == "free mail":
            domain = FREE_MAIL[number % len(FREE_MAIL)]
        elif how == "look-alike domain":
            prove = by_code("mail." + company.domain.replace("-", ""))
        elif how == "a drawn letter":
            papers.append(letter(number, company, sealed="yes" if number % 2 else "no"))
        elif how == "another's bank account":
            prove = trying(
                by_deposit(company_of(number + 31).name, company.name if number % 2 else "")
            )
        elif how == "another's e-licence":
            prove = trying(by_e_licence(company_of(number + 31)))
        return [
            attack_outcome(
                number, f"borrowed: {how}", company, papers=papers, mail_domain=domain, prove=prove
            )
        ]

    return story


def borrowed_of_a_customer(number: int) -> list[Outcome]:
    """The company is already an approved customer."""
    company = company_of(number)
    registered(company)
    owner = Walk(
        honest_applicant(number, "company mail", company, papers=[licence(number, company)]), number
    ).go()
    return [
        owner,
        attack_outcome(
            number + 50, "borrowed: of a customer", company, mail_domain="hr-" + company.domain
        ),
    ]


def owner_after_a_thief(number: int) -> list[Outcome]:
    """A deceived reviewer has approved a thief; then the company itself registers, and says so."""
    from verification.cases import operations
    from verification.reviewing import claims

    company, staff = company_of(number), a_reviewer()
    registered(company)
    thief = Walk(
        Applicant("", False, company, [licence(number, company)], "hr-" + company.domain), number
    )
    thief.go()
    claims.claim_case(thief.case.pk, staff, thief.now)
    operations.approve_case(thief.case.pk, staff, thief.now)
    owner = honest_applicant(
        number + 50, "after a thief", company, papers=[licence(number + 50, company)], contest=True
    )
    return [Walk(owner, number + 50, thief.now).go()]


def proof_of_another(number: int) -> list[Outcome]:
    """The attacker proves authority over its own shell, and then declares another company."""
    shell, wanted = company_of(number), company_of(number + 31)
    registered(shell)
    registered(wanted)

    def prove(walk: Walk) -> None:
        from verification.cases import operations

        by_deposit(shell.name)(walk)
        operations.declare_facts(
            walk.case.pk,
            walk.actor,
            walk.now,
            name=wanted.name,
            uscc=wanted.uscc,
            legal_representative=wanted.legal_representative,
            account_class="direct_employer",
        )

    papers = [licence(number, wanted)]
    return [
        attack_outcome(
            number,
            "borrowed: proof of another company",
            shell,
            papers=papers,
            mail_domain=FREE_MAIL[2],
            prove=prove,
        )
    ]


def vouch_ring(number: int) -> list[Outcome]:
    """Two accounts without a proof vouch for each other."""
    company = company_of(number)
    registered(company)

    def prove(walk: Walk) -> None:
        from events.core.errors import Refused
        from verification.authority import vouches

        friend = colleague_of(walk, f"friend{walk.number}@{FREE_MAIL[3]}")
        for asks, answers in ((walk.member, friend), (friend, walk.member)):
            try:
                proof = vouches.ask_vouch(asks, answers, walk.now)
                vouches.vouch_for_recruiter(proof.pk, answers, walk.now)
            except Refused as refused:
                walk.notes.setdefault("refused", []).append(refused.code)

    return [attack_outcome(number, "vouch ring", company, mail_domain=FREE_MAIL[3], prove=prove)]


def kit(number: int) -> list[Outcome]:
    """A forged set that is sold many times: one picture, cropped and saved again for each buyer."""
    company = company_of(number)
    registered(company)
    picture = make_specimen(number, EDITIONS[number % 2], "phone", company).image
    told = []
    for buyer, (share, quality) in enumerate(((1.0, 88), (0.95, 60), (0.93, 40))):
        papers = [
            Paper(LICENCE, ((lambda share=share, quality=quality: recut(picture, share, quality)),))
        ]
        told.append(
            attack_outcome(
                number + 50 + buyer,
                "kit: one picture for many",
                company,
                papers=papers,
                mail_domain=FREE_MAIL[buyer],
            )
        )
    return told


def one_device(number: int) -> list[Outcome]:
    """Pictures of many companies, submitted from one device and one phone."""
    told = []
    for at in range(4):
        company = company_of(number + 11 * at)
        registered(company)
        more = {
            "device": f"device-{number}",
            "phone": f"+86138{number % 10**8:08d}",
            "mail_domain": f"hr{at}-" + company.domain,
        }
        told.append(
            attack_outcome(number + 11 * at, "kit: one device, many companies", company, **more)
        )
    return told


def excluded_returns(number: int) -> list[Outcome]:
    """An excluded account returns: with the same code, or with another company on the same device
    and phone.
    """
    from verification.models import Case

    first, second = company_of(number), company_of(number + 31)
    registered(first)
    registered(second)
    ties = {"device": f"device-{number}", "phone": f"+86139{number % 10**8:08d}"}
    before = Applicant("", False, first, [licence(number, first)], "hr-" + first.domain, **ties)
    walk = Walk(before, number)
    walk.go()
    exclude(Case.objects.get(pk=walk.case.pk), a_reviewer())
    told = [
        attack_outcome(
            number + 50, "excluded: same code", first, papers=[licence(number + 50, first)]
        )
    ]
    told.append(
        attack_outcome(
            number + 31,
            "excluded: same device and phone",
            second,
            papers=[licence(number + 31, second)],
            **ties,
        )
    )
    return told


def excluded_picture(number: int) -> list[Outcome]:
    """A borrowed licence returns whose picture alone was excluded, since the company is innocent.

    The picture is cropped, saved again, and sent from another device by somebody who can read the
    company's mail.
    """
    from verification.models import Case, ExclusionKind

    company = company_of(number)
    registered(company)
    picture = make_specimen(number, EDITIONS[number % 2], "phone", company).image
    before = Walk(
        Applicant(
            "", False, company, [Paper(LICENCE, (lambda: recut(picture, 1.0, 88),))], FREE_MAIL[0]
        ),
        number,
    )
    before.go()
    exclude(Case.objects.get(pk=before.case.pk), a_reviewer(), [ExclusionKind.IMAGE])
    again = [Paper(LICENCE, (lambda: recut(picture, 0.95, 60),))]
    return [attack_outcome(number + 50, "excluded: same picture", company, papers=again)]
