"""Deletes rows and files that have been kept long enough.

Decisions are kept for at least the three years that the law requires, but no longer than needed,
because they show who looked at which candidate.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q

from downloads.models import (
    CanaryRing,
    Candidate,
    CleanResume,
    Consent,
    ConsentRequest,
    Contact,
    Copy,
    CopyLink,
    CopyState,
    EraseOrder,
    GateDecision,
    MisuseReport,
    PassUse,
    RelayBinding,
    RelayCall,
    Release,
    Trace,
)
from downloads.models.keeping import KEPT_DAYS
from downloads.models.relays import KEPT_SEALED_FOR

LEAST_DAYS: Final = KEPT_DAYS
AT_ONCE: Final = 5_000
ROUNDS: Final = 20
"""A run deletes at most this many times `AT_ONCE` rows, each time in its own transaction, so that
the gate does not wait.
"""


def delete_old_rows(now: datetime, keep_days: int) -> int:
    """Delete what is older than `keep_days`, or the legal minimum if that is longer.

    Returns the number of deleted decisions.
    """
    before = now - timedelta(days=max(keep_days, LEAST_DAYS))
    _remove(PassUse.objects.filter(used_at__lt=before))
    _remove(Contact.objects.filter(at__lt=before))
    RelayBinding.objects.filter(ended_at__lt=now - KEPT_SEALED_FOR).exclude(
        candidate_sealed=""
    ).update(candidate_sealed="")
    _remove(CanaryRing.objects.filter(at__lt=before, looked_at__isnull=False))
    _remove(
        RelayCall.objects.filter(at__lt=before).exclude(pk__in=CanaryRing.objects.values("call"))
    )
    _remove(
        RelayBinding.objects.filter(
            ended_at__lt=before, finished_at__isnull=False, calls=None, copies=None
        )
    )
    _retire_of_candidates(before)
    return _remove(GateDecision.objects.filter(decided_at__lt=before))


def retire_copies(now: datetime, keep_clean_days: int) -> int:
    """Erase copies whose links have expired, clean pages that are no longer needed for traces, and
    old rows.

    Returns the number of erased copies.
    """
    closed = 0
    for copy_id in list(
        Copy.objects.filter(state=CopyState.READY, links_until__lte=now).values_list(
            "pk", flat=True
        )[:AT_ONCE]
    ):
        with transaction.atomic():
            copy = Copy.objects.select_for_update(of=("self",)).get(pk=copy_id)
            name, copy.pdf, copy.state = str(copy.pdf.name), "", CopyState.CLOSED
            copy.save(update_fields=["pdf", "state"])
        default_storage.delete(name)
        closed += 1
    for resume in _due(CleanResume.objects.available(), now - timedelta(days=keep_clean_days))[
        :AT_ONCE
    ]:
        if Copy.objects.waiting().filter(resume=resume).exists():
            continue
        name, resume.pages, resume.removed = str(resume.pages.name), "", []
        resume.save(update_fields=["pages", "removed"])
        default_storage.delete(name)
    for trace in Trace.objects.exclude(evidence="").filter(
        asked_at__lt=now - timedelta(days=keep_clean_days)
    )[:AT_ONCE]:
        name, trace.evidence = str(trace.evidence.name), ""
        trace.save(update_fields=["evidence"])
        default_storage.delete(name)
    before = now - timedelta(days=max(keep_clean_days, LEAST_DAYS))
    _remove(Trace.objects.filter(asked_at__lt=before, finished_at__isnull=False, evidence=""))
    _remove(CopyLink.objects.filter(of__requested_at__lt=before, made_at__lt=before))
    _remove(
        Copy.objects.filter(requested_at__lt=before, finished_at__isnull=False, links=None).exclude(
            state=CopyState.READY
        )
    )
    _remove(CleanResume.objects.filter(used_at__lt=before, pages="", copies=None))
    return closed


def _due(resumes: models.QuerySet[CleanResume], before: datetime) -> models.QuerySet[CleanResume]:
    """Return the resumes no longer needed for traces: last copied `before`, or of an erased
    candidate without open reports.
    """
    of_them = {"client_id": OuterRef("client_id"), "reference": OuterRef("candidate")}
    is_open = Exists(MisuseReport.objects.filter(candidate=OuterRef("pk"), settled_at=None))
    erased = Candidate.objects.filter(**of_them, erased_at__isnull=False).exclude(is_open)
    return resumes.filter(Q(used_at__lt=before) | Exists(erased))


def _retire_of_candidates(before: datetime) -> None:
    """Delete old rows of candidates: settled reports, then releases, requests, orders, consents,
    and erased candidates.
    """
    _remove(MisuseReport.objects.filter(reported_at__lt=before, settled_at__isnull=False))
    _remove(Release.objects.filter(released_at__lt=before, reports=None))
    _remove(ConsentRequest.objects.filter(expires_at__lt=before))
    _remove(
        EraseOrder.objects.filter(ordered_at__lt=before).exclude(
            answered_at=None, withdrawn_at=None
        )
    )
    unused = ~Exists(Release.objects.filter(consent=OuterRef("pk"))) & ~Exists(
        ConsentRequest.objects.filter(consent=OuterRef("pk"))
    )
    _remove(Consent.objects.filter(unused).filter(Q(until__lt=before) | Q(revoked_at__lt=before)))
    gone = Candidate.objects.filter(
        erased_at__lt=before, consents=None, requests=None, erase_orders=None, reports=None
    )
    _remove(gone)


def _remove(old: models.QuerySet[models.Model]) -> int:
    gone = 0
    for _ in range(ROUNDS):
        removed, _by_model = old.model._default_manager.filter(
            pk__in=list(old.order_by().values_list("pk", flat=True)[:AT_ONCE])
        ).delete()
        gone += removed
        if removed < AT_ONCE:
            break
    return gone
