"""Read-only admin of a case's records: attempts, decisions, documents, register entries."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from employers.admin.employers import OfEmployersAdmin
from employers.permissions import sees_quality
from events.admin import (
    ReadOnly,
    ReadOnlyAdmin,
    TabularInline,
    WhetherFilter,
    in_words_filter,
    raw_json_column,
)
from verification.cases import wording
from verification.models import (
    Attempt,
    CheckRun,
    Decision,
    Document,
    HrLicenceRecord,
    RegistryRecord,
    ShadowVerdict,
)
from verification.reviewing import case_comparison

_WORDS = {**wording.SEEN, **wording.HAPPENED_FOR_STAFF}
_IN_WORDS = in_words_filter(lambda value: _WORDS.get(value, value))


class CheckRunInline(ReadOnly, TabularInline):
    model = CheckRun
    extra = 0
    fields = ("check_name", "round", "version", "found", "observed", "started_at", "finished_at")
    readonly_fields = ("check_name", "found", "observed")
    observed = staticmethod(raw_json_column("observation", _("raw check data")))

    @admin.display(description=_("check"))
    def check_name(self, run: CheckRun) -> str:
        return str(wording.CHECKS[run.code].staff if run.code in wording.CHECKS else run.code)

    @admin.display(description=_("findings"), empty_value="—")
    def found(self, run: CheckRun) -> SafeString:
        """Return each finding in words, with what was seen and expected."""
        findings = case_comparison.strictest_first(run.as_findings())
        return render_to_string("admin/verification/attempt/findings.html", {"findings": findings})


@admin.register(Attempt)
class AttemptAdmin(OfEmployersAdmin):
    employer_path = "case__employer"
    list_display = (
        "case",
        "number",
        "submitted_at",
        "outcome",
        "waits_for",
        "waits",
        "tries",
        "finished_at",
    )
    fields = (
        "case",
        "number",
        "submitted_at",
        "outcome",
        "waits_for",
        "waits",
        "rules_version",
        "due_at",
        "tries",
        "finished_at",
    )
    list_filter = (
        "outcome",
        ("waiting_for", in_words_filter(wording.code_for_staff)),
        ("finished_at", WhetherFilter),
    )
    list_select_related = ("case",)
    search_fields = ("=case__id", "=case__declared_uscc", "case__declared_name")
    ordering = ("-submitted_at",)
    inlines = (CheckRunInline,)

    @admin.display(description=_("waiting for"), ordering="waiting_for", empty_value="—")
    def waits_for(self, attempt: Attempt) -> str:
        return str(wording.code_for_staff(attempt.waiting_for)) or "—"


@admin.register(Decision)
class DecisionAdmin(OfEmployersAdmin):
    employer_path = "case__employer"
    list_display = ("decided_at", "case", "what", "why", "decided_by", "policy_version")
    list_filter = (("verb", _IN_WORDS), "policy_version")
    list_select_related = ("case", "decided_by")
    search_fields = ("=case__id", "=case__declared_uscc", "case__declared_name")
    ordering = ("-id",)
    fields = (
        "case",
        "attempt_number",
        "what",
        "why",
        "stored_reasons",
        "note",
        "decided_by",
        "policy_version",
        "rules_version",
        "decided_at",
        "seconds",
        "waited",
    )

    stored_reasons = staticmethod(raw_json_column("reasons", _("reasons as stored")))

    @admin.display(description=_("decision"), ordering="verb")
    def what(self, decision: Decision) -> str:
        return str(_WORDS.get(decision.verb, decision.verb))

    @admin.display(description=_("why"), empty_value="—")
    def why(self, decision: Decision) -> str:
        return "\n".join(
            str(reason["sentence"]) for reason in case_comparison.reasons_in_words(decision.reasons)
        )


class DisagreesFilter(admin.SimpleListFilter):
    """Shows where a shadow policy would have decided otherwise."""

    title = _("compared with the live policy")
    parameter_name = "differs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("decides differently")), ("0", _("decides the same"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        same = Q(outcome=F("live_outcome"))
        return {"1": queryset.exclude(same), "0": queryset.filter(same)}.get(
            self.value() or "", queryset
        )


@admin.register(ShadowVerdict)
class ShadowVerdictAdmin(ReadOnlyAdmin):
    """For staff who judge the policy. Golden cases have no shadow verdict, which would reveal
    them.
    """

    list_display = ("at", "attempt", "policy_version", "live_outcome", "outcome", "why")
    list_filter = (DisagreesFilter, "policy_version", "live_outcome", "outcome")
    list_select_related = ("attempt",)
    search_fields = ("=attempt__case__id", "=attempt__case__declared_uscc")
    ordering = ("-id",)
    fields = ("at", "attempt", "round", "policy_version", "live_outcome", "outcome", "why")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and sees_quality(request.user.has_perm)

    @admin.display(description=_("why"), empty_value="—")
    def why(self, verdict: ShadowVerdict) -> str:
        return "\n".join(
            str(reason["sentence"])
            for reason in case_comparison.reasons_in_words(
                {"code": code} for code in verdict.reasons
            )
        )


@admin.register(Document)
class DocumentAdmin(OfEmployersAdmin):
    """Pictures are viewed on the case's page, where each view is recorded."""

    employer_path = "case__employer"
    list_display = ("row_id", "kind", "case", "media_type", "size", "uploaded_at", "superseded_at")
    list_filter = ("kind", "media_type")
    list_select_related = ("case",)
    search_fields = ("=id", "=case__id", "=sha256")
    ordering = ("-uploaded_at",)
    exclude = ("scan",)
    readonly_fields = ("scanned",)
    scanned = staticmethod(raw_json_column("scan", _("virus scan")))


@admin.register(RegistryRecord)
class RegistryRecordAdmin(ReadOnlyAdmin):
    """The snapshot of the company register; `manage.py import_registry` fills it."""

    list_display = (
        "uscc",
        "name",
        "legal_representative",
        "registration_status",
        "established_on",
        "abnormal_list",
        "serious_violation_list",
        "as_of",
    )
    list_filter = (("status", _IN_WORDS), "abnormal_list", "serious_violation_list")
    search_fields = ("=uscc", "^name")
    search_help_text = _("Full credit code, or the start of the name")
    ordering = ("uscc",)
    fields = (
        "uscc",
        "name",
        "names_before",
        "legal_representative",
        "registration_status",
        "established_on",
        "email_domain",
        "business_scope",
        "abnormal_list",
        "serious_violation_list",
        "as_of",
    )

    @admin.display(description=_("former names"), empty_value="—")
    def names_before(self, record: RegistryRecord) -> str:
        return "\n".join(record.former_names) or "—"

    @admin.display(description=_("status"), ordering="status")
    def registration_status(self, record: RegistryRecord) -> str:
        return str(_WORDS.get(record.status, record.status))


@admin.register(HrLicenceRecord)
class HrLicenceRecordAdmin(ReadOnlyAdmin):
    """The published lists of licensed agencies; `manage.py import_hr_licences` fills them."""

    list_display = ("number", "name", "uscc", "valid_until", "as_of")
    search_fields = ("=number", "=uscc", "^name")
    search_help_text = _("Full licence number or credit code, or the start of the name")
    ordering = ("number",)
