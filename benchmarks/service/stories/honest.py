"""Honest employers of every class, edition of the licence and way of proving their authority."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from benchmarks.service.applicants import (
    Outcome,
    Paper,
    Walk,
    by_code,
    by_deposit,
    by_e_licence,
    listed_after,
    registered,
)
from benchmarks.service.stories.pieces import (
    APPROVAL,
    FREE_MAIL,
    STEP,
    UNLISTED,
    Story,
    agency_of,
    body_of,
    client_letter,
    colleague_of,
    company_of,
    damage_of,
    honest_applicant,
    hr_licence,
    letter,
    licence,
    on_the_list,
    young,
    young_licence,
)
from documents.specimens.approval import Kind, make_approval


def honest_mail(number: int) -> list[Outcome]:
    company = company_of(number)
    registered(company)
    return [Walk(honest_applicant(number, "company mail", company), number).go()]


def honest_code(number: int) -> list[Outcome]:
    company = company_of(number)
    registered(company)
    free = FREE_MAIL[number % len(FREE_MAIL)]
    return [
        Walk(
            honest_applicant(
                number,
                "code to company mail",
                company,
                mail_domain=free,
                prove=by_code(company.domain),
            ),
            number,
        ).go()
    ]


def honest_deposit(number: int) -> list[Outcome]:
    """A small company without a domain; half of them prove authority only when the page asks for
    it.
    """
    company = company_of(number)
    registered(company, email_domain="")
    free = FREE_MAIL[number % len(FREE_MAIL)]
    one = honest_applicant(
        number,
        "bank deposit",
        company,
        mail_domain=free,
        prove=by_deposit(company.name),
        proves_first=bool(number % 2),
    )
    return [Walk(one, number).go()]


def honest_e_licence(number: int) -> list[Outcome]:
    company = company_of(number)
    registered(company, email_domain="")
    free = FREE_MAIL[number % len(FREE_MAIL)]
    one = honest_applicant(
        number,
        "e-licence",
        company,
        mail_domain=free,
        prove=by_e_licence(company),
        proves_first=bool(number // 2 % 2),
    )
    return [Walk(one, number).go()]


def honest_vouch(number: int) -> list[Outcome]:
    """A recruiter with a private address, whose colleague has one at the company's domain."""
    company = company_of(number)
    registered(company)

    def prove(walk: Walk) -> None:
        from verification.authority import vouches

        colleague = colleague_of(walk, f"boss{walk.number}@{company.domain}")
        proof = vouches.ask_vouch(walk.member, colleague, walk.now)
        vouches.vouch_for_recruiter(proof.pk, colleague, walk.now + timedelta(hours=3))

    return [
        Walk(
            honest_applicant(number, "vouch", company, mail_domain=FREE_MAIL[0], prove=prove),
            number,
        ).go()
    ]


def honest_young_listed(number: int) -> list[Outcome]:
    """Founded days ago; the register lists it after two days."""
    company = young(number)
    waits = listed_after(company, timedelta(days=2))
    one = honest_applicant(
        number,
        "young, listed later",
        company,
        papers=[young_licence(number, company)],
        waits_for=waits,
    )
    return [Walk(one, number).go()]


def honest_young_deposit(number: int) -> list[Outcome]:
    """Founded days ago, not listed yet, with a bank account in its name: approved on condition."""
    company = young(number)
    one = honest_applicant(
        number,
        "young, bank deposit",
        company,
        papers=[young_licence(number, company)],
        mail_domain=FREE_MAIL[0],
        prove=by_deposit(company.name),
        waits_for=listed_after(company, timedelta(days=20)),
    )
    return [Walk(one, number).go()]


def honest_agency(number: int) -> list[Outcome]:
    """One in ten is missing from the imported list of licensed agencies; by the rules, a person
    reviews it.
    """
    agency, client = agency_of(number), company_of(number + 31, "company")
    registered(agency)
    if number // STEP // UNLISTED % UNLISTED:
        on_the_list(number, agency)
    papers = [
        licence(number, agency, damage_of(number)),
        hr_licence(number, agency),
        client_letter(number, agency, client),
    ]
    return [
        Walk(
            honest_applicant(
                number, "agency", agency, papers=papers, account_class="commercial_agency"
            ),
            number,
        ).go()
    ]


def honest_letter(number: int) -> list[Outcome]:
    """Only a stamped letter, which by the rules a person reviews."""
    company = company_of(number)
    registered(company, email_domain="")
    papers = [licence(number, company, damage_of(number)), letter(number, company)]
    return [
        Walk(
            honest_applicant(
                number, "letter only", company, papers=papers, mail_domain=FREE_MAIL[1]
            ),
            number,
        ).go()
    ]


def honest_public(number: int) -> list[Outcome]:
    """A public service's approval document, which by the rules a person reviews."""
    company = company_of(number, "company")
    registered(company)
    papers = [
        Paper(APPROVAL, (lambda: make_approval(number, "institution", company, "light").jpeg(),))
    ]
    return [
        Walk(
            honest_applicant(
                number, "public service", company, papers=papers, account_class="public_service"
            ),
            number,
        ).go()
    ]


def honest_body(kind: Kind) -> Story:
    """A body without a business licence: its certificate, which by the rules a person reviews."""

    def story(number: int) -> list[Outcome]:
        body = body_of(number, kind)
        papers = [Paper(APPROVAL, (lambda: make_approval(number, kind, body, "light").jpeg(),))]
        return [
            Walk(
                honest_applicant(number, kind, body, papers=papers, prove=by_deposit(body.name)),
                number,
            ).go()
        ]

    return story


HONEST: Final[tuple[tuple[Story, int], ...]] = (
    (honest_mail, 16),
    (honest_code, 4),
    (honest_deposit, 5),
    (honest_e_licence, 4),
    (honest_vouch, 2),
    (honest_young_listed, 2),
    (honest_young_deposit, 2),
    (honest_agency, 3),
    (honest_letter, 1),
    (honest_public, 1),
    (honest_body("institution"), 1),
    (honest_body("association"), 1),
)
"""How many of forty-two honest employers take each way."""
