"""Attacks by companies that do not exist, or misrepresent themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from benchmarks.service.applicants import NOW, Outcome, Paper, Walk, by_deposit, registered
from benchmarks.service.stories.pieces import (
    APPROVAL,
    Story,
    agency_of,
    attack_outcome,
    client_letter,
    company_of,
    hr_licence,
    hr_specimen,
    licence,
    on_the_list,
    photo,
    trying,
    young,
    young_licence,
)
from documents.specimens import Company


def invented(number: int) -> list[Outcome]:
    """A company that does not exist.

    A forger can print any date, so the licence is days old. The attacker has a domain, and reads
    its mail.
    """
    company = young(number)
    return [
        attack_outcome(
            number,
            "shell: invented, a fresh date",
            company,
            papers=[young_licence(number, company)],
        )
    ]


def invented_with_account(number: int) -> list[Outcome]:
    """The same, with a bank account in another name."""
    company = young(number)
    prove = trying(by_deposit(company_of(number + 31).name, company.name))
    papers = [young_licence(number, company)]
    return [
        attack_outcome(
            number, "shell: invented, another's account", company, papers=papers, prove=prove
        )
    ]


def invented_old(number: int) -> list[Outcome]:
    company = company_of(number)
    return [attack_outcome(number, "shell: not in the register", company)]


def not_in_order(status: str, listed: str = "") -> Story:
    """A company's own people, with all proofs; the register says that it may not trade, or lists it
    as abnormal.
    """

    def story(number: int) -> list[Outcome]:
        company = company_of(number)
        registered(company, status=status, **({listed: True} if listed else {}))
        return [attack_outcome(number, f"register: {listed or status}", company)]

    return story


def nominee(number: int) -> list[Outcome]:
    """A shell of a hundred days, whose legal representative also represents nine others; its own
    people register, with its own mail.
    """
    day = (NOW - timedelta(days=100)).date()
    company = company_of(number, "company")
    person = company.legal_representative + "甲乙丙丁戊己庚辛壬癸"[number % 10]
    shell = replace(company, established_on=day, term="长期", legal_representative=person)
    for at in range(10):
        registered(
            shell
            if at == 0
            else replace(
                company_of(number + at, "company"), established_on=day, legal_representative=person
            )
        )
    papers = [licence(number, shell, edition="landscape", issued_on=day)]
    return [attack_outcome(number, "shell: a nominee of many young ones", shell, papers=papers)]


def agency_unlicensed(number: int) -> list[Outcome]:
    """An agency by its scope, which claims to be a direct employer."""
    agency = agency_of(number)
    registered(agency)
    return [attack_outcome(number, "agency: no licence", agency)]


def agency_scope_hidden(number: int) -> list[Outcome]:
    """The same, on a licence printed with another scope."""
    agency = agency_of(number)
    registered(agency)
    papers = [licence(number, agency, business_scope=company_of(number, "company").business_scope)]
    return [attack_outcome(number, "agency: scope hidden", agency, papers=papers)]


def agency_expired(number: int) -> list[Outcome]:
    agency, client = agency_of(number), company_of(number + 31, "company")
    registered(agency)
    on_the_list(
        number, agency, valid_from="2019-03-04", valid_until="2024-03-03", issued_on="2019-03-04"
    )
    expired = hr_licence(
        number, agency, valid_from="2019-03-04", valid_until="2024-03-03", issued_on="2019-03-04"
    )
    papers = [licence(number, agency), expired, client_letter(number, agency, client)]
    return [
        attack_outcome(
            number,
            "agency: licence expired",
            agency,
            papers=papers,
            account_class="commercial_agency",
        )
    ]


def agency_borrowed_licence(number: int) -> list[Outcome]:
    agency, other, client = (
        agency_of(number),
        agency_of(number + 31),
        company_of(number + 41, "company"),
    )
    registered(agency)
    on_the_list(number, other)
    papers = [
        licence(number, agency),
        hr_licence(number, other),
        client_letter(number, agency, client),
    ]
    return [
        attack_outcome(
            number,
            "agency: another's licence",
            agency,
            papers=papers,
            account_class="commercial_agency",
        )
    ]


def agency_drawn_licence(number: int) -> list[Outcome]:
    """A forged agency licence in the attacker's own name: with an invented number, another agency's
    number, or an extended term of its own.
    """
    agency, other, client = (
        agency_of(number),
        agency_of(number + 31),
        company_of(number + 41, "company"),
    )
    registered(agency)
    on_the_list(number, other)
    drawn: dict[str, str] = {}
    if number % 3 == 1:
        drawn = {
            "number": (
                hr_specimen(number, other).fields["number"].replace("〔", "[").replace("〕", "]")
            )
        }
    elif number % 3 == 2:
        on_the_list(
            number,
            agency,
            valid_from="2019-03-04",
            valid_until="2024-03-03",
            issued_on="2019-03-04",
        )
        drawn = {
            "number": (
                hr_specimen(number, agency, issued_on="2019-03-04")
                .fields["number"]
                .replace("〔", "[")
                .replace("〕", "]")
            )
        }
    papers = [
        licence(number, agency),
        hr_licence(number, agency, **drawn),
        client_letter(number, agency, client),
    ]
    return [
        attack_outcome(
            number,
            "agency: a licence drawn in its own name",
            agency,
            papers=papers,
            account_class="commercial_agency",
        )
    ]


def agency_drawn_letter(number: int) -> list[Outcome]:
    """A licensed agency with a client's letter it has forged: without a seal, or for another
    agency's name.
    """
    agency = agency_of(number)
    to, sealed = (agency, "no") if number % 2 else (agency_of(number + 41), "yes")
    return [
        _with_letter(
            number,
            "agency: a drawn client's letter",
            agency,
            client_letter(number, to, company_of(number + 31, "company"), sealed=sealed),
        )
    ]


def agency_well_drawn_letter(number: int) -> list[Outcome]:
    """The same, with everything that a letter must say, and a seal."""
    agency = agency_of(number)
    drawn = client_letter(number, agency, company_of(number + 31, "company"))
    return [_with_letter(number, "agency: a client's letter drawn well", agency, drawn, apart=True)]


def _with_letter(
    number: int, kind: str, agency: Company, letter_of_client: Paper, *, apart: bool = False
) -> Outcome:
    registered(agency)
    on_the_list(number, agency)
    papers = [licence(number, agency), hr_licence(number, agency), letter_of_client]
    return attack_outcome(
        number, kind, agency, papers=papers, account_class="commercial_agency", apart=apart
    )


def agency_approval_for_licence(number: int) -> list[Outcome]:
    """No business licence: any picture as a public service's approval document, and then an agency
    again.
    """
    agency, client = agency_of(number), company_of(number + 31, "company")
    registered(agency)
    papers = [
        Paper(APPROVAL, (photo(number, company_of(number + 41, "company"), "scan"),)),
        hr_licence(number, agency),
    ]

    def prove(walk: Walk) -> None:
        from verification.cases import operations

        operations.declare_facts(
            walk.case.pk,
            walk.actor,
            walk.now,
            name=agency.name,
            uscc=agency.uscc,
            legal_representative=agency.legal_representative,
            account_class="commercial_agency",
        )
        walk.hand_in(client_letter(number, agency, client))

    more = {"papers": papers, "prove": prove, "account_class": "public_service"}
    return [attack_outcome(number, "agency: approval document for a licence", agency, **more)]
