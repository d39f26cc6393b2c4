"""What does an employer declare, and send with its documents?"""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from employers.forms import RefusableForm, account_class_field, clean_name, company_field, uscc_field
from verification.models import Case, DocumentKind


class DeclareForm(RefusableForm):
    """The facts that the licence is held against."""

    name = company_field()
    uscc = uscc_field()
    legal_representative = forms.CharField(
        label=_("Legal representative"),
        max_length=100,
        required=False,
        help_text=_("As on the licence. May be left empty; it is read from the picture."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "lang": "zh-Hans"}),
    )
    account_class = account_class_field()

    @classmethod
    def of(cls, case: Case) -> DeclareForm:
        """The form filled with what `case` declares now."""
        return cls(
            initial={
                "name": case.declared_name,
                "uscc": case.declared_uscc,
                "legal_representative": case.declared_legal_representative,
                "account_class": case.account_class,
            }
        )

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"], "name")


class UploadForm(forms.Form):
    """Which document the files are; the files themselves are taken from the request one by one."""

    kind = forms.ChoiceField(choices=DocumentKind.choices)
    replaces = forms.UUIDField(required=False)
    """The document that goes when a new one has come."""


class SubmitForm(forms.Form):
    """The version of the case that the person looked at when they pressed the button."""

    version = forms.IntegerField(min_value=0)
