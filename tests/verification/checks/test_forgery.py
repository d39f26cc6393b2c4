"""Tests of the check that judges signs of editing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import override

from documents.forgery import LEVELS, Kind, Trace
from documents.specimens.forgery import attack_photo, save_as_editor
from tests.documents.altered_pictures import read
from verification.cases import wording
from verification.checks.base import Subject, SubjectDocument, SubjectPage
from verification.checks.forgery import Forgery, _read_of_papers
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import requirement_of

DOCUMENT = SubjectDocument("d", "business_licence", "", "", {}, ())
SUBJECT = Subject(
    case_id="case",
    employer_id="employer",
    name="云溪市示例科技有限公司",
    uscc="",
    legal_representative="",
    account_class="direct_employer",
    recruiter_email="hr@shili.example",
    recruiter_email_verified=True,
    documents=(DOCUMENT,),
    now=datetime(2026, 11, 24, tzinfo=UTC),
)


def observed(*traces: Trace, editor: str = "") -> dict[str, Any]:
    return {
        "document": "d",
        "page": 2,
        "editor": editor,
        "traces": [trace.as_json() for trace in traces],
        "others": [],
    }


def judged(observation: dict[str, Any], **reading: Any) -> list[Finding]:
    return Forgery().judge(
        SUBJECT, {"reading": {"qr": None, "qr_uscc": None} | reading}, observation
    )


def codes(findings: list[Finding]) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in findings}


def trace(kind: Kind, strong: bool, field: str = "uscc") -> Trace:
    level = LEVELS[kind]
    return Trace(kind, level.review if strong else level.note, (1, 2, 3, 4), field)


class TestJudging:
    @pytest.mark.parametrize(
        ("kind", "reason"),
        [
            (Kind.COMPRESSION, "forgery_inconsistent_compression"),
            (Kind.GROUND, "forgery_retyped_field"),
            (Kind.GLYPH, "forgery_retyped_field"),
            (Kind.COPY, "forgery_copied_patch"),
            (Kind.SCREEN, "document_recapture"),
        ],
    )
    def test_a_strong_trace_calls_a_person_and_a_weak_one_is_noted(
        self, kind: Kind, reason: str
    ) -> None:
        (finding,) = judged(observed(trace(kind, strong=True)))
        assert (finding.code, finding.severity, finding.page, finding.region, finding.field) == (
            reason,
            Severity.UNABLE,
            2,
            (1, 2, 3, 4),
            "uscc",
        )
        assert codes(judged(observed(trace(kind, strong=False)))) == {
            f"{kind}_noted": Severity.NOTE
        }

    def test_print_that_is_off_the_comb_everywhere_was_not_pasted(self) -> None:
        compressed = [
            trace(Kind.COMPRESSION, strong=True, field=field) for field in ("uscc", "name", "term")
        ]
        assert codes(judged(observed(*compressed))) == {"compression_noted": Severity.NOTE}
        assert (
            codes(judged(observed(*compressed[:2])))["forgery_inconsistent_compression"]
            is Severity.UNABLE
        )
        assert (
            codes(judged(observed(trace(Kind.COMPRESSION, strong=True, field="business_scope"))))[
                "compression_noted"
            ]
            is Severity.NOTE
        )

    def test_nothing_here_is_ever_more_than_a_question(self) -> None:
        every = observed(
            *(Trace(kind, 1e9, (0, 0, 1, 1)) for kind in Kind if kind is not Kind.OVERLAY),
            editor="Photoshop",
        )
        assert (
            max(finding.severity for finding in judged(every, qr="http://evil.example/"))
            is Severity.UNABLE
        )

    def test_an_overlay_is_never_held_against_anybody(self) -> None:
        assert (
            codes(judged(observed(Trace(Kind.OVERLAY, 1e6, (0, 0, 9, 9)))))["overlay_noted"]
            is Severity.NOTE
        )

    def test_of_one_kind_and_field_the_strongest_is_told(self) -> None:
        told = judged(
            observed(
                trace(Kind.COPY, strong=False),
                replace(trace(Kind.COPY, strong=True), region=(5, 6, 7, 8)),
            )
        )
        assert [(finding.code, finding.region) for finding in told] == [
            ("forgery_copied_patch", (5, 6, 7, 8))
        ]

    def test_an_editors_name_alone_is_a_note_and_with_a_trace_a_question(self) -> None:
        assert codes(judged(observed(editor="GIMP 2.10"))) == {"editor_noted": Severity.NOTE}
        assert (
            codes(judged(observed(trace(Kind.COPY, strong=False), editor="GIMP 2.10")))[
                "forgery_edited"
            ]
            is Severity.UNABLE
        )
        assert codes(judged(observed(editor="iOS 17.2"))) == {"no_trace_of_editing": Severity.PASS}

    def test_an_editor_is_of_the_place_of_its_strongest_trace_or_of_the_whole_page(self) -> None:
        weak, strong = (
            replace(trace(Kind.COMPRESSION, strong=False), region=(5, 6, 7, 8)),
            trace(Kind.COPY, strong=True),
        )
        screen = Trace(Kind.SCREEN, 1e9, (0, 0, 800, 600))
        assert weak.score > strong.score, "kinds with different scales"
        found = {f.code: f for f in judged(observed(weak, strong, screen, editor="GIMP 2.10"))}
        assert (found["forgery_edited"].page, found["forgery_edited"].region) == (2, (1, 2, 3, 4))
        (noted,) = judged(observed(editor="GIMP 2.10") | {"size": [800, 600]})
        assert (noted.code, noted.page, noted.region) == ("editor_noted", 2, (0, 0, 800, 600))
        with override("en"):
            assert "the whole page" in str(wording.FOUND["editor_noted"].staff)

    @pytest.mark.parametrize(
        ("payload", "code"),
        [("http://222.76.242.84/x", "qr_noted"), ("http://evil.example", "qr_not_registry")],
    )
    def test_a_code_is_told_of_at_its_place(self, payload: str, code: str) -> None:
        (found,) = [
            f
            for f in judged(observed(), qr=payload, page=2, regions={"qr": [9, 8, 70, 60]})
            if f.field == "qr"
        ]
        assert (found.code, found.page, found.region) == (code, 2, (9, 8, 70, 60))

    @pytest.mark.parametrize(
        ("payload", "code"),
        [
            ("http://www.gsxt.gov.cn/index.html?uniscid=x", None),
            ("https://sc.gsxt.gov.cn/a", None),
            ("http://qyxy.baic.gov.cn/x", None),
            ("编号 123", None),
            ("http://222.76.242.84/x", "qr_noted"),
            ("http://gsxt.gov.cn.query-licence.example/?uniscid=1", "qr_not_registry"),
            ("https://www.gsxt-gov.cn/?uniscid=1", "qr_not_registry"),
            ("http://evilgov.cn/", "qr_not_registry"),
            ("http://[::1", "qr_not_registry"),
            ("evil.example/?统一社会信用代码:x", "qr_not_registry"),
            ("http://222.76.242.84/x http://evil.example", "qr_not_registry"),
        ],
    )
    def test_a_code_that_leads_elsewhere_is_told(self, payload: str, code: str | None) -> None:
        told = {finding.code for finding in judged(observed(), qr=payload)} - {
            "no_trace_of_editing"
        }
        assert told == ({code} if code else set())

    def test_a_foreign_host_is_one_whatever_company_its_address_names(self) -> None:
        assert codes(judged(observed(), qr="http://x.example", qr_uscc="91")) == {
            "qr_not_registry": Severity.UNABLE
        }

    def test_without_a_licence_there_is_nothing_to_say(self) -> None:
        assert Forgery().observe(replace(SUBJECT, documents=()), {}) == {
            "document": None,
            "others": [],
        }
        assert judged({"document": None, "others": []}) == []

    def test_other_papers_are_looked_at_as_well_and_named(self) -> None:
        """An edited HR service licence beside a genuine business licence."""
        other = (
            {"kind": "hr_service_licence"}
            | observed(trace(Kind.COMPRESSION, True, "name"), editor="GIMP 2.10")
            | {"document": "hr", "page": 1}
        )
        found = [
            f for f in judged(observed() | {"others": [other]}) if f.severity is Severity.UNABLE
        ]
        assert {f.code for f in found} == {"forgery_inconsistent_compression", "forgery_edited"}
        assert {(f.document, f.field, f.page) for f in found if f.region} == {
            ("hr", "hr_service_licence", 1)
        }
        assert {requirement_of(f.code, f.field) for f in found} == {"agency_licence"}
        assert judged({"document": None, "others": [other]}) == found, (
            "an organisation without a business licence"
        )

    def test_places_are_known_by_the_check_that_read_the_paper(self) -> None:
        paper = {
            "document": "hr",
            "page": 2,
            "regions": {"name": [0, 0, 300, 40], "scope": [0, 0, 300, 290]},
        }
        read = _read_of_papers({"licence": paper, "clients": [paper | {"document": "letter"}]})
        assert read == {
            "hr": (2, {"name": [[0, 0, 300, 40]]}, 0),
            "letter": (2, {"name": [[0, 0, 300, 40]]}, 0),
        }
        assert _read_of_papers({"broken": "x"}) == _read_of_papers({"licence": None}) == {}


class TestObserving:
    def subject(self, jpeg: bytes) -> Subject:
        name = default_storage.save("pages/forgery-test.jpg", ContentFile(jpeg))
        document = replace(DOCUMENT, editor="Photoshop", pages=(SubjectPage(name, 1, "0" * 16),))
        return replace(SUBJECT, documents=(document,))

    @pytest.mark.django_db
    @pytest.mark.slow
    def test_the_page_that_was_read_is_looked_at_where_its_values_stand(self) -> None:
        altered = attack_photo(read(5).photo, "copied_digit", 5)
        assert altered
        reading = read(5).reading
        observation = Forgery().observe(
            self.subject(save_as_editor(altered[0], 92)), {"reading": reading}
        )
        assert "copy" in {told["kind"] for told in observation["traces"]}
        assert (observation["editor"], observation["page"]) == ("Photoshop", 1)
        assert observation["size"] == [altered[0].shape[1], altered[0].shape[0]]
        found = Forgery().judge(SUBJECT, {"reading": reading}, observation)
        assert {"forgery_copied_patch", "forgery_edited"} <= {
            finding.code for finding in found if finding.region
        }

    @pytest.mark.django_db
    @pytest.mark.slow
    def test_without_a_reading_the_page_as_a_whole_is_still_looked_at(self) -> None:
        altered = attack_photo(read(5).photo, "recaptured", 5)
        assert altered
        observation = Forgery().observe(self.subject(save_as_editor(altered[0], 92)), {})
        assert {told["kind"] for told in observation["traces"]} == {"screen"}
