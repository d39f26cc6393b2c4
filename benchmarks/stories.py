"""Who comes? Honest employers of every class, form and way, and each attack that a document or a
register can show.

A story is one employer, or a few that belong together; its number is the seed of all that is in it.
What is true of each is known from here, and told to nobody but the summary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from PIL import Image

from benchmarks.applicants import (
    NOW,
    Applicant,
    Outcome,
    Paper,
    Walk,
    as_pdf,
    by_code,
    by_deposit,
    by_e_licence,
    licensed,
    listed_after,
    recut,
    registered,
)
from documents.specimens import FORMS, Company, make
from documents.specimens.approval import Kind, make_approval
from documents.specimens.forgery import EDITORS, Attack, edited
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import LAYOUTS, make_letter
from documents.specimens.paper import PaperSpecimen
from documents.uscc import check_character

Story = Callable[[int], list[Outcome]]

LICENCE, LETTER, HR_LICENCE, CLIENT, APPROVAL = (
    "business_licence",
    "authorization_letter",
    "hr_service_licence",
    "client_authorization",
    "approval_document",
)
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
"""How honest employers' licences arrive, in turn: a fifth each from a scanner, an ordinary phone
and a careful one; of the rest some as PDF, on their side, or so poor that the page asks for another
photo.
"""
_BETTER: Final = {
    "hard": ("phone", "light"),
    "blur": ("phone", "light"),
    "cropped": ("phone", "light"),
    "glare": ("phone", "light"),
}
UNLISTED: Final = 10
"""Of so many honest agencies one is not on the list: it was licensed since, or by a province that
publishes none.
"""
AGENCY_SCOPE: Final = "人力资源服务（含职业中介活动、劳务派遣）；企业管理咨询；会议及展览服务。"


# --- What is handed in ----------------------------------------------------------------------------


def company_of(number: int, kind: Any = None) -> Company:
    return Company.fictitious(number, kind)


def photo(
    number: int, company: Company, damage: str, form: str = "", **printed: Any
) -> Callable[[], bytes]:
    """A picture of the company's licence, made when it is asked for."""
    form = form or FORMS[number % len(FORMS)]

    def shot() -> bytes:
        plain = "none" if damage == "pdf" else damage
        specimen = make(number, form=form, damage=plain, company=company, **printed)
        return as_pdf(specimen.image) if damage == "pdf" else specimen.jpeg()

    return shot


def licence(
    number: int, company: Company, damage: str = "light", form: str = "", **printed: Any
) -> Paper:
    """The licence, with the photos that its owner would take one after the other if asked to."""
    tries = (damage, *_BETTER.get(damage, ("light",)))
    return Paper(
        LICENCE,
        tuple(
            photo(number + i * 7, company, name, form or FORMS[number % 2], **printed)
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
    return DAMAGES[number // 2 % len(DAMAGES)]  # both forms meet each damage


# --- Honest ---------------------------------------------------------------------------------------


def _honest(number: int, way: str, company: Company, **more: Any) -> Applicant:
    fields: dict[str, Any] = {
        "papers": [licence(number, company, damage_of(number))],
        "mail_domain": company.domain,
    } | more
    return Applicant(way, True, company, **fields)


def honest_mail(number: int) -> list[Outcome]:
    company = company_of(number)
    registered(company)
    return [Walk(_honest(number, "company mail", company), number).go()]


def honest_code(number: int) -> list[Outcome]:
    company = company_of(number)
    registered(company)
    free = FREE_MAIL[number % len(FREE_MAIL)]
    return [
        Walk(
            _honest(
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
    """A small company without a domain of its own; half of them prove only once the page says what
    is left.
    """
    company = company_of(number)
    registered(company, email_domain="")
    free = FREE_MAIL[number % len(FREE_MAIL)]
    one = _honest(
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
    one = _honest(
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
        vouches.vouch(proof.pk, colleague, walk.now + timedelta(hours=3))

    return [
        Walk(_honest(number, "vouch", company, mail_domain=FREE_MAIL[0], prove=prove), number).go()
    ]


def honest_young_listed(number: int) -> list[Outcome]:
    """Founded days ago: the register lists it after two days."""
    company = young(number)
    waits = listed_after(company, timedelta(days=2))
    one = _honest(
        number,
        "young, listed later",
        company,
        papers=[young_licence(number, company)],
        waits_for=waits,
    )
    return [Walk(one, number).go()]


def honest_young_deposit(number: int) -> list[Outcome]:
    """Founded days ago, not listed yet, and with a bank account in its name: let through on
    condition.
    """
    company = young(number)
    one = _honest(
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
    """One in ten is not on the imported list of licensed agencies, and by the rules a person looks
    at it.
    """
    agency, client = agency_of(number), company_of(number + 31, "company")
    registered(agency)
    if number // _STEP // UNLISTED % UNLISTED:
        on_the_list(number, agency)
    papers = [
        licence(number, agency, damage_of(number)),
        hr_licence(number, agency),
        client_letter(number, agency, client),
    ]
    return [
        Walk(
            _honest(number, "agency", agency, papers=papers, account_class="commercial_agency"),
            number,
        ).go()
    ]


def honest_letter(number: int) -> list[Outcome]:
    """Nothing but a stamped letter, which by the rules a person looks at."""
    company = company_of(number)
    registered(company, email_domain="")
    papers = [licence(number, company, damage_of(number)), letter(number, company)]
    return [
        Walk(
            _honest(number, "letter only", company, papers=papers, mail_domain=FREE_MAIL[1]), number
        ).go()
    ]


def honest_public(number: int) -> list[Outcome]:
    """A public service's approval document, which by the rules a person looks at."""
    company = company_of(number, "company")
    registered(company)
    papers = [
        Paper(APPROVAL, (lambda: make_approval(number, "institution", company, "light").jpeg(),))
    ]
    return [
        Walk(
            _honest(
                number, "public service", company, papers=papers, account_class="public_service"
            ),
            number,
        ).go()
    ]


def honest_body(kind: Kind) -> Story:
    """A body that has no business licence: its certificate, which by the rules a person looks
    at.
    """

    def story(number: int) -> list[Outcome]:
        body = body_of(number, kind)
        papers = [Paper(APPROVAL, (lambda: make_approval(number, kind, body, "light").jpeg(),))]
        return [
            Walk(
                _honest(number, kind, body, papers=papers, prove=by_deposit(body.name)), number
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
"""Of forty-two honest employers, how many come which way."""


# --- Attacks: the licence is altered --------------------------------------------------------------


def _attack(number: int, kind: str, company: Company, **more: Any) -> Outcome:
    fields: dict[str, Any] = {
        "papers": [licence(number, company)],
        "mail_domain": company.domain,
    } | more
    return Walk(Applicant(kind, False, company, **fields), number).go()


def edited_digit(number: int) -> list[Outcome]:
    """One digit of the code altered, so that its check character is wrong.

    Whoever did it can read the company's mail.
    """
    company = company_of(number)
    registered(company)
    printed = {"uscc": edited(company.uscc, number), "qr_uscc": "" if number % 2 else company.uscc}
    return [
        _attack(
            number,
            "edited: a digit of the code",
            company,
            papers=[licence(number, company, **printed)],
        )
    ]


def edited_code(number: int) -> list[Outcome]:
    """Another company's valid code on one's own licence, to be taken for it."""
    mine, other = company_of(number), company_of(number + 31)
    registered(mine)
    registered(other)
    declared = replace(mine, uscc=other.uscc)
    papers = [licence(number, mine, uscc=other.uscc, qr_uscc=other.uscc)]
    return [_attack(number, "edited: another's code", declared, papers=papers)]


def edited_name(number: int) -> list[Outcome]:
    """A better known company's name on one's own licence."""
    mine, other = company_of(number), company_of(number + 31)
    registered(mine)
    registered(other)
    return [
        _attack(
            number,
            "edited: another's name",
            replace(mine, name=other.name),
            papers=[licence(number, mine, name=other.name)],
        )
    ]


def edited_character(number: int) -> list[Outcome]:
    """One character of the name altered."""
    mine = company_of(number)
    registered(mine)
    at = len(mine.name) // 3
    name = mine.name[:at] + ("海" if mine.name[at] != "海" else "江") + mine.name[at + 1 :]
    return [
        _attack(
            number,
            "edited: a character of the name",
            replace(mine, name=name),
            papers=[licence(number, mine, name=name)],
        )
    ]


def edited_person(number: int) -> list[Outcome]:
    """Another person as legal representative; whoever did it can read the company's mail."""
    company, thief = company_of(number), company_of(number + 47).legal_representative
    if thief == company.legal_representative:
        thief = "程问渠"
    registered(company)
    declared = replace(company, legal_representative=thief)
    return [
        _attack(
            number,
            "edited: the person",
            declared,
            papers=[licence(number, company, legal_representative=thief)],
        )
    ]


def in_an_editor(attack: Attack, reads_mail: bool = False) -> Story:
    """A borrowed company's photo opened in a picture editor, by a thief with an address that looks
    like the company's.

    One who reads the company's own mail has authority by it, and only what is wrong with the
    picture to be caught by.
    """

    def story(number: int) -> list[Outcome]:
        company = company_of(number, "company")
        registered(company)
        kind, domain = (
            ("reads the company's mail", company.domain)
            if reads_mail
            else ("in an editor", "hr-" + company.domain)
        )
        papers = [Paper(LICENCE, (altered(number, attack, company),))]
        return [_attack(number, f"{kind}: {attack}", company, papers=papers, mail_domain=domain)]

    return story


def named_editor(number: int) -> list[Outcome]:
    """One of those edits, by an editor that leaves its name in the file; whoever did it can read
    the company's mail.
    """
    company = company_of(number, "company")
    registered(company)
    shot = altered(number, EDITS[number % len(EDITS)], company, EDITORS[number % len(EDITORS)])
    return [
        _attack(
            number, "in an editor that leaves its name", company, papers=[Paper(LICENCE, (shot,))]
        )
    ]


def altered(number: int, attack: Attack, company: Company, editor: str = "") -> Callable[[], bytes]:
    """A photo of the company's licence after `attack`, made when it is asked for."""

    def shot() -> bytes:
        import numpy as np

        from documents.licence.read import read_pages
        from documents.specimens.forgery import Photo, attacked, saved

        donor = company_of(number + 31, "company")
        pictures = [
            make(number + i, "landscape", "phone", each).image
            for i, each in enumerate((company, donor))
        ]
        needs_donor = attack == "pasted_field"
        photos = [
            Photo(np.asarray(picture), read_pages([picture]).lines)
            for picture in pictures[: 1 + needs_donor]
        ]
        edit = attacked(photos[0], attack, number, photos[-1] if needs_donor else None)
        return saved(edit[0] if edit else photos[0].picture, 88, editor)

    return shot


def forged_qr(number: int) -> list[Outcome]:
    """A QR code that names another company; all else is as it should be."""
    company, other = company_of(number), company_of(number + 31)
    registered(company)
    return [
        _attack(
            number,
            "forged QR code",
            company,
            papers=[licence(number, company, form="landscape", qr_uscc=other.uscc)],
        )
    ]


def foreign_qr(number: int) -> list[Outcome]:
    """A QR code pasted over the printed one, to a page that says what the thief likes; who did it
    can read the company's mail.
    """
    company = company_of(number)
    registered(company)

    def shot() -> bytes:
        import numpy as np
        import zxingcpp

        from documents.licence.read import picture_of, qr_code
        from documents.specimens.forgery import saved

        image = make(number, "landscape", "scan", company).image
        printed = qr_code(picture_of(image))
        if printed is not None:
            x0, y0, x1, y1 = printed.region
            address = f"https://www.gsxt.gov.cn.{company.domain}/index.html?uniscid={company.uscc}"
            pasted = zxingcpp.write_barcode_to_image(
                zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode)
            )
            image.paste(Image.fromarray(np.asarray(pasted)).resize((x1 - x0, y1 - y0)), (x0, y0))
        return saved(np.asarray(image), 88)

    return [_attack(number, "QR code to another host", company, papers=[Paper(LICENCE, (shot,))])]


# --- Attacks: a real company's licence, borrowed or bought ----------------------------------------


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
            prove = _trying(
                by_deposit(company_of(number + 31).name, company.name if number % 2 else "")
            )
        elif how == "another's e-licence":
            prove = _trying(by_e_licence(company_of(number + 31)))
        return [
            _attack(
                number, f"borrowed: {how}", company, papers=papers, mail_domain=domain, prove=prove
            )
        ]

    return story


def borrowed_of_a_customer(number: int) -> list[Outcome]:
    """The company is with us already, approved."""
    company = company_of(number)
    registered(company)
    owner = Walk(
        _honest(number, "company mail", company, papers=[licence(number, company)]), number
    ).go()
    return [
        owner,
        _attack(
            number + 50, "borrowed: of a customer", company, mail_domain="hr-" + company.domain
        ),
    ]


def owner_after_a_thief(number: int) -> list[Outcome]:
    """A thief was let through by a reviewer who was fooled; then the company itself comes, and says
    so.
    """
    from verification.cases import operations
    from verification.reviewing import claims

    company, staff = company_of(number), a_reviewer()
    registered(company)
    thief = Walk(
        Applicant("", False, company, [licence(number, company)], "hr-" + company.domain), number
    )
    thief.go()
    claims.claim(thief.case.pk, staff, thief.now)
    operations.approve(thief.case.pk, staff, thief.now)
    owner = _honest(
        number + 50, "after a thief", company, papers=[licence(number + 50, company)], contest=True
    )
    return [Walk(owner, number + 50, thief.now).go()]


def proof_of_another(number: int) -> list[Outcome]:
    """Proves authority over its own shell, and then declares another company."""
    shell, wanted = company_of(number), company_of(number + 31)
    registered(shell)
    registered(wanted)

    def prove(walk: Walk) -> None:
        from verification.cases import operations

        by_deposit(shell.name)(walk)
        operations.declare(
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
        _attack(
            number,
            "borrowed: proof of another company",
            shell,
            papers=papers,
            mail_domain=FREE_MAIL[2],
            prove=prove,
        )
    ]


def vouch_ring(number: int) -> list[Outcome]:
    """Two who have proven nothing vouch for each other."""
    company = company_of(number)
    registered(company)

    def prove(walk: Walk) -> None:
        from events.core.errors import Refused
        from verification.authority import vouches

        friend = colleague_of(walk, f"friend{walk.number}@{FREE_MAIL[3]}")
        for asks, answers in ((walk.member, friend), (friend, walk.member)):
            try:
                proof = vouches.ask_vouch(asks, answers, walk.now)
                vouches.vouch(proof.pk, answers, walk.now)
            except Refused as refused:
                walk.notes.setdefault("refused", []).append(refused.code)

    return [_attack(number, "vouch ring", company, mail_domain=FREE_MAIL[3], prove=prove)]


def kit(number: int) -> list[Outcome]:
    """A set that is sold to many: one picture, for each buyer cut and saved anew."""
    company = company_of(number)
    registered(company)
    picture = make(number, FORMS[number % 2], "phone", company).image
    told = []
    for buyer, (share, quality) in enumerate(((1.0, 88), (0.95, 60), (0.93, 40))):
        papers = [
            Paper(LICENCE, ((lambda share=share, quality=quality: recut(picture, share, quality)),))
        ]
        told.append(
            _attack(
                number + 50 + buyer,
                "kit: one picture for many",
                company,
                papers=papers,
                mail_domain=FREE_MAIL[buyer],
            )
        )
    return told


def one_device(number: int) -> list[Outcome]:
    """Pictures of many companies, handed in from one device and one phone."""
    told = []
    for at in range(4):
        company = company_of(number + 11 * at)
        registered(company)
        more = {
            "device": f"device-{number}",
            "phone": f"+86138{number % 10**8:08d}",
            "mail_domain": f"hr{at}-" + company.domain,
        }
        told.append(_attack(number + 11 * at, "kit: one device, many companies", company, **more))
    return told


def excluded_returns(number: int) -> list[Outcome]:
    """Put on the exclusion list, and back: with the same code, or with another company on the same
    device and phone.
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
        _attack(number + 50, "excluded: same code", first, papers=[licence(number + 50, first)])
    ]
    told.append(
        _attack(
            number + 31,
            "excluded: same device and phone",
            second,
            papers=[licence(number + 31, second)],
            **ties,
        )
    )
    return told


def excluded_picture(number: int) -> list[Outcome]:
    """A borrowed licence of which only the picture was excluded, since the company is innocent:
    cut, saved anew, and sent in by somebody with another device who can read the company's mail.
    """
    from verification.models import Case, ExclusionKind

    company = company_of(number)
    registered(company)
    picture = make(number, FORMS[number % 2], "phone", company).image
    before = Walk(
        Applicant(
            "", False, company, [Paper(LICENCE, (lambda: recut(picture, 1.0, 88),))], FREE_MAIL[0]
        ),
        number,
    )
    before.go()
    exclude(Case.objects.get(pk=before.case.pk), a_reviewer(), [ExclusionKind.IMAGE])
    again = [Paper(LICENCE, (lambda: recut(picture, 0.95, 60),))]
    return [_attack(number + 50, "excluded: same picture", company, papers=again)]


# --- Attacks: the company is none, or not what it says --------------------------------------------


def invented(number: int) -> list[Outcome]:
    """No such company; a forger can print any date, so it says that it is days old.

    It has a domain, and reads its mail.
    """
    company = young(number)
    return [
        _attack(
            number,
            "shell: invented, a fresh date",
            company,
            papers=[young_licence(number, company)],
        )
    ]


def invented_with_account(number: int) -> list[Outcome]:
    """The same, with a bank account that is in another name."""
    company = young(number)
    prove = _trying(by_deposit(company_of(number + 31).name, company.name))
    papers = [young_licence(number, company)]
    return [
        _attack(number, "shell: invented, another's account", company, papers=papers, prove=prove)
    ]


def invented_old(number: int) -> list[Outcome]:
    company = company_of(number)
    return [_attack(number, "shell: not in the register", company)]


def not_in_order(status: str, listed: str = "") -> Story:
    """A company whose own people come, with all proofs; the register says that it may not trade, or
    is listed.
    """

    def story(number: int) -> list[Outcome]:
        company = company_of(number)
        registered(company, status=status, **({listed: True} if listed else {}))
        return [_attack(number, f"register: {listed or status}", company)]

    return story


def nominee(number: int) -> list[Outcome]:
    """A shell of a hundred days, whose legal representative lends their name to nine more; its own
    people come, with its own mail.
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
    papers = [licence(number, shell, form="landscape", issued_on=day)]
    return [_attack(number, "shell: a nominee of many young ones", shell, papers=papers)]


def agency_unlicensed(number: int) -> list[Outcome]:
    """An agency by its scope, which calls itself a direct employer."""
    agency = agency_of(number)
    registered(agency)
    return [_attack(number, "agency: no licence", agency)]


def agency_scope_hidden(number: int) -> list[Outcome]:
    """The same, on a licence printed with another scope."""
    agency = agency_of(number)
    registered(agency)
    papers = [licence(number, agency, business_scope=company_of(number, "company").business_scope)]
    return [_attack(number, "agency: scope hidden", agency, papers=papers)]


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
        _attack(
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
        _attack(
            number,
            "agency: another's licence",
            agency,
            papers=papers,
            account_class="commercial_agency",
        )
    ]


def agency_drawn_licence(number: int) -> list[Outcome]:
    """A licence drawn in one's own name: with an invented number, that of another agency, or the
    term of one's own prolonged.
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
        _attack(
            number,
            "agency: a licence drawn in its own name",
            agency,
            papers=papers,
            account_class="commercial_agency",
        )
    ]


def agency_drawn_letter(number: int) -> list[Outcome]:
    """A licensed agency's, with a client's letter that it has drawn itself: without a seal, or for
    another agency's name.
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
    """The same, with all that a letter has to say, and a seal."""
    agency = agency_of(number)
    drawn = client_letter(number, agency, company_of(number + 31, "company"))
    return [_with_letter(number, "agency: a client's letter drawn well", agency, drawn, apart=True)]


def _with_letter(
    number: int, kind: str, agency: Company, letter_of_client: Paper, *, apart: bool = False
) -> Outcome:
    registered(agency)
    on_the_list(number, agency)
    papers = [licence(number, agency), hr_licence(number, agency), letter_of_client]
    return _attack(
        number, kind, agency, papers=papers, account_class="commercial_agency", apart=apart
    )


def agency_approval_for_licence(number: int) -> list[Outcome]:
    """No business licence: any picture as an approval document, uploaded as a public service's, and
    then an agency again.
    """
    agency, client = agency_of(number), company_of(number + 31, "company")
    registered(agency)
    papers = [
        Paper(APPROVAL, (photo(number, company_of(number + 41, "company"), "scan"),)),
        hr_licence(number, agency),
    ]

    def prove(walk: Walk) -> None:
        from verification.cases import operations

        operations.declare(
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
    return [_attack(number, "agency: approval document for a licence", agency, **more)]


ATTACKS: Final[tuple[Story, ...]] = (
    edited_digit,
    edited_code,
    edited_name,
    edited_character,
    edited_person,
    in_an_editor("retyped_digit"),
    in_an_editor("copied_digit"),
    in_an_editor("pasted_field"),
    in_an_editor("painted_over"),
    in_an_editor("recaptured"),
    *(in_an_editor(attack, reads_mail=True) for attack in EDITS),
    forged_qr,
    nominee,
    borrowed("free mail"),
    borrowed("look-alike domain"),
    borrowed("a drawn letter"),
    borrowed("another's bank account"),
    borrowed("another's e-licence"),
    borrowed_of_a_customer,
    proof_of_another,
    vouch_ring,
    kit,
    one_device,
    excluded_returns,
    invented,
    invented_with_account,
    invented_old,
    not_in_order("吊销"),
    not_in_order("注销"),
    not_in_order("迁出"),
    not_in_order("存续", "abnormal_list"),
    not_in_order("存续", "serious_violation_list"),
    agency_unlicensed,
    agency_scope_hidden,
    agency_expired,
    agency_borrowed_licence,
    agency_drawn_licence,
    agency_drawn_letter,
    agency_well_drawn_letter,
    agency_approval_for_licence,
    named_editor,
    foreign_qr,
    excluded_picture,
    owner_after_a_thief,
)
"""Each comes as often as the others."""
SHARE_HONEST: Final = 0.55
_STEP: Final = 100
"""Numbers between stories: what belongs to one is numbered within."""


def planned(seed: int, count: int) -> Iterator[tuple[str, int, int]]:
    """Which stories are told for at least `count` employers:

    `honest` or `attack`, which of the table, and its number.
    """
    honest = [index for index, (_, weight) in enumerate(HONEST) for _ in range(weight)]
    first, number = seed * 1_000_000, 0
    wanted = round(count * SHARE_HONEST)
    for at in range(wanted):
        # Spread over the table, so that a small count meets many ways.
        yield "honest", honest[at * 17 % len(honest)], first + number * _STEP + at % 10
        number += 1
    several = {"kit": 3, "one_device": 4, "excluded_returns": 2, "borrowed_of_a_customer": 2}
    left, at = count - wanted, 0
    while left > 0:
        story = ATTACKS[at % len(ATTACKS)]
        yield "attack", at % len(ATTACKS), first + number * _STEP + at // len(ATTACKS)
        left -= several.get(getattr(story, "__name__", ""), 1)
        number, at = number + 1, at + 1


def told(which: str, index: int, number: int) -> list[Outcome]:
    """Tell one story."""
    story = HONEST[index][0] if which == "honest" else ATTACKS[index]
    return story(number)


# --- Pieces ---------------------------------------------------------------------------------------


def young(number: int) -> Company:
    """A company of five days."""
    day = (NOW - timedelta(days=5)).date()
    company = company_of(number, "company")
    return replace(company, established_on=day, term="长期")


def young_licence(number: int, company: Company) -> Paper:
    return licence(
        number, company, damage="light", form="landscape", issued_on=company.established_on
    )


def body_of(number: int, kind: Kind) -> Company:
    """An institution set up by the 机构编制 (12), or an association registered by the civil affairs
    (51).
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
    """The agency's licence as its province publishes it, whatever somebody may have drawn."""
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
    """Somebody who joined the walk's employer by its invitation, with a verified address."""
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
    """Put what the case is known by on the exclusion list: everything, unless `kinds` are named."""
    from verification.checks import exclusion_list
    from verification.models import ExclusionKind

    exclusion_list.exclude(case.pk, list(kinds or ExclusionKind), "sold accounts", staff, NOW)


def _trying(prove: Callable[[Walk], None]) -> Callable[[Walk], None]:
    """`prove`, by somebody who goes on when it is refused."""

    def trying(walk: Walk) -> None:
        from events.core.errors import Refused

        try:
            prove(walk)
        except Refused as refused:
            walk.notes["refused"] = refused.code

    return trying
