"""Attacks with an altered licence: its text, its picture or its QR code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from benchmarks.service.applicants import Outcome, Paper, registered
from benchmarks.service.stories.pieces import (
    EDITS,
    LICENCE,
    Story,
    attack_outcome,
    company_of,
    licence,
)
from documents.specimens import Company, make_specimen
from documents.specimens.forgery import EDITORS, Attack, alter_code


def edited_digit(number: int) -> list[Outcome]:
    """One digit of the code is altered, so that its check character is wrong.

    The attacker can read the company's mail.
    """
    company = company_of(number)
    registered(company)
    printed = {
        "uscc": alter_code(company.uscc, number),
        "qr_uscc": "" if number % 2 else company.uscc,
    }
    return [
        attack_outcome(
            number,
            "edited: a digit of the code",
            company,
            papers=[licence(number, company, **printed)],
        )
    ]


def edited_code(number: int) -> list[Outcome]:
    """Another company's valid code on the attacker's own licence, to impersonate it."""
    mine, other = company_of(number), company_of(number + 31)
    registered(mine)
    registered(other)
    declared = replace(mine, uscc=other.uscc)
    papers = [licence(number, mine, uscc=other.uscc, qr_uscc=other.uscc)]
    return [attack_outcome(number, "edited: another's code", declared, papers=papers)]


def edited_name(number: int) -> list[Outcome]:
    """A better-known company's name on the attacker's own licence."""
    mine, other = company_of(number), company_of(number + 31)
    registered(mine)
    registered(other)
    return [
        attack_outcome(
            number,
            "edited: another's name",
            replace(mine, name=other.name),
            papers=[licence(number, mine, name=other.name)],
        )
    ]


def edited_character(number: int) -> list[Outcome]:
    """One character of the name is altered."""
    mine = company_of(number)
    registered(mine)
    at = len(mine.name) // 3
    name = mine.name[:at] + ("海" if mine.name[at] != "海" else "江") + mine.name[at + 1 :]
    return [
        attack_outcome(
            number,
            "edited: a character of the name",
            replace(mine, name=name),
            papers=[licence(number, mine, name=name)],
        )
    ]


def edited_person(number: int) -> list[Outcome]:
    """Another person as legal representative; the attacker can read the company's mail."""
    company, thief = company_of(number), company_of(number + 47).legal_representative
    if thief == company.legal_representative:
        thief = "程问渠"
    registered(company)
    declared = replace(company, legal_representative=thief)
    return [
        attack_outcome(
            number,
            "edited: the person",
            declared,
            papers=[licence(number, company, legal_representative=thief)],
        )
    ]


def in_an_editor(attack: Attack, reads_mail: bool = False) -> Story:
    """A borrowed company's photo, edited by a thief whose address resembles the company's.

    A thief who reads the company's own mail thereby has authority; only the picture can give them
    away.
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
        return [
            attack_outcome(number, f"{kind}: {attack}", company, papers=papers, mail_domain=domain)
        ]

    return story


def named_editor(number: int) -> list[Outcome]:
    """One of those edits, by an editor that leaves its name in the file; the attacker can read the
    company's mail.
    """
    company = company_of(number, "company")
    registered(company)
    shot = altered(number, EDITS[number % len(EDITS)], company, EDITORS[number % len(EDITORS)])
    return [
        attack_outcome(
            number, "in an editor that leaves its name", company, papers=[Paper(LICENCE, (shot,))]
        )
    ]


def altered(number: int, attack: Attack, company: Company, editor: str = "") -> Callable[[], bytes]:
    """Return a function that makes a photo of the company's licence after `attack`."""

    def shot() -> bytes:
        import numpy as np

        from documents.licence.read import read_pages
        from documents.specimens.forgery import Photo, attack_photo, save_as_editor

        donor = company_of(number + 31, "company")
        pictures = [
            make_specimen(number + i, "landscape", "phone", each).image
            for i, each in enumerate((company, donor))
        ]
        needs_donor = attack == "pasted_field"
        photos = [
            Photo(np.asarray(picture), read_pages([picture]).lines)
            for picture in pictures[: 1 + needs_donor]
        ]
        edit = attack_photo(photos[0], attack, number, photos[-1] if needs_donor else None)
        return save_as_editor(edit[0] if edit else photos[0].picture, 88, editor)

    return shot


def forged_qr(number: int) -> list[Outcome]:
    """A QR code that names another company; everything else is correct."""
    company, other = company_of(number), company_of(number + 31)
    registered(company)
    return [
        attack_outcome(
            number,
            "forged QR code",
            company,
            papers=[licence(number, company, edition="landscape", qr_uscc=other.uscc)],
        )
    ]


def foreign_qr(number: int) -> list[Outcome]:
    """A QR code pasted over the printed one leads to a page of the thief's; the thief can read the
    company's mail.
    """
    company = company_of(number)
    registered(company)

    def shot() -> bytes:
        import numpy as np
        import zxingcpp

        from documents.licence.read import picture_of, qr_code
        from documents.specimens.forgery import save_as_editor

        image = make_specimen(number, "landscape", "scan", company).image
        printed = qr_code(picture_of(image))
        if printed is not None:
            x0, y0, x1, y1 = printed.region
            address = f"https://www.gsxt.gov.cn.{company.domain}/index.html?uniscid={company.uscc}"
            pasted = zxingcpp.write_barcode_to_image(
                zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode)
            )
            image.paste(Image.fromarray(np.asarray(pasted)).resize((x1 - x0, y1 - y0)), (x0, y0))
        return save_as_editor(np.asarray(image), 88)

    return [
        attack_outcome(number, "QR code to another host", company, papers=[Paper(LICENCE, (shot,))])
    ]
