"""How does a platform's system tell us of an employer?

It makes one by its own reference, and corrects it until a case is handed in.

What the employer then shows is its own business: a platform neither hands a case in nor decides
one.
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
    """What a platform says of an employer.

    Where another holds the code already, `contest` has a reviewer decide whose it is.
    """

    name: str
    uscc: str
    account_class: str = AccountClass.DIRECT_EMPLOYER
    contest: bool = False

    def checked(self, *, test: bool) -> Declared:
        """The same, as it is stored. Raises Refused: what `check_code` and `check_name` raise."""
        code = check_code(self.uscc, contest=self.contest, test=test)
        return Declared(
            check_name(self.name.strip(), "name"), code, self.account_class, self.contest
        )


def create_employer(
    client: ApiClient, reference: str, declared: Declared, now: datetime
) -> Employer:
    """A new employer of this platform.

    Raises Refused: `reference_invalid`, `reference_taken`, and what `Declared.checked` raises.
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
    """The employer that the platform calls `reference` as it is `declared`, and whether it is new.

    Said twice, it is the same as once.

    Raises Refused: `state_conflict` where a case is out of the employer's hands, and what
    `create_employer` raises.
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
        # The employer first and then its case, as everywhere (`operations.moving`).
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
                name_lookalikes.key(declared.name),
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
    """The locked case that is corrected with the employer; None where it has none yet.

    Raises Refused `state_conflict`: what was handed in or decided on stays as it was; a changed
    fact is a new case, begun by the employer.
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
