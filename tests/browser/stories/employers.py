"""The classes of employers of the stories: who they are, what the register says of them, and
pictures of their documents.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from django.utils import timezone
from PIL import Image

from documents.papers.hr_service import number_key
from documents.specimens import Company, make_specimen
from documents.specimens.approval import Kind as Certificate
from documents.specimens.approval import make_approval
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import make_letter
from employers.models import AccountClass
from tests.factories import make_uscc
from verification.models import DocumentKind, HrLicenceRecord, RegistryRecord

LICENCE, APPROVAL = DocumentKind.BUSINESS_LICENCE, DocumentKind.APPROVAL_DOCUMENT
AGENCY, CLIENT = DocumentKind.HR_SERVICE_LICENCE, DocumentKind.CLIENT_AUTHORIZATION
LETTER = DocumentKind.AUTHORIZATION_LETTER
DIRECT = AccountClass.DIRECT_EMPLOYER
CLIENT_COMPANY: Final = Company.fictitious(711)
OTHER_COMPANY: Final = Company.fictitious(712)
"""Whose licence is uploaded by mistake."""


@dataclass(frozen=True)
class Kind:
    """One class of employer, with one fictitious body of it."""

    body: Company
    account_class: AccountClass = DIRECT
    certificate: Certificate | None = None
    """What set up a body that is not a company."""
    listed: bool = True
    """Whether the register lists it."""
    young: bool = False

    @property
    def paper(self) -> DocumentKind:
        return APPROVAL if self.certificate else LICENCE

    @property
    def is_agency(self) -> bool:
        return self.account_class == AccountClass.COMMERCIAL_AGENCY

    @property
    def slots(self) -> tuple[DocumentKind, ...]:
        """The kinds of documents that its draft takes."""
        return (self.paper, *((AGENCY, CLIENT) if self.is_agency else ()), LETTER)


def _body(number: int, code: str, name: str) -> Company:
    return replace(
        Company.fictitious(number, "company"), name=name, uscc=make_uscc(number, kind=code)
    )


KINDS: Final = {
    "company": Kind(Company.fictitious(701, "company")),
    "sole-trader": Kind(Company.fictitious(702, "individual")),
    "agency": Kind(
        replace(
            Company.fictitious(703, "company"),
            business_scope="人力资源服务；职业中介活动；劳务派遣服务。",
        ),
        AccountClass.COMMERCIAL_AGENCY,
    ),
    "public-service": Kind(
        _body(704, "12", "云溪市人才服务中心"),
        AccountClass.PUBLIC_SERVICE,
        "institution",
        listed=False,
    ),
    "institution": Kind(_body(705, "12", "澜浦市图书馆"), certificate="institution", listed=False),
    "association": Kind(
        _body(706, "51", "云溪市花艺行业协会"), certificate="association", listed=False
    ),
    "young-company": Kind(
        replace(Company.fictitious(707, "company"), term="长期"), listed=False, young=True
    ),
}


def today() -> date:
    return timezone.localdate()


def enter(kind: Kind) -> None:
    """Have the register list the body, and the list of agencies too if it is one."""
    body = kind.body
    RegistryRecord.objects.create(
        uscc=body.uscc,
        name=body.name,
        legal_representative=body.legal_representative,
        status="存续",
        established_on=_established(kind),
        email_domain=body.domain,
        business_scope=body.business_scope,
        as_of=today(),
    )
    if kind.is_agency:
        HrLicenceRecord.objects.create(
            number=number_key(_hr_licence(body, today()).fields["number"]),
            name=body.name,
            uscc=body.uscc,
            valid_until=today() + timedelta(days=700),
            as_of=today(),
        )


def _established(kind: Kind) -> date:
    return today() - timedelta(days=5) if kind.young else kind.body.established_on


def _hr_licence(body: Company, day: date) -> Any:
    until = (day + timedelta(days=700)).isoformat()
    return make_hr_service(703, company=body, valid_until=until, damage="light")


def picture(kind: Kind, of: DocumentKind) -> dict[str, Any]:
    """Return a photograph of one of its documents, as a file to upload."""
    return _file(f"{of}.jpg", _jpeg(kind, of, today()))


@cache
def _jpeg(kind: Kind, of: DocumentKind, day: date) -> bytes:
    body, later = kind.body, (day + timedelta(days=300)).isoformat()
    if of == LICENCE:
        since = replace(body, established_on=_established(kind))
        jpeg: bytes = make_specimen(701, company=since, damage="light").jpeg()
    elif of == APPROVAL:
        assert kind.certificate is not None
        jpeg = make_approval(704, kind.certificate, body, damage="light").jpeg()
    elif of == AGENCY:
        jpeg = _hr_licence(body, day).jpeg()
    elif of == CLIENT:
        letter = make_letter(711, company=CLIENT_COMPANY, platform=body.name, valid_until=later)
        jpeg = letter.jpeg()
    else:
        jpeg = make_letter(701, company=body, valid_until=later).jpeg()
    return jpeg


def wrong_paper(kind: Kind) -> dict[str, Any]:
    """Return the founding document of another body of this class."""
    return _file("other.jpg", _wrong_jpeg(kind))


@cache
def _wrong_jpeg(kind: Kind) -> bytes:
    if kind.certificate:
        return make_approval(712, kind.certificate, OTHER_COMPANY, damage="light").jpeg()
    return make_specimen(712, company=OTHER_COMPANY, damage="light").jpeg()


@cache
def _table() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (900, 640), (200, 190, 180)).save(out, "JPEG")
    return out.getvalue()


def table_top() -> dict[str, Any]:
    """A photograph that shows nothing, taken by mistake."""
    return _file("table.jpg", _table())


def _file(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}
