"""Employers that a platform's system creates and corrects, by its own reference, until a case is
submitted.

A platform neither submits a case nor decides one; documents and proofs come from the employer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from employers.accounts.registration import check_code, check_name
from employers.models import AccountClass, ApiClient, Employer
from events.api.texts import checked_reference
from events.core.errors import Refused
from events.models import record
from verification.models import Case
from verification.rules import name_lookalikes, states


@dataclass(frozen=True)
class Declared:
    """A platform's data about an employer.

    If another employer holds the code already, `contest` asks a reviewer to decide who owns it.
    """

    name: str
    uscc: str
    account_class: str = AccountClass.DIRECT_EMPLOYER
    contest: bool = False

    def checked(self, *, test: bool) -> Declared:
        """Return the data normalised for storage. Raises Refused, as `check_code` and `check_name`
        do.
        """
        code = check_code(self.uscc, contest=self.contest, test=test)
        return Declared(
            check_name(self.name.strip(), "name"), code, self.account_class, self.contest
        )


def create_employer(
    client: ApiClient, reference: str, declared: Declared, now: datetime
) -> Employer:
    """Create an employer of this platform.

    Raises Refused: `reference_invalid`, `reference_taken`, and as `Declared.checked` does.
    """
    reference = checked_reference(reference)
    declared = declared.checked(test=client.test)
    try:
        with transaction.atomic():
            employer: Employer = Employer.objects.create(
                name=declared.name,
                uscc=declared.uscc,
                account_class=declared.account_class,
                registered_at=now,
                platform=client,
                reference=reference,
                test=client.test,
            )
            record(
                "register",
                employer,
                client.as_actor(),
                now,
                employer_id=employer.pk,
                data={"contest": declared.contest},
            )
    except IntegrityError as error:
        raise Refused("reference_taken", "reference", seen=reference) from error
    return employer


def put_employer(
    client: ApiClient, reference: str, declared: Declared, now: datetime
) -> tuple[Employer, bool]:
    """Create or update the employer with the platform's `reference`. Returns it, and whether it is
    new.

    Idempotent. Raises Refused: `state_conflict` if the employer may no longer edit its case, and as
    `create_employer` does.
    """
    existing = Employer.objects.filter(platform=client, reference=reference).first()
    if existing is None:
        try:
            return create_employer(client, reference, declared, now), True
        except Refused as refused:
            existing = Employer.objects.filter(platform=client, reference=reference).first()
            if refused.code != "reference_taken" or existing is None:
                raise
    return _correct(existing.pk, client, declared, now), False


def _correct(employer_id: UUID, client: ApiClient, declared: Declared, now: datetime) -> Employer:
    with transaction.atomic():
        # As everywhere, the employer is locked before its case (`operations.moving_case`).
        employer = Employer.objects.select_for_update(no_key=True).get(pk=employer_id)
        said = {
            "name": declared.name.strip(),
            "uscc": declared.uscc.strip().upper(),
            "account_class": declared.account_class,
        }
        if all(getattr(employer, field) == value for field, value in said.items()):
            return employer
        case = _case_in_their_hands(employer)
        declared = declared.checked(test=client.test)
        fields = ("name", "uscc", "account_class")
        changed = [
            field for field in fields if getattr(employer, field) != getattr(declared, field)
        ]
        for field in changed:
            setattr(employer, field, getattr(declared, field))
        employer.save(update_fields=fields)
        if case is not None:
            case.declared_name, case.name_key, case.declared_uscc = (
                declared.name,
                name_lookalikes.lookalike_key(declared.name),
                declared.uscc,
            )
            case.account_class = declared.account_class
            case.version += 1
            case.save()
        data = {"changed": changed, "contest": declared.contest}
        record(
            "declare", case or employer, client.as_actor(), now, employer_id=employer.pk, data=data
        )
    return employer


def _case_in_their_hands(employer: Employer) -> Case | None:
    """Lock the case that is corrected with the employer; None if it has none yet.

    Raises Refused `state_conflict` if the case has been submitted or decided: it must not change.
    For a changed fact the employer begins a new case.
    """
    case: Case | None = (
        Case.objects.select_for_update().filter(employer=employer).order_by("-opened_at").first()
    )
    if employer.confirmed_at is not None or (
        case is not None and case.state not in states.EDITABLE
    ):
        state = case.state if case else ""
        raise Refused(
            "state_conflict", "state", seen=state, expected=", ".join(sorted(states.EDITABLE))
        )
    return case
