"""Tests of the observations of the check of an agency's licence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from documents.ocr import READERS
from documents.ocr.base import Picture
from documents.page.boxes import TextBox
from documents.papers.hr_service import number_key
from documents.specimens import Company
from documents.specimens.hr_service import make_hr_service
from documents.specimens.letter import make_letter
from events.core.errors import ProviderUnavailable
from tests.conftest import require
from tests.factories import make_case, make_document, make_member, make_reviewer
from tests.verification.checks.agency_papers import AGENCY, DIRECT, OTHER, USCC, reading
from verification.cases import operations
from verification.checks.agency import hr_licence_list
from verification.checks.agency.check import AgencyLicence, ServiceLicence
from verification.decision.pipeline import subject_of
from verification.intake import early_reading
from verification.models import (
    Case,
    ClientAuthorisation,
    DocumentKind,
    DocumentReading,
    HrLicenceRecord,
    Statement,
)
from verification.reviewing import claims
from verification.rules.findings import Severity
from verification.rules.states import State


def test_the_registers_scope_is_better_than_what_was_read() -> None:
    register = {"registry": {"record": {"business_scope": "职业中介活动"}}}
    observation = AgencyLicence().observe(DIRECT, reading("软件开发") | register)
    assert observation["agency_words"] == ["职业中介"] and observation["scope_from"] == "registry"
    assert AgencyLicence().judge(DIRECT, {}, observation)[0].code == "agency_licence_missing"


@pytest.mark.parametrize(
    ("uscc", "expected"),
    [(USCC, True), ("91440300" + USCC[8:], False), ("91440400" + USCC[8:], False)],
)
def test_where_licences_print_no_scope_nobody_is_blamed_for_it(uscc: str, expected: bool) -> None:
    assert (
        AgencyLicence().observe(replace(DIRECT, uscc=uscc), reading(""))["scope_expected"]
        is expected
    )


def test_a_reading_that_broke_is_survived() -> None:
    observation = AgencyLicence().observe(
        DIRECT, {"reading": {"broken": "x"}, "registry": {"broken": "x"}}
    )
    assert (
        AgencyLicence().judge(DIRECT, {}, observation)[0].severity is Severity.PASS
    )  # `check_incomplete` covers this


@dataclass
class Script:
    """A reader that returns these lines for every page, or fails."""

    says: Sequence[str] | Exception
    name: str = "script"
    version: str = "1"

    def available(self) -> bool:
        return True

    def read(self, image: Picture) -> list[TextBox]:
        if isinstance(self.says, Exception):
            raise self.says
        return [
            TextBox(
                text,
                0.999,
                (
                    (10, 60 * i),
                    (10 + 20 * len(text), 60 * i),
                    (10 + 20 * len(text), 60 * i + 20),
                    (10, 60 * i + 20),
                ),
            )
            for i, text in enumerate(self.says)
        ]


LETTER = (
    "授权委托书",
    "兹有云溪市甲有限公司委托林知白同志代表云溪市示例",
    "人力资源有限公司办理招聘相关事宜。",
    "有效期自2026年01月01日起至2027年01月01日止。",
)
LICENCE = (
    "人力资源服务许可证",
    "许可证编号：990108230123",
    f"单位名称：{AGENCY}",
    "服务范围：职业中介活动",
    "有效期至：2028年05月09日",
)


def agency_case(now: datetime, kind: str, **fields: Any) -> Case:
    member = make_member(now)
    case = make_case(member, now, State.CHECKING)
    Case.objects.filter(pk=case.pk).update(account_class="commercial_agency", declared_name=AGENCY)
    document = make_document(case, now, kind=kind)
    jpeg = BytesIO()
    Image.new("RGB", (600, 400), "white").save(jpeg, "JPEG")
    document.pages.update(image=default_storage.save("page.jpg", ContentFile(jpeg.getvalue())))
    if fields:
        ClientAuthorisation.objects.create(
            employer=member.employer, document=document, added_at=now, **fields
        )
    case.refresh_from_db()
    return case


@pytest.mark.django_db
def test_a_licence_is_read_from_its_pages(now: datetime) -> None:
    subject = subject_of(agency_case(now, DocumentKind.HR_SERVICE_LICENCE), now)
    observation = AgencyLicence([Script(LICENCE)]).observe(subject, {})
    assert (
        observation["licence"]["titled"]
        and observation["licence"]["fields"]["number"] == "990108230123"
    )
    assert [f.code for f in AgencyLicence().judge(subject, {}, observation)] == [
        "agency_licence_unconfirmed",
        "agency_client_missing",
    ]
    # The documents of a direct employer are not read, because it needs no licence.
    assert (
        AgencyLicence([Script(ProviderUnavailable("down"))]).observe(
            replace(subject, account_class="direct_employer"), {}
        )["licence"]
        is None
    )


@pytest.mark.django_db
def test_a_licence_is_read_when_it_comes_in_to_be_looked_at_and_not_again(
    now: datetime, client: Client
) -> None:
    case = agency_case(now, DocumentKind.HR_SERVICE_LICENCE)
    Case.objects.filter(pk=case.pk).update(state=State.DRAFT)
    document, member = case.documents.get(), case.employer.members.get()
    DocumentReading.objects.create(document=document, due_at=now)
    assert early_reading.read_document(
        document.pk, lambda: now, 60, ServiceLicence([Script(LICENCE)])
    )
    client.force_login(member.user)
    page = client.get("/case/", headers={"accept-language": "en"}).content.decode()
    for field, value in (
        ("number", "990108230123"),
        ("scope", "职业中介活动"),
        ("valid_until", "9 May 2028"),
    ):
        assert f'name="{field}"' in page and value in page
    crop = client.get(f"/case/documents/{document.pk}/reading/number/")
    assert crop.status_code == 200 and crop["content-type"] == "image/jpeg"
    assert client.get(f"/case/documents/{document.pk}/reading/term/").status_code == 404, (
        "licences do not contain this field"
    )
    client.post(
        f"/case/documents/{document.pk}/reading/said/",
        {"valid_until": "2028-06-09", "term": "长期"},
    )
    said = dict(Statement.objects.values_list("field", "said"))
    assert (said["valid_until"], said["number"]) == (
        "2028-06-09",
        "990108230123",
    ) and "term" not in said
    down = AgencyLicence([Script(ProviderUnavailable("down"))])
    assert (
        down.observe(subject_of(case, now), {})["licence"]["fields"]["valid_until"] == "2028-05-09"
    ), "as it was read"
    DocumentReading.objects.update(version="0")
    with pytest.raises(ProviderUnavailable):
        down.observe(subject_of(case, now), {})


@pytest.mark.django_db
def test_a_clients_letter_is_read_and_of_its_people_nothing_is_kept(now: datetime) -> None:
    fields = {
        "client_name": "云溪市甲有限公司",
        "client_uscc": OTHER,
        "valid_until": date(2026, 12, 31),
    }
    subject = subject_of(agency_case(now, DocumentKind.CLIENT_AUTHORIZATION, **fields), now)
    (client,) = AgencyLicence([Script(LETTER)]).observe(subject, {})["clients"]
    assert client["fields"] == {"company": "云溪市甲有限公司", "valid_until": "2027-01-01"}
    assert client["names_agency"] is True, "its name takes two lines"
    assert (client["declared"], client["declared_until"]) == ("云溪市甲有限公司", "2026-12-31")
    assert "林知白" not in str(client)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("title", "titled"),
    [
        ("委托招聘授权书", True),
        ("授权委托书", True),
        ("委托招聘函", False),
        ("关于委托书如何填写的说明", False),
    ],
)
def test_the_title_of_a_clients_letter(title: str, titled: bool, now: datetime) -> None:
    subject = subject_of(agency_case(now, DocumentKind.CLIENT_AUTHORIZATION), now)
    (client,) = AgencyLicence([Script((title, *LETTER[1:]))]).observe(subject, {})["clients"]
    assert client["titled"] is titled


@pytest.mark.django_db
def test_an_ended_client_is_looked_at_no_more(now: datetime) -> None:
    fields = {"client_name": "云溪市甲有限公司", "client_uscc": OTHER, "ended_at": now}
    subject = subject_of(agency_case(now, DocumentKind.CLIENT_AUTHORIZATION, **fields), now)
    assert (
        AgencyLicence([Script(ProviderUnavailable("down"))]).observe(subject, {})["clients"] == []
    )


@pytest.mark.reading
@pytest.mark.django_db
@pytest.mark.accuracy
def test_with_real_pictures_and_readers(now: datetime) -> None:
    require("a reader", any(reader.available() for reader in READERS))
    company, client = Company.fictitious(41, "company"), Company.fictitious(42, "company")
    matter = f"发布招聘信息等招聘事宜，由{company.name}代理"
    pictures = {
        DocumentKind.HR_SERVICE_LICENCE: make_hr_service(
            41, "wide", "light", company, valid_until="2028-05-09"
        ),
        DocumentKind.CLIENT_AUTHORIZATION: make_letter(
            42, "sentence", "light", client, matter=matter, valid_until="2027-01-01"
        ),
    }
    case = agency_case(now, DocumentKind.HR_SERVICE_LICENCE)
    make_document(case, now, kind=DocumentKind.CLIENT_AUTHORIZATION)
    Case.objects.filter(pk=case.pk).update(declared_name=company.name, declared_uscc=company.uscc)
    case.refresh_from_db()
    for document in case.documents.all():
        jpeg = BytesIO()
        pictures[DocumentKind(document.kind)].image.save(jpeg, "JPEG", quality=92)
        document.pages.update(image=default_storage.save("page.jpg", ContentFile(jpeg.getvalue())))
    subject = subject_of(case, now)
    unlisted = AgencyLicence().judge(subject, {}, AgencyLicence().observe(subject, {}))
    assert [finding.code for finding in unlisted] == [
        "agency_licence_unconfirmed",
        "agency_client_agrees",
    ], "anyone can forge one"
    number = number_key(
        make_hr_service(41, "wide", "light", company, valid_until="2028-05-09").fields["number"]
    )
    HrLicenceRecord.objects.create(number=number, name=company.name, as_of=now.date())
    findings = AgencyLicence().judge(subject, {}, AgencyLicence().observe(subject, {}))
    assert [finding.code for finding in findings] == [
        "agency_licence_agrees",
        "agency_client_agrees",
    ], findings
    other = replace(subject, name=client.name, uscc=client.uscc)
    assert {
        f.code for f in AgencyLicence().judge(other, {}, AgencyLicence().observe(other, {}))
    } >= {"agency_licence_mismatch"}


NUMBER = "(澜)人服证字〔2023〕第0001123号"


@pytest.mark.parametrize(
    "printed", [NUMBER, "（澜）人服证字[2023]第0001123号", " 澜 人服证字(2023)第０００１１２３号"]
)
def test_a_number_is_one_however_it_is_printed(printed: str) -> None:
    assert number_key(printed) == "澜人服证字2023第0001123号"


@pytest.mark.django_db
def test_the_number_is_looked_up_and_with_whom_else_it_was_approved(now: datetime) -> None:
    HrLicenceRecord.objects.create(
        number=number_key(NUMBER),
        name=AGENCY,
        valid_until=date(2028, 5, 9),
        as_of=date(2026, 11, 1),
    )
    member, rival = make_member(now), make_member(now)
    before, mine = make_case(rival, now, State.IN_REVIEW), make_case(member, now, State.CHECKING)
    hr_licence_list.look_up(NUMBER, subject_of(before, now))
    subject = subject_of(mine, now)
    record = {"name": AGENCY, "uscc": "", "valid_until": "2028-05-09", "as_of": "2026-11-01"}
    nobody = {"number": number_key(NUMBER), "record": record, "approved_with": []}
    assert hr_licence_list.look_up(NUMBER, subject) == nobody, (
        "a picture in an unapproved case counts against no one"
    )
    claims.claim_case(before.pk, reviewer := make_reviewer(now), now)
    operations.approve_case(before.pk, reviewer, now)
    assert hr_licence_list.look_up(NUMBER, subject)["approved_with"] == [str(rival.employer_id)]
    assert hr_licence_list.look_up(NUMBER, subject_of(before, now))["approved_with"] == [], (
        "its own"
    )
    assert (
        hr_licence_list.look_up(NUMBER, replace(subject, uscc=rival.employer.uscc))["approved_with"]
        == []
    ), "the same company's"


@pytest.mark.django_db
def test_a_letter_to_somebody_else_does_not_name_the_agency(now: datetime) -> None:
    subject = replace(
        subject_of(agency_case(now, DocumentKind.CLIENT_AUTHORIZATION), now),
        name="云溪市丙人力资源有限公司",
    )
    (client,) = AgencyLicence([Script(LETTER)]).observe(subject, {})["clients"]
    assert client["names_agency"] is False and client["declared"] == ""


@pytest.mark.django_db
def test_a_reader_that_is_down_lets_the_case_wait(now: datetime) -> None:
    subject = subject_of(agency_case(now, DocumentKind.HR_SERVICE_LICENCE), now)
    with pytest.raises(ProviderUnavailable):
        AgencyLicence([Script(ProviderUnavailable("down"))]).observe(subject, {})
