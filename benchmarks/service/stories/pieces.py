"""The papers, companies, people and proofs that the stories use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from benchmarks.service.applicants import NOW, Applicant, Outcome, Paper, Walk, as_pdf, licensed
from documents.specimens import EDITIONS, Company, make_specimen
from documents.specimens.approval import Kind
from documents.specimens.forgery import Attack
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import LAYOUTS, make_letter
from documents.specimens.paper import PaperSpecimen
from documents.uscc import check_character

Story = Callable[[int], list[Outcome]]

LICENCE: Final = "business_licence"
LETTER: Final = "authorization_letter"
HR_LICENCE: Final = "hr_service_licence"
CLIENT: Final = "client_authorization"
APPROVAL: Final = "approval_document"
FREE_MAIL: Final = ("qq.com", "163.com", "foxmail.com", "126.com")
EDITS: Final[tuple[Attack, ...]] = (
    "retyped_digit",
    "copied_digit",
    "pasted_field",
    "painted_over",
    "recaptured",
)
DAMAGES: Final = (
    "scan",
    "phone",
    "light",
    "none",
    "scan",
    "phone",
    "light",
    "pdf",
    "scan",
    "phone",
    "light",
    "hard",
    "turned",
    "scan",
    "phone",
    "light",
    "pdf",
    "phone",
    "hard",
    "blur",
    "scan",
    "phone",
    "light",
    "cropped",
    "glare",
)
"""How honest employers' licences arrive, in turn.

A fifth each come from a scanner, an ordinary phone and a careful one; of the rest, some are PDFs,
some are rotated, and some are so poor that the page asks for another photo.
"""
_BETTER: Final = {
    "hard": ("phone", "light"),
    "blur": ("phone", "light"),
    "cropped": ("phone", "light"),
    "glare": ("phone", "light"),
}
UNLISTED: Final = 10
"""One honest agency in this many is not on the list: it was licensed later, or its province
publishes none.
"""
AGENCY_SCOPE: Final = "人力资源服务（含职业中介活动、劳务派遣）；企业管理咨询；会议及展览服务。"
STEP: Final = 100
"""The distance between stories' numbers; everything in a story is numbered within it."""


def company_of(number: int, kind: Any = None) -> Company:
    return Company.fictitious(number, kind)


def photo(
    number: int, company: Company, damage: str, edition: str = "", **printed: Any
) -> Callable[[], bytes]:
    """Return a function that makes a picture of the company's licence."""
    edition = edition or EDITIONS[number % len(EDITIONS)]

    def shot() -> bytes:
        plain = "none" if damage == "pdf" else damage
        specimen = make_specimen(number, edition=edition, damage=plain, company=company, **printed)
        return as_pdf(specimen.image) if damage == "pdf" else specimen.jpeg()

    return shot


def licence(
    number: int, company: Company, damage: str = "light", edition: str = "", **printed: Any
) -> Paper:
    """Return the licence, with the successive photos that its owner would take."""
    tries = (damage, *_BETTER.get(damage, ("light",)))
    return Paper(
        LICENCE,
        tuple(
            photo(number + i * 7, company, name, edition or EDITIONS[number % 2], **printed)
            for i, name in enumerate(tries)
        ),
    )


def letter(
    number: int, company: Company, kind: str = LETTER, client: Company | None = None, **printed: str
) -> Paper:
    layout = LAYOUTS[number % len(LAYOUTS)] if kind == LETTER else "sentence"
    return Paper(
        kind, (lambda: make_letter(number, layout, "light", company, **printed).jpeg(),), client
    )


def damage_of(number: int) -> str:
    # Both forms meet each damage.
    return DAMAGES[number // 2 % len(DAMAGES)]


def young(number: int) -> Company:
    """A company founded five days ago."""
    day = (NOW - timedelta(days=5)).date()
    company = company_of(number, "company")
    return replace(company, established_on=day, term="长期")


def young_licence(number: int, company: Company) -> Paper:
    return licence(
        number, company, damage="light", edition="landscape", issued_on=company.established_on
    )


def body_of(number: int, kind: Kind) -> Company:
    """An institution set up by the 机构编制 (12), or an association registered by the civil affairs
    authority (51).
    """
    company = company_of(number, "company")
    first17 = {"institution": "12", "association": "51"}[kind] + company.uscc[2:17]
    name = company.name[:4] + {"institution": "公共技术服务中心", "association": "行业协会"}[kind]
    return replace(company, uscc=first17 + check_character(first17), name=name)


def agency_of(number: int) -> Company:
    company = company_of(number, "company")
    name = company.name[:6] + "人力资源有限公司"
    return replace(company, name=name, business_scope=AGENCY_SCOPE)


def hr_specimen(number: int, agency: Company, /, **printed: str) -> PaperSpecimen:
    term = {
        "valid_from": "2024-05-06",
        "valid_until": "2029-05-05",
        "issued_on": "2024-05-06",
    } | printed
    return make_hr_service(number, ("wide", "upright")[number % 2], "light", agency, **term)


def hr_licence(number: int, agency: Company, /, **printed: str) -> Paper:
    return Paper(HR_LICENCE, (lambda: hr_specimen(number, agency, **printed).jpeg(),))


def on_the_list(number: int, agency: Company, /, **printed: str) -> None:
    """Enter the agency's real licence in its province's list, whatever the attacker has forged."""
    fields = hr_specimen(number, agency, **printed).fields
    licensed(agency, fields["number"], date.fromisoformat(fields["valid_until"]))


def client_letter(number: int, agency: Company, client: Company, **printed: str) -> Paper:
    """The client authorises the agency to recruit for it, into the next year."""
    said = {
        "matter": f"由{agency.name}代为发布招聘信息、推荐人才",
        "valid_from": "2026-06-01",
        "valid_until": "2027-05-31",
    } | printed
    return letter(number, client, CLIENT, client, dated_on="2026-06-01", **said)


def colleague_of(walk: Walk, email: str) -> Any:
    """Add a member with a verified address to the walk's employer, by its invitation."""
    from employers.models import Member, User

    user = User.objects.create_user(email, None, email_verified_at=walk.now, joined_at=walk.now)
    return Member.objects.create(
        user=user, employer=walk.member.employer, role="recruiter", joined_at=walk.now
    )


def a_reviewer() -> Any:
    from employers.models import User

    return User.objects.get_or_create(
        email="staff@zizhi.example", defaults={"is_staff": True, "is_superuser": True}
    )[0]


def exclude(case: Any, staff: Any, kinds: Sequence[str] = ()) -> None:
    """Put the case's identifiers on the exclusion list: all of them, or only `kinds`."""
    from verification.checks import exclusion_list
    from verification.models import ExclusionKind

    exclusion_list.exclude_employer(
        case.pk, list(kinds or ExclusionKind), "sold accounts", staff, NOW
    )


def trying(prove: Callable[[Walk], None]) -> Callable[[Walk], None]:
    """Wrap `prove` so that a refusal does not stop the walk."""

    def trying(walk: Walk) -> None:
        from events.core.errors import Refused

        try:
            prove(walk)
        except Refused as refused:
            walk.notes["refused"] = refused.code

    return trying


def honest_applicant(number: int, way: str, company: Company, **more: Any) -> Applicant:
    fields: dict[str, Any] = {
        "papers": [licence(number, company, damage_of(number))],
        "mail_domain": company.domain,
    } | more
    return Applicant(way, True, company, **fields)


def attack_outcome(number: int, kind: str, company: Company, **more: Any) -> Outcome:
    fields: dict[str, Any] = {
        "papers": [licence(number, company)],
        "mail_domain": company.domain,
    } | more
    return Walk(Applicant(kind, False, company, **fields), number).go()
