"""What does a reviewer send with a button, and what had they typed when the page has to be shown
again?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from employers.models import User
from verification.models import reviewers
from verification.reviewing import reason_choices
from verification.rules.required_documents import OF_KIND

NEEDS_CONFIRMATION = frozenset({"reject", "suspend", "uphold", "revoke"})
"""What hurts an employer at once is shown once more, as the employer will be told it, before it is
done.
"""

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
"""What a reviewer does with a case that they hold, besides deciding it."""
KEYS: Final = {
    "approve": "a",
    "reinstate": "a",
    "request_changes": "d",
    "reject": "r",
    "uphold": "r",
    "hold": "h",
    "escalate": "e",
}
"""By which key each is opened (`static/console/keys.js`).

Those that share one are never offered together.
"""
IN_FORCE = {
    "suspend": _(
        "Suspend it too, for the same reasons. Once you confirm, the employer can no"
        " longer download resumes."
    ),
    "keep": _("Leave it in force"),
}
"""What becomes of an approval in force when another case of its employer is refused.

Nothing is chosen beforehand.
"""

POSTPONE_FOR: Final = {4: _("4 hours"), 24: _("1 day"), 72: _("3 days"), 168: _("7 days")}
"""For how many hours a case can be set aside."""

NOTE_AT_MOST: Final = 2000
VERB_AT_MOST: Final = 30


def said_of(data: Mapping[str, str]) -> dict[str, str]:
    """Which kind of document each reason is about that can be about any, as it was sent."""
    sent = {code: data.get(f"about-{code}", "") for code in reason_choices.OF_ANY_DOCUMENT}
    return {code: kind for code, kind in sent.items() if kind in OF_KIND}


class DecisionForm(forms.Form):
    """What a reviewer sends with a button."""

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
        """Whether what is in force by another case is suspended, too; None where nothing was
        chosen.
        """
        chosen = self.cleaned_data["in_force"]
        return chosen == "suspend" if chosen else None

    @property
    def besides(self) -> Mapping[str, Any]:
        """What else the decision is told, by the names of `operations.review`."""
        told = {"suspend_in_force": self.suspend_in_force, "about": said_of(self.data) or None}
        return {name: value for name, value in told.items() if value is not None}


class PostponeForm(forms.Form):
    """For how long a case is set aside, and why."""

    hours = forms.TypedChoiceField(coerce=int, choices=list(POSTPONE_FOR.items()))
    note = forms.CharField(required=False, max_length=NOTE_AT_MOST)


class AssignForm(forms.Form):
    """To which colleague a lead gives a case."""

    to = forms.ModelChoiceField(queryset=User.objects.none())

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        colleagues = self.fields["to"]
        assert isinstance(colleagues, forms.ModelChoiceField)
        colleagues.queryset = reviewers().order_by("email")


@dataclass(frozen=True)
class Typed:
    """What a reviewer had ticked and written when a page had to be shown to them again."""

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
        """What a draft holds; one in which nothing is ticked or written opens nothing."""
        return (
            cls(verb, tuple(reasons), note, about=about)
            if reasons or note.strip()
            else NOTHING_TYPED
        )

    def and_also(self, text: str) -> Typed:
        """With `text` below what was written."""
        return replace(
            self,
            note="\n\n".join(part for part in (self.note.rstrip(), text) if part)[:NOTE_AT_MOST],
        )


NOTHING_TYPED = Typed()
