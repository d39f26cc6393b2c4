"""Tests of the evidence shown to a reviewer next to the values."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests.databases import unguarded
from tests.factories import make_colleague, make_document, sign_in
from tests.verification.admin.case.waiting_cases import QUEUE, page_of, waiting_case
from verification.models import Case, CheckRun, DocumentPage
from verification.rules.findings import Finding, Severity

pytestmark = pytest.mark.django_db


class TestEvidence:
    """The evidence shown next to the values."""

    def found(self, case: Case, code: str, observation: dict[str, Any], *findings: Finding) -> None:
        attempt, at = case.attempts.get(), case.opened_at
        stored = [finding.as_json() for finding in findings]
        with unguarded(CheckRun):
            CheckRun.objects.filter(attempt=attempt, code=code).delete()
        CheckRun.objects.create(
            attempt=attempt,
            code=code,
            version="1",
            observation=observation,
            findings=stored,
            started_at=at,
            finished_at=at,
        )

    def page(self, client: Client, case: Case) -> str:
        return str(client.get(f"{QUEUE}{case.pk}/change/").content.decode())

    def test_a_trace_of_editing_is_drawn_where_it_is_and_pointed_at(
        self, client: Client, now: datetime
    ) -> None:
        case = waiting_case(now)
        document = case.documents.get()
        trace = Finding(
            "forgery",
            "forgery_retyped_field",
            Severity.UNABLE,
            "uscc",
            page=1,
            region=(10, 20, 110, 60),
        )
        elsewhere = Finding(
            "forgery", "forgery_copied_patch", Severity.UNABLE, "name", page=2, region=(1, 2, 3, 4)
        )
        self.found(case, "forgery", {"document": str(document.pk)}, trace, elsewhere)
        page = self.page(client, case)
        name = "forgery-forgery_retyped_field-uscc"
        box = re.search(
            rf'<rect class="box box-trace" data-field="{name}" x="10[.0]*" y="20[.0]*"'
            r' width="100[.0]*" height="40[.0]*">',
            page,
        )
        assert box is not None
        assert f'class="finding finding-unable" data-field="{name}"' in page
        assert page.count("box-trace") == 1, "the other one is on a missing page"

    def test_a_picture_that_was_seen_elsewhere_says_where(
        self, client: Client, now: datetime
    ) -> None:
        case, other = waiting_case(now), waiting_case(now)
        theirs = other.documents.get()
        near = {
            "case": str(other.pk),
            "document": str(theirs.pk),
            "page": 1,
            "distance": 3,
            "agreement": 0.957,
            "of_page": 1,
            "region": [5.2, 6, 700, 800],
        }
        same = Finding(
            "duplicates",
            "duplicate_same_image",
            Severity.CONCERN,
            "document",
            page=1,
            region=(5.2, 6, 700, 800),
        )
        self.found(
            case, "duplicates", {"same_bytes": [], "near_same": [near], "same_uscc": []}, same
        )
        page = self.page(client, case)
        assert (
            "Page 1 matches page 1 of that case" in page
            and "96% match" in page
            and "position 5, 6, 700, 800" in page
        )
        assert (
            f'href="{QUEUE}{other.pk}/change/"' in page
            and f'href="{QUEUE}{other.pk}/page/{theirs.pk}/1/"' in page
        )
        assert (
            'data-field="duplicates-duplicate_same_image-document"' in page
            and page.count("box-trace") == 1
        )
        del near["document"]
        self.found(case, "duplicates", {"same_bytes": [], "near_same": [near], "same_uscc": []})
        assert "nearly the same picture" in self.page(client, case), "as in older observations"

    def test_of_several_licences_each_page_has_its_own_place(
        self, client: Client, now: datetime
    ) -> None:
        case, other = waiting_case(now), waiting_case(now)
        first, second = case.documents.get(), make_document(case, now)
        DocumentPage.objects.create(
            document=second,
            number=2,
            image="nowhere.jpg",
            width=900,
            height=1200,
            fingerprint="0" * 16,
        )
        theirs = {
            "case": str(other.pk),
            "document": str(other.documents.get().pk),
            "page": 1,
            "distance": 3,
        }
        near = [
            theirs
            | {
                "agreement": 0.99,
                "of_document": str(second.pk),
                "of_page": 2,
                "region": [10, 20, 110, 220],
            },
            theirs
            | {
                "agreement": 0.97,
                "of_document": str(first.pk),
                "of_page": 1,
                "region": [30, 40, 130, 240],
            },
            theirs
            | {
                "agreement": 0.96,
                "of_document": str(second.pk),
                "of_page": 2,
                "region": [11, 21, 111, 221],
            },
        ]
        same = Finding(
            "duplicates",
            "duplicate_same_image",
            Severity.CONCERN,
            "document",
            page=2,
            region=(10, 20, 110, 220),
        )
        self.found(case, "duplicates", {"same_bytes": [], "near_same": near, "same_uscc": []}, same)
        shown = client.get(page_of(case)).context["pages"]
        regions = {
            (page["document"].pk, page["page"].number): [
                (box.x, box.y, box.width, box.height) for box in page["boxes"] if box.says
            ]
            for page in shown
        }
        assert regions == {
            (first.pk, 1): [(30, 40, 100, 200)],
            (second.pk, 1): [],
            (second.pk, 2): [(10, 20, 100, 200)],
        }
        assert "99% match" in self.page(client, case), "the best of each case"
        for each in near:
            del each["of_document"]
        self.found(case, "duplicates", {"same_bytes": [], "near_same": near, "same_uscc": []}, same)
        assert "box-trace" not in self.page(client, case), "older observations do not name the page"

    def test_excluding_begins_at_the_case(self, client: Client, now: datetime) -> None:
        case = waiting_case(now)
        url = f"/console/verification/exclusion/add/?case={case.pk}"
        assert url in self.page(client, case)
        assert f'value="{case.pk}"' in client.get(url).content.decode()
        colleague = make_colleague(now)
        colleague.user_permissions.add(Permission.objects.get(codename="view_case"))
        assert url not in self.page(sign_in(colleague), case)
