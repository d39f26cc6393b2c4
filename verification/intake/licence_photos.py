"""Registration by a photo of the licence: an account without a company uploads it, a worker reads
it, and once the person has confirmed the values, the company and its case exist and the photo is
the case's document. Nothing is uploaded or read twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from documents.photo.flaws import PhotoQuality
from documents.upload.intake import Intake
from documents.uscc import is_valid, normalise_uscc
from employers.accounts import registration
from employers.models import Member, User
from events.core.actor import SYSTEM, Actor, Role
from events.core.errors import ProviderUnavailable, Refused
from events.doorbell import notify_worker
from events.jobs.runner import Clock, Failure, Lease, claim_row, run_job
from events.models import record
from verification.cases import documents, operations
from verification.cases.storage import erase_unused
from verification.checks.base import Check, Subject, SubjectDocument, SubjectPage
from verification.checks.reading import Reading
from verification.intake import early_reading
from verification.models import (
    Case,
    Document,
    DocumentKind,
    DocumentPage,
    DocumentReading,
    LicencePhoto,
    LicencePhotoPage,
)
from verification.rules.findings import Observation
from verification.rules.required_documents import paper_of
from verification.rules.wrong_paper import personal_paper, wrong_paper

FIELDS: Final = ("name", "uscc", "legal_representative")
"""The values that the person confirms first, in this order."""
FAILURES: Final = (
    Failure(
        ProviderUnavailable,
        lambda down, tries: max(1.0, down.retry_after),
        tries=early_reading.TRIES,
    ),
    # A bug, or a failure of a reader. The person types the values instead.
    Failure(Exception, event="licence_photo_not_read", broken=True, tries=1),
)
_NOT_KEPT: Final = frozenset({"document_wrong_paper", "document_no_text"})


def actor_of(user: User) -> Actor:
    return Actor(Role.OWNER, str(user.pk))


# --- The photo ------------------------------------------------------------------------------------


def keep_photo(
    user: User,
    taken_in: Intake,
    scan: dict[str, Any],
    photo_quality: Sequence[PhotoQuality | None],
    now: datetime,
) -> LicencePhoto:
    """Keep a photo that intake has opened, in place of the account's earlier one, and queue it for
    reading. The same file again is the same photo.
    """
    names = [default_storage.save("page.jpg", ContentFile(page.jpeg)) for page in taken_in.pages]
    photo = None
    try:
        with transaction.atomic():
            User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
            earlier: LicencePhoto | None = LicencePhoto.objects.filter(user=user).first()
            if earlier and earlier.sha256 == taken_in.sha256 and not earlier.refused:
                return earlier
            if earlier:
                _erase(earlier)
            photo = LicencePhoto.objects.create(
                user=user,
                sha256=taken_in.sha256,
                size=taken_in.size,
                media_type=taken_in.media_type,
                editor=(taken_in.editor or "")[:100],
                scan=scan,
                uploaded_at=now,
                due_at=now,
            )
            LicencePhotoPage.objects.bulk_create(
                LicencePhotoPage(
                    photo=photo,
                    number=page.number,
                    image=name,
                    width=page.width,
                    height=page.height,
                    fingerprint=page.fingerprint,
                    quality=judged.as_json() if judged else None,
                )
                for page, name, judged in zip(taken_in.pages, names, photo_quality, strict=True)
            )
            record("photograph_licence", user, actor_of(user), now, data={"pages": len(names)})
            notify_worker("verification.tasks.read_licence_photo", photo.pk)
            return photo
    finally:
        if photo is None:
            erase_unused(taken_in.sha256, names)


def photo_of(user: User) -> LicencePhoto | None:
    """Return the account's photo, if it has one."""
    photo: LicencePhoto | None = (
        LicencePhoto.objects.filter(user=user).prefetch_related("pages").first()
    )
    return photo


def drop_photo(user: User, now: datetime) -> None:
    """Erase the account's photo at its request. Doing it again changes nothing."""
    with transaction.atomic():
        photo = LicencePhoto.objects.select_for_update(of=("self",)).filter(user=user).first()
        if photo is not None:
            _erase(photo)
            record("drop_licence_photo", user, actor_of(user), now)


def erase_abandoned(now: datetime, kept: timedelta, at_most: int) -> int:
    """Erase photos whose registration was not finished within `kept`. Return their number."""
    old = LicencePhoto.objects.filter(uploaded_at__lte=now - kept).order_by("uploaded_at")
    erased = 0
    for photo_id in list(old.values_list("pk", flat=True)[:at_most]):
        with transaction.atomic():
            photo = LicencePhoto.objects.select_for_update(of=("self",)).filter(pk=photo_id).first()
            if photo is not None:
                _erase(photo)
                record("erase_licence_photo", photo.user, SYSTEM, now)
                erased += 1
    return erased


def _erase(photo: LicencePhoto) -> None:
    _erase_pages(photo)
    photo.delete()


def _erase_pages(photo: LicencePhoto) -> None:
    """Delete the rows of the pages now, and their files after the commit."""
    names = [str(name) for name in photo.pages.values_list("image", flat=True)]
    photo.pages.all().delete()
    transaction.on_commit(lambda: erase_unused(photo.sha256, names))


# --- Its reading ----------------------------------------------------------------------------------


def read_photo(
    photo_id: UUID, clock: Clock, lease_seconds: float, check: Check | None = None
) -> bool:
    """Read a photo that is due; return whether it was read now.

    A paper that is not a licence is erased at once, and the row says why. A photo that cannot be
    read does not stop anyone: the person types the values.
    """
    return run_job(
        claim_row(LicencePhoto.objects.all(), photo_id, clock, lease_seconds),
        lambda lease: _read(lease, check or Reading()),
        _write_down,
        failures=FAILURES,
        give_up=lambda lease, error: _write_down(lease, None),
        deaths=early_reading.DEATHS,
    )


def _read(lease: Lease[LicencePhoto], check: Check) -> tuple[str, Observation]:
    return check.version, check.observe(_subject(lease.row, lease.clock()), {})


def _subject(photo: LicencePhoto, now: datetime) -> Subject:
    """Return the photo as a check sees the document of a case that declares nothing yet."""
    pages = tuple(
        SubjectPage(str(page.image.name), page.number, page.fingerprint)
        for page in photo.pages.all()
    )
    document = SubjectDocument(
        str(photo.pk), DocumentKind.BUSINESS_LICENCE, photo.sha256, photo.editor, photo.scan, pages
    )
    return Subject(
        case_id="",
        employer_id="",
        name="",
        uscc="",
        legal_representative="",
        account_class="",
        recruiter_email="",
        recruiter_email_verified=False,
        documents=(document,),
        now=now,
    )


def _write_down(lease: Lease[LicencePhoto], read: tuple[str, Observation] | None) -> bool:
    version, observation = read or ("", None)
    refused = not_kept(observation)
    with transaction.atomic():
        photo = lease.locked()
        if photo is None:
            return False
        if refused and observation:
            _erase_pages(photo)
            told = {"paper": str(observation.get("kind") or "")}
            observation, version = {"kind": told["paper"]}, ""
            record(
                "refuse_licence_photo",
                photo.user,
                SYSTEM,
                lease.clock(),
                reasons=[refused],
                data=told,
            )
        lease.finish(reading=observation, version=version, refused=refused)
    return bool(observation) and not refused


def not_kept(observation: Observation | None) -> str:
    """Return the reason why a paper is erased as soon as it is recognised, or "" if it may be a
    licence. The certificate of a public body is none, but it shows the body's code.
    """
    if not observation:
        return ""
    if personal_paper(observation):
        return "document_personal"
    wrong = wrong_paper(DocumentKind.BUSINESS_LICENCE, observation)
    code = normalise_uscc((observation.get("fields") or {}).get("uscc", ""))
    founding = is_valid(code) and code[0] != "9"
    return "photo_not_a_licence" if wrong and wrong.code in _NOT_KEPT and not founding else ""


def read_fields(photo: LicencePhoto | None) -> Mapping[str, str]:
    """Return the values read from the photo, by field."""
    reading = (photo.reading if photo else None) or {}
    return {name: str(value) for name, value in (reading.get("fields") or {}).items()}


# --- The company ----------------------------------------------------------------------------------


def register_company(
    user: User,
    now: datetime,
    *,
    company: str,
    uscc: str,
    account_class: str,
    legal_representative: str = "",
    contest: bool = False,
    photo_id: str = "",
) -> Member:
    """Register the company with the values that the person has confirmed, open its case, and hand
    the photo over to it. Doing it again changes nothing.

    `photo_id` is that of the photo whose values were shown, or "". Raises Refused: `photo_changed`
    if it is not the account's photo any more, as another window took another one; and those of
    `registration.register_company`.
    """
    with transaction.atomic():
        member, is_new = registration.register_company(
            user, company=company, uscc=uscc, account_class=account_class, now=now, contest=contest
        )
        if not is_new:
            return member
        actor = member.as_actor()
        case = operations.open_case(member.employer, actor, now)
        if legal_representative:
            case = operations.declare_facts(
                case.pk,
                actor,
                now,
                name=case.declared_name,
                uscc=case.declared_uscc,
                legal_representative=legal_representative,
                account_class=case.account_class,
            )
        photo = (
            LicencePhoto.objects.select_for_update(of=("self",)).filter(user=user, refused="")
        ).first()
        if photo_id != (str(photo.pk) if photo else ""):
            raise Refused("photo_changed")
        if photo is not None:
            _hand_over(photo, case, member, now)
    return member


def _hand_over(photo: LicencePhoto, case: Case, member: Member, now: datetime) -> None:
    """Make the photo a document of the case, with its reading and what the person says of it."""
    pages, actor = list(photo.pages.all()), member.as_actor()
    kind = paper_of(case.account_class, case.declared_uscc)
    with operations.editing_case(case.pk, actor, adding=kind, now=now) as case:
        document = Document.objects.create(
            case=case,
            kind=kind,
            sha256=photo.sha256,
            size=photo.size,
            media_type=photo.media_type,
            editor=photo.editor,
            scan=photo.scan,
            uploaded_by=member.user,
            uploaded_at=now,
        )
        DocumentPage.objects.bulk_create(
            DocumentPage(
                document=document,
                number=page.number,
                image=page.image.name,
                width=page.width,
                height=page.height,
                fingerprint=page.fingerprint,
                quality=page.quality,
            )
            for page in pages
        )
        told = {"case": str(case.pk), "kind": kind, "pages": len(pages)}
        record("add_document", document, actor, now, employer_id=case.employer_id, data=told)
    if kind != DocumentKind.BUSINESS_LICENCE or not photo.reading:
        documents.queue_reading(document, now)
    else:
        _keep_reading(photo, document, case, member, now)
    photo.pages.all().delete()
    photo.delete()


def _keep_reading(
    photo: LicencePhoto, document: Document, case: Case, member: Member, now: datetime
) -> None:
    """Keep the photo's reading as the document's, with the person's statements on its values."""
    declared = {
        "uscc": case.declared_uscc,
        "name": case.declared_name,
        "legal_representative": case.declared_legal_representative,
    }
    read = read_fields(photo)
    reading = {**(photo.reading or {}), "document": str(document.pk)}
    if all(read.get(name, "") == value for name, value in declared.items()):
        # What is declared as it was read changes nothing in a reading. Corrections do: the check
        # reads the document again.
        reading["declared"] = declared
    DocumentReading.objects.create(
        document=document, due_at=now, finished_at=now, reading=reading, version=photo.version
    )
    if early_reading.shown_values(document.kind, reading, {}):
        early_reading.save_statements(document.pk, member, declared, now)
