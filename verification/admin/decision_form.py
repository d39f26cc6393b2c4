"""Forms of a reviewer's buttons, and their input when a page has to be shown again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from employers.models import User
from verification.models import reviewing_users
from verification.reviewing import reason_choices
from verification.rules.required_documents import OF_KIND

NEEDS_CONFIRMATION = frozenset({"reject", "suspend", "uphold", "revoke"})
"""Decisions that harm an employer at once: the reviewer sees the employer's mail first."""

BUTTONS = (
    "approve",
    "request_changes",
    "reject",
    "suspend",
    "reinstate",
    "uphold",
    "revoke",
    "reopen",
)
SET_ASIDE = ("hold", "escalate")
"""What a reviewer can do with a claimed case besides deciding it."""
KEYS: Final = {
    "approve": "a",
    "reinstate": "a",
    "request_changes": "d",
    "reject": "r",
    "uphold": "r",
    "hold": "h",
    "escalate": "e",
}
"""The key that opens each form (`static/console/keys.js`). Forms that share a key are never offered
together.
"""
IN_FORCE = {
    "suspend": _(
        "Suspend it too, for the same reasons. Once you confirm, the employer can no"
        " longer download resumes."
    ),
    "keep": _("Leave it in force"),
}
"""What becomes of an approval in force when another case of its employer is rejected. Nothing is
preselected.
"""

POSTPONE_FOR: Final = {4: _("4 hours"), 24: _("1 day"), 72: _("3 days"), 168: _("7 days")}
"""Hours for which a case can be postponed."""

NOTE_AT_MOST: Final = 2000
VERB_AT_MOST: Final = 30


def said_of(data: Mapping[str, str]) -> dict[str, str]:
    """Return the kind of document sent for each reason that fits any."""
    sent = {code: data.get(f"about-{code}", "") for code in reason_choices.OF_ANY_DOCUMENT}
    return {code: kind for code, kind in sent.items() if kind in OF_KIND}


class DecisionForm(forms.Form):
    """The form sent with a button."""

    seen_version = forms.IntegerField(min_value=0)
    reasons = forms.MultipleChoiceField(required=False)
    note = forms.CharField(required=False, max_length=NOTE_AT_MOST)
    in_force = forms.ChoiceField(required=False, choices=list(IN_FORCE.items()))

    def __init__(self, verb: str, *args: Any) -> None:
        super().__init__(*args)
        offered = self.fields["reasons"]
        assert isinstance(offered, forms.MultipleChoiceField)
        offered.choices = [(code, code) for code in reason_choices.REASONS_FOR.get(verb, ())]

    @property
    def suspend_in_force(self) -> bool | None:
        """Whether to suspend the approval in force, too; None if nothing was selected."""
        chosen = self.cleaned_data["in_force"]
        return chosen == "suspend" if chosen else None

    @property
    def besides(self) -> Mapping[str, Any]:
        """The further arguments for `operations.review_case`."""
        told = {"suspend_in_force": self.suspend_in_force, "about": said_of(self.data) or None}
        return {name: value for name, value in told.items() if value is not None}


class PostponeForm(forms.Form):
    """How long a case is postponed, and why."""

    hours = forms.TypedChoiceField(coerce=int, choices=list(POSTPONE_FOR.items()))
    note = forms.CharField(required=False, max_length=NOTE_AT_MOST)


class AssignForm(forms.Form):
    """The colleague that a lead assigns a case to."""

    to = forms.ModelChoiceField(queryset=User.objects.none())

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        colleagues = self.fields["to"]
        assert isinstance(colleagues, forms.ModelChoiceField)
        colleagues.queryset = reviewing_users().order_by("email")


@dataclass(frozen=True)
class Typed:
    """What a reviewer had ticked and written, to fill in the page when it is shown again."""

    verb: str = ""
    reasons: tuple[str, ...] = ()
    note: str = ""
    in_force: str = ""
    about: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, verb: str, request: HttpRequest) -> Typed:
        sent = request.POST
        return cls(
            verb[:VERB_AT_MOST],
            tuple(sent.getlist("reasons")),
            sent.get("note", "")[:NOTE_AT_MOST],
            sent.get("in_force", ""),
            said_of(sent),
        )

    @classmethod
    def kept(cls, verb: str, reasons: Sequence[str], note: str, about: Mapping[str, str]) -> Typed:
        """Return a draft's content; a draft without reasons and note opens no form."""
        return (
            cls(verb, tuple(reasons), note, about=about)
            if reasons or note.strip()
            else NOTHING_TYPED
        )

    def and_also(self, text: str) -> Typed:
        """Return a copy with `text` added below the note."""
        return replace(
            self,
            note="\n\n".join(part for part in (self.note.rstrip(), text) if part)[:NOTE_AT_MOST],
        )


NOTHING_TYPED = Typed()
