"""Tests of duplicates: a picture that another employer has shown is found, and another company's
document on the same form is not.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image, ImageEnhance

from documents.similarity import keypoints
from documents.similarity.perceptual_hash import fingerprint
from documents.specimens import make_specimen
from employers.accounts import sightings
from employers.accounts.self_service import leaving
from employers.models import Employer
from events.core.sealing import seal
from tests.factories import make_case, make_document, make_employer, make_member, make_uscc
from verification.checks import picture_index
from verification.checks.duplicates import Duplicates
from verification.decision.pipeline import subject_of
from verification.intake import early_reading
from verification.models import (
    Case,
    Document,
    DocumentKind,
    DocumentPage,
    DocumentReading,
    PageBand,
    PageLandmarks,
    RegistryRecord,
)
from verification.rules.findings import Finding, Severity
from verification.rules.required_documents import requirement_of
from verification.rules.states import State


@cache
def licence(seed: int, damage: str = "light") -> Image.Image:
    return make_specimen(seed, damage=damage).image


def saved(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def cut(image: Image.Image) -> Image.Image:
    """86 % of the picture, from its lower right."""
    width, height = image.size
    return image.crop((round(width * 0.07), round(height * 0.07), width, height))


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "jpeg": lambda image: saved(image, 30),
    "cut": cut,
    "turned": lambda image: image.rotate(2, Image.Resampling.BICUBIC),
    "upside down": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "everything": lambda image: saved(
        ImageEnhance.Brightness(cut(image).rotate(-1.5, Image.Resampling.BICUBIC))
        .enhance(0.8)
        .reduce(2),
        50,
    ),
}


def seen(image: Image.Image) -> keypoints.Seen:
    return keypoints.prepare_picture(np.asarray(image.convert("L"), np.uint8))


# --- The picture ----------------------------------------------------------------------------------


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.sampled(2)
def test_a_copy_agrees_and_shares_words(copy: str) -> None:
    whole, other = seen(licence(1)), seen(COPIES[copy](licence(1)))
    agreement = keypoints.compare_pictures(whole, other)
    assert agreement is not None and agreement.share >= picture_index.SAME
    shared = {
        (n, word)
        for words in keypoints.landmark_words(whole.landmarks)
        for n, word in enumerate(words)
    }
    assert (
        len(
            shared
            & {
                (n, word)
                for words in keypoints.landmark_words(other.landmarks)
                for n, word in enumerate(words)
            }
        )
        >= 4
    )


@pytest.mark.parametrize("damage", ["none", "light"])
@pytest.mark.sampled(1)
@pytest.mark.slow
def test_another_company_on_the_same_form_does_not(damage: str) -> None:
    for a, b in ((1, 2), (2, 3), (3, 4)):
        agreement = keypoints.compare_pictures(seen(licence(a, damage)), seen(licence(b, damage)))
        assert agreement is None or agreement.share < picture_index.SAME


def test_the_region_is_where_the_copy_lies() -> None:
    image = licence(1)
    agreement = keypoints.compare_pictures(seen(image), seen(cut(image)))
    assert agreement is not None
    expected = (image.width * 0.07, image.height * 0.07, image.width, image.height)
    assert agreement.region == pytest.approx(expected, abs=image.width * 0.01)


@pytest.mark.parametrize("size", [(1, 1), (300, 4000), (640, 480)])
def test_a_blank_picture_is_nothing(size: tuple[int, int]) -> None:
    blank = seen(Image.new("L", size, 200))
    assert keypoints.landmark_words(blank.landmarks) == []
    assert keypoints.compare_pictures(blank, blank) is None


# --- The index and the check ----------------------------------------------------------------------


def shown(
    now: datetime,
    image: Image.Image,
    state: State = State.CHECKING,
    employer: Employer | None = None,
) -> Case:
    """A case in `state` whose licence is `image`, stored like an upload."""
    case = make_case(make_member(now, employer), now, state)
    stored(make_document(case, now).pages.get(), image).save()
    return case


def stored(page: DocumentPage, image: Image.Image) -> DocumentPage:
    """The page with its picture stored like an upload."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    page.image, page.width, page.height = (
        default_storage.save("page.jpg", ContentFile(out.getvalue())),
        image.width,
        image.height,
    )
    page.fingerprint = fingerprint(image)
    return page


def run_check(case: Case, now: datetime) -> tuple[dict[str, Any], list[Finding]]:
    subject = subject_of(case, now)
    observation = Duplicates().observe(subject, {})
    return observation, Duplicates().judge(subject, {}, observation)


def codes(findings: list[Finding]) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in findings}


@pytest.fixture(autouse=True)
def documents_of_its_own(settings: Any, tmp_path: Any) -> None:
    settings.DOCUMENTS_DIR = tmp_path


@pytest.mark.django_db
def test_a_cut_copy_at_another_employer(now: datetime) -> None:
    first, stranger = shown(now, licence(1)), shown(now, licence(2))
    assert codes(run_check(first, now)[1]) == {"no_duplicate": Severity.PASS}
    assert codes(run_check(stranger, now)[1]) == {"no_duplicate": Severity.PASS}
    thief = shown(now, COPIES["everything"](licence(1)))
    observation, findings = run_check(thief, now)
    (near,) = observation["near_same"]
    assert near["case"] == str(first.pk) and near["agreement"] >= picture_index.SAME
    (finding,) = findings
    assert (finding.code, finding.severity, finding.page) == (
        "duplicate_same_image",
        Severity.CONCERN,
        1,
    )
    assert finding.region is not None
    assert str(first.pk) not in str(finding.as_reason())


@pytest.mark.django_db
def test_each_page_of_ours_that_is_somebody_s_is_told(now: datetime) -> None:
    first, thief = shown(now, licence(1)), shown(now, licence(2))
    run_check(first, now)
    document = make_document(thief, now)
    for page, image in (
        (document.pages.get(), licence(1)),
        (DocumentPage(document=document, number=2), cut(licence(1))),
    ):
        stored(page, image).save()
    near = run_check(thief, now)[0]["near_same"]
    assert {(each["case"], each["of_document"], each["of_page"]) for each in near} == {
        (str(first.pk), str(document.pk), number) for number in (1, 2)
    }
    assert near[0]["agreement"] >= near[1]["agreement"]


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.DRAFT, State.WITHDRAWN])
def test_a_picture_that_nobody_stands_by_accuses_nobody(state: State, now: datetime) -> None:
    other, mine = shown(now, licence(1), state), shown(now, licence(1))
    picture_index.index_pages(DocumentPage.objects.filter(document__case=other))
    Document.objects.update(sha256="a" * 64)
    assert codes(run_check(mine, now)[1]) == {"no_duplicate": Severity.PASS}


@pytest.mark.django_db
def test_ones_own_earlier_upload_is_no_duplicate(now: datetime) -> None:
    employer = make_employer(now)
    run_check(shown(now, licence(1), State.REJECTED, employer), now)
    assert codes(run_check(shown(now, licence(1), employer=employer), now)[1]) == {
        "no_duplicate": Severity.PASS
    }


@pytest.mark.django_db
def test_the_same_bytes_and_the_same_code(now: datetime) -> None:
    mine, theirs = shown(now, licence(1)), shown(now, licence(2))
    Document.objects.update(sha256="a" * 64)
    assert codes(run_check(mine, now)[1]) == {"duplicate_same_image": Severity.CONCERN}
    Document.objects.filter(case=theirs).update(sha256="b" * 64)
    theirs.employer.uscc, theirs.employer.confirmed_at = mine.declared_uscc, now
    theirs.employer.save()
    assert codes(run_check(mine, now)[1]) == {"duplicate_same_uscc_active": Severity.CONCERN}


@pytest.mark.django_db
def test_a_picture_that_is_gone_accuses_nobody(now: datetime) -> None:
    first = shown(now, licence(1))
    run_check(first, now)
    default_storage.delete(str(DocumentPage.objects.get(document__case=first).image.name))
    assert codes(run_check(shown(now, licence(1)), now)[1]) == {"no_duplicate": Severity.PASS}


@pytest.mark.django_db
@pytest.mark.accuracy
def test_a_kit_used_by_many_is_still_found(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words are then common, but the pages that share all of them still rank highest."""
    monkeypatch.setattr(picture_index, "ROWS_AT_MOST", 3)
    for _ in range(5):
        run_check(shown(now, licence(1)), now)
    assert len(run_check(shown(now, licence(1)), now)[0]["near_same"]) == 3


@pytest.mark.django_db
@pytest.mark.parametrize("hidden_by", ["ones own earlier ones", "withdrawn ones"])
@pytest.mark.sampled(1)
@pytest.mark.slow
def test_nobody_hides_a_picture_behind_many_that_do_not_count(
    now: datetime, hidden_by: str
) -> None:
    """There are more of them than candidates, each more similar to the thief's picture than the
    victim's.
    """
    victim = shown(now, licence(1), State.APPROVED)
    run_check(victim, now)
    employer = make_employer(now)
    for _ in range(picture_index.CANDIDATES + 1):
        other = shown(
            now,
            cut(licence(1)),
            State.REJECTED,
            employer if hidden_by.startswith("ones own") else None,
        )
        run_check(other, now)
        if hidden_by.startswith("withdrawn"):
            Case.objects.filter(pk=other.pk).update(state=State.WITHDRAWN)
    near = run_check(shown(now, cut(licence(1)), employer=employer), now)[0]["near_same"]
    assert [each["case"] for each in near] == [str(victim.pk)]


@pytest.mark.django_db
@pytest.mark.slow
def test_bands_are_written_once_and_queries_stay_as_many(now: datetime) -> None:
    def queries(case: Case) -> int:
        subject = subject_of(case, now)
        with CaptureQueriesContext(connection) as caught:
            Duplicates().observe(subject, {})
        return len(caught)

    first = shown(now, licence(1))
    run_check(first, now)
    written = PageBand.objects.count()
    assert 0 < written <= keypoints.LANDMARKS * keypoints.WORDS
    run_check(shown(now, licence(1)), now)
    with_one = queries(first)
    for _ in range(2):
        run_check(shown(now, licence(1)), now)
    assert queries(first) == with_one
    assert PageBand.objects.filter(page__document__case=first).count() == written


# --- Stored landmarks -----------------------------------------------------------------------------


def read_early(case: Case, now: datetime) -> Document:
    """The case's licence, read at upload by a reader that returns nothing."""
    document = case.documents.get()
    DocumentReading.objects.create(document=document, due_at=now)
    early_reading.read_document(document.pk, lambda: now, 60, Silent())
    return document


class Silent:
    code, version, lasting = "reading", "0", True

    def observe(self, subject: Any, earlier: Any) -> Any:
        return {}

    def judge(self, subject: Any, earlier: Any, observation: Any) -> list[Finding]:
        return []


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """One entry for each page whose landmarks were computed."""
    calls: list[float] = []
    run_check = keypoints.find_keypoints
    monkeypatch.setattr(
        keypoints,
        "find_keypoints",
        lambda grey, scale: (calls.append(scale), run_check(grey, scale))[1],
    )
    return calls


@pytest.mark.parametrize(
    "image", [licence(1), licence(3, "phone"), Image.new("L", (640, 480), 200)]
)
def test_packed_landmarks_lose_nothing(image: Image.Image) -> None:
    found = seen(image).landmarks
    again = keypoints.Landmarks.unpacked(found.packed())
    assert again is not None and again.scale == found.scale
    assert np.array_equal(again.points, found.points) and np.array_equal(
        again.descriptions, found.descriptions
    )
    assert keypoints.landmark_words(again) == keypoints.landmark_words(found)


def test_landmarks_that_were_packed_otherwise_are_none() -> None:
    packed = seen(licence(1)).landmarks.packed()
    for other in (b"", b"\x01", packed[:-1], bytes([9]) + packed[1:]):
        assert keypoints.Landmarks.unpacked(other) is None


@pytest.mark.django_db
def test_what_was_read_early_is_not_looked_for_by_the_check(
    now: datetime, looked: list[float]
) -> None:
    first, thief = shown(now, licence(1)), shown(now, cut(licence(1)))
    for case in (first, thief):
        read_early(case, now)
    assert len(looked) == 2 and not PageBand.objects.exists(), (
        "an unsubmitted picture is not in the index"
    )
    assert all(
        bytes(sealed).startswith(b"ZZ")
        for sealed in PageLandmarks.objects.values_list("sealed", flat=True)
    )
    run_check(first, now)
    assert run_check(thief, now)[0]["near_same"][0]["case"] == str(first.pk)
    assert len(looked) == 2
    picture_index.prepare_landmarks(thief.documents.get().pages.all())
    assert len(looked) == 2 and PageLandmarks.objects.count() == 2


@pytest.mark.django_db
def test_landmarks_are_looked_for_once_whoever_needs_them(
    now: datetime, looked: list[float]
) -> None:
    first = shown(now, licence(1))
    run_check(first, now)
    assert len(looked) == 1, "it was not read at upload"
    PageLandmarks.objects.all().delete()  # as for a page from before landmarks were stored
    for expected in (3, 4):
        assert run_check(shown(now, licence(1)), now)[0]["near_same"]
        assert len(looked) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("harm", ["cut short", "another page's", "another key"])
def test_kept_landmarks_that_do_not_open_are_looked_for_again(
    now: datetime, looked: list[float], settings: Any, harm: str
) -> None:
    first, other = shown(now, licence(1)), shown(now, licence(2))
    for case in (first, other):
        read_early(case, now)
    mine, theirs = (
        PageLandmarks.objects.get(page__document__case=first),
        PageLandmarks.objects.get(page__document__case=other),
    )
    if harm == "another key":
        mine.sealed = seal(b"", b"0" * 32, f"page.landmarks {mine.pk}")
    else:
        mine.sealed = bytes(mine.sealed)[:40] if harm == "cut short" else theirs.sealed
    mine.save()
    run_check(first, now)
    assert len(looked) == 3
    run_check(first, now)
    assert len(looked) == 3, "and are whole again"


@pytest.mark.django_db
def test_looking_ahead_stops_nobody(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(keypoints, "find_keypoints", broken)
    document = read_early(shown(now, licence(1)), now)
    reading = DocumentReading.objects.get(document=document)
    assert reading.finished_at == now and reading.reading == {}


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["taken out", "a letter", "no longer kept"])
def test_of_what_is_not_compared_nothing_is_kept(now: datetime, why: str) -> None:
    case = shown(now, licence(1))
    if why == "no longer kept":
        default_storage.delete(str(case.documents.get().pages.get().image.name))
    else:
        Document.objects.update(
            **{"taken out": {"superseded_at": now}, "a letter": {"kind": "client_authorization"}}[
                why
            ]
        )
    read_early(case, now)
    assert not PageLandmarks.objects.exists()


# --- Devices and phones ---------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["device", "phone"])
def test_companies_seen_with_one_thing(kind: str, now: datetime) -> None:
    case = make_case(make_member(now), now, State.CHECKING)
    code = f"duplicate_{kind}_cluster"

    def meet(employer: Employer | None = None, at: datetime = now) -> None:
        sightings.record_sighting(make_member(now, employer).user, at, **{kind: "the same"})

    meet(case.employer)
    meet(case.employer)
    meet(make_employer(now, uscc=case.employer.uscc))
    meet(at=now - timedelta(days=91))
    assert code not in codes(run_check(case, now)[1]), "colleagues, the same company, and long ago"
    for companies, severity in (
        (1, Severity.NOTE),
        (2, Severity.NOTE),
        (3, Severity.CONCERN),
        (4, Severity.CONCERN),
    ):
        meet()
        observation, findings = run_check(case, now)
        assert observation["companies_seen_with"] == {kind: companies}
        assert codes(findings) == {"no_duplicate": Severity.PASS, code: severity}
    assert "4" not in findings[-1].as_reason().values()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["device", "phone"])
def test_a_company_whose_only_account_was_deleted_still_counts(kind: str, now: datetime) -> None:
    case, other = make_case(make_member(now), now, State.CHECKING), make_member(now)
    for member in (case.employer.members.get(), other):
        sightings.record_sighting(member.user, now, **{kind: "the same"})
    leaving.delete_account(other, now)
    assert run_check(case, now)[0]["companies_seen_with"] == {kind: 1}


@pytest.mark.django_db
def test_what_was_shown_before_is_indexed_by_a_command(
    now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    first, draft = shown(now, licence(1)), shown(now, licence(2), State.DRAFT)
    make_document(first, now)
    call_command("index_pages")
    assert "1 pages indexed, 1 no longer kept" in capsys.readouterr().out
    assert set(PageBand.objects.values_list("page__document__case", flat=True)) == {first.pk}
    assert not PageBand.objects.filter(page__document__case=draft).exists()
    (near,) = run_check(shown(now, cut(licence(1))), now)[0]["near_same"]
    assert near["case"] == str(first.pk)


@pytest.mark.django_db
def test_every_paper_counts_and_is_named(now: datetime) -> None:
    """An HR service licence that another agency has shown, beside the employer's own business
    licence.
    """
    first, thief = shown(now, licence(1)), shown(now, licence(2))
    first.documents.update(kind=DocumentKind.HR_SERVICE_LICENCE)
    run_check(first, now)
    document = make_document(thief, now, kind=DocumentKind.HR_SERVICE_LICENCE)
    stored(document.pages.get(), cut(licence(1))).save()
    (finding,) = run_check(thief, now)[1]
    assert (finding.code, finding.severity, finding.document) == (
        "duplicate_same_image",
        Severity.CONCERN,
        str(document.pk),
    )
    assert finding.region is not None
    assert requirement_of(finding.code, finding.field) == "agency_licence"


@pytest.mark.parametrize(
    ("kind", "same_file", "code", "severity"),
    [
        ("business_licence", False, "duplicate_same_image", Severity.CONCERN),
        ("approval_document", False, "duplicate_same_image", Severity.CONCERN),
        ("client_authorization", False, "duplicate_alike", Severity.UNABLE),
        ("client_authorization", True, "duplicate_same_image", Severity.CONCERN),
    ],
)
def test_two_agencies_may_have_letters_of_one_client_on_one_form(
    kind: str, same_file: bool, code: str, severity: Severity
) -> None:
    near = {"of_document": "d", "of_kind": kind, "of_page": 1, "region": [1, 2, 3, 4]}
    files = [{"document": "d", "kind": kind}] if same_file else []
    (found,) = Duplicates()._pictures({"near_same": [near, near], "same_files": files})
    assert (found.code, found.severity, found.document, found.region) == (
        code,
        severity,
        "d",
        (1, 2, 3, 4),
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("others", "severity"),
    [(2, None), (3, Severity.NOTE), (7, Severity.NOTE), (8, Severity.CONCERN)],
)
def test_whoever_lends_a_name_to_many_young_companies(
    others: int, severity: Severity | None, now: datetime
) -> None:
    subject = subject_of(shown(now, licence(1)), now)
    young, old = (now - timedelta(days=40)).date(), (now - timedelta(days=400)).date()

    def listed(established: date, person: str = "林知白") -> None:
        RegistryRecord.objects.create(
            uscc=make_uscc(),
            name="x",
            status="存续",
            legal_representative=person,
            established_on=established,
            as_of=now.date(),
        )

    for _ in range(others):
        listed(young)
    for _ in range(9):
        listed(old)
        listed(young, "程问渠")
    record = {"legal_representative": "林知白", "established_on": young.isoformat()}
    for of_old in (False, True):
        register = {
            "registry": {"record": record | ({"established_on": old.isoformat()} if of_old else {})}
        }
        observation = Duplicates().observe(subject, register)
        found = {f.code: f.severity for f in Duplicates().judge(subject, register, observation)}
        assert found.get("duplicate_nominee") is (None if of_old else severity)


@pytest.mark.django_db
def test_that_question_is_answered_by_an_index(now: datetime) -> None:
    rows = (
        RegistryRecord.objects.filter(legal_representative="林知白", established_on__gte=now.date())
        .exclude(pk="x")
        .values_list("pk")
    )
    assert "registry_person_since" in rows[:50].explain() or connection.vendor != "sqlite"
