"""The console's pages for text messages: what became of each, and what each day cost.

They show no numbers: those are erased once a message is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.contrib import admin
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Replace
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from employers.accounts.phones import invitations
from employers.models import ApiClient
from employers.notices import PAYER
from events.admin import ReadOnlyAdmin, code_as_html, in_words_filter
from events.delivery.sms_quotas import CODES
from events.models import Sms, SmsDay
from events.sms.base import NUMBER_ABSENT, NUMBER_BLOCKED, PHONE_OFF

UNIT: Final = 10_000
"""Costs are stored in ten-thousandths of a yuan."""
TEXTS: Final = {
    "verification_code": _("Verification code"),
    "account_notice": _("Notice about an account"),
    "case_notice": _("Notice about a case"),
    "candidate_told": _("Company has received a resume"),
    "candidate_asked": _("Company asks for a resume"),
    "candidate_link": _("Link to the candidate's page"),
    "call_coming": _("Relay number that will call"),
}
FAILURES: Final = {
    NUMBER_BLOCKED: _("the number has blocked our messages"),
    NUMBER_ABSENT: _("the number does not exist"),
    PHONE_OFF: _("phone off or out of service"),
    "number_illegal": _("we cannot send to this number"),
    "params_rejected": _("the provider rejected the contents"),
    "rejected": _("rejected by the provider"),
    "unknown": _("unknown"),
}
"""By the stored name. What else is stored is a carrier's code."""
PAYERS: Final = {
    CODES: _("verification codes"),
    PAYER: _("notices to accounts"),
    invitations.PAYER: _("invitations by text message"),
}


def in_words(words: Mapping[str, Promise], value: str) -> SafeString | str:
    """Return the words for a stored name, or the name itself as code."""
    return str(words[value]) if value in words else code_as_html(value)


class PaidByAdmin(ReadOnlyAdmin):
    """A list of what platforms pay for, or we for accounts."""

    about_people = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # A UUID as text has hyphens in PostgreSQL and none in SQLite.
        bare = Replace(Cast("pk", CharField()), Value("-"), Value(""))
        payer = Replace(OuterRef("payer"), Value("-"), Value(""))
        name = ApiClient.objects.annotate(bare=bare).filter(bare=payer).values("name")[:1]
        rows: QuerySet[Any] = super().get_queryset(request).annotate(payer_name=Subquery(name))
        return rows

    @admin.display(description=_("paid by"), ordering="payer")
    def paid_by(self, row: Any) -> SafeString | str:
        return row.payer_name or in_words(PAYERS, row.payer)

    @admin.display(description=_("cost (¥)"), ordering="cost")
    def yuan(self, row: Any) -> str:
        return f"{row.cost / UNIT:.3f}"


@admin.register(Sms)
class SmsAdmin(PaidByAdmin):
    list_display = (
        "created_at",
        "text",
        "outcome",
        "failure_code",
        "paid_by",
        "provider",
        "segments",
        "yuan",
    )
    list_filter = ("outcome", ("template", in_words_filter(partial(in_words, TEXTS))), "provider")
    search_fields = ("=id", "=reference")
    search_help_text = _("Full ID of a message, ours or the provider’s")
    ordering = ("-created_at",)
    fields = (
        "row_id",
        "text",
        "language",
        "paid_by",
        "provider",
        "reference",
        "segments",
        "yuan",
        "outcome",
        "failure_code",
        "created_at",
        "handed_at",
        "finished_at",
        "reported_at",
        "tries",
        "last_error",
    )
    readonly_fields = ("row_id", "text", "paid_by", "yuan", "failure_code")

    @admin.display(description=_("text"), ordering="template")
    def text(self, sms: Sms) -> SafeString | str:
        return in_words(TEXTS, sms.template)

    @admin.display(description=_("why not delivered"), ordering="failure")
    def failure_code(self, sms: Sms) -> SafeString | str:
        return in_words(FAILURES, sms.failure)


@admin.register(SmsDay)
class SmsDayAdmin(PaidByAdmin):
    list_display = ("day", "paid_by", "messages", "segments", "yuan", "share")
    ordering = ("-day", "payer")
    fields = ("day", "paid_by", "messages", "segments", "yuan", "share")
    readonly_fields = ("paid_by", "yuan", "share")

    @admin.display(description=_("paid by"), ordering="payer")
    def paid_by(self, row: Any) -> SafeString | str:
        return super().paid_by(row) if row.payer else gettext("all")

    @admin.display(description=_("share of the day’s budget"))
    def share(self, day: SmsDay) -> str:
        of_payer = day.payer not in ("", CODES)
        budget = settings.SMS_BUDGET_PER_PAYER if of_payer else settings.SMS_BUDGET
        return f"{day.cost / budget:.0%}" if budget else "—"
