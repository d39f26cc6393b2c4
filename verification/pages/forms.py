"""Forms for an employer's declaration, documents, proofs, clients and appeals."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from employers.accounts.forms import (
    RefusableForm,
    account_class_field,
    clean_name,
    company_field,
    uscc_field,
)
from employers.models import Member
from verification.cases.appeals import WORDS_AT_MOST
from verification.models import Case, DocumentKind

CODE_LENGTH: Final = 6


class DeclareForm(RefusableForm):
    """The facts that are compared with the licence."""

    name = company_field()
    uscc = uscc_field()
    legal_representative = forms.CharField(
        label=_("Legal representative"),
        max_length=100,
        required=False,
        help_text=_("As on the licence. If you leave it empty, we read it from the photo."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "lang": "zh-Hans"}),
    )
    account_class = account_class_field()

    @classmethod
    def of(cls, case: Case) -> DeclareForm:
        """Return the form filled with what `case` declares now."""
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

    def clean_legal_representative(self) -> str:
        return clean_name(self.cleaned_data["legal_representative"], "legal_representative")


class CompanyForm(RefusableForm):
    """The company of a new account: the values read from its licence, to be confirmed."""

    company = company_field()
    uscc = uscc_field()
    legal_representative = forms.CharField(
        label=_("Legal representative"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "lang": "zh-Hans"}),
    )
    account_class = account_class_field()
    contest = forms.BooleanField(
        required=False, label=_("My company did not register here. Ask a reviewer to check")
    )

    @property
    def may_contest(self) -> bool:
        """Return whether to offer contesting the code: only if another employer holds it."""
        return self.has_error("uscc", "duplicate_same_uscc_active") or bool(self["contest"].value())

    def clean_company(self) -> str:
        return clean_name(self.cleaned_data["company"], "company")

    def clean_legal_representative(self) -> str:
        return clean_name(self.cleaned_data["legal_representative"], "legal_representative")


class TypedCodeForm(RefusableForm):
    """The code alone, for those who cannot photograph their licence."""

    uscc = uscc_field()


class UploadForm(forms.Form):
    """The kind of the uploaded files; the view takes the files from the request one by one."""

    kind = forms.ChoiceField(choices=DocumentKind.choices)
    replaces = forms.UUIDField(required=False)
    """The document to remove once the new one is stored."""


class SubmitForm(forms.Form):
    """The version of the case that was shown when the button was pressed."""

    version = forms.IntegerField(min_value=0)


# --- Authority ------------------------------------------------------------------------------------


def _digits(typed: str) -> str:
    """Return a typed code or number without separators, and with ASCII digits."""
    return "".join(unicodedata.normalize("NFKC", typed).split()).replace("-", "")


class AddressForm(RefusableForm):
    """The company email address that a code is sent to."""

    address = forms.EmailField(
        label=_("Your company email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )


class CodeForm(RefusableForm):
    """The six-digit code from an email or a transfer's memo."""

    code = forms.CharField(
        label=_("Six-digit code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code short"}
        ),
    )

    def clean_code(self) -> str:
        code = _digits(self.cleaned_data["code"])
        if len(code) != CODE_LENGTH or not code.isdecimal():
            raise forms.ValidationError(
                _("The code has six digits. This did not count as an attempt.")
            )
        return code


class DepositForm(RefusableForm):
    """The company account that a small amount is sent to."""

    account_holder = forms.CharField(
        label=_("Account holder"),
        max_length=200,
        help_text=_("The company's full name, exactly as at the bank."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "lang": "zh-Hans"}),
    )
    account_number = forms.CharField(
        label=_("Account number"),
        max_length=60,
        help_text=_(
            "The company's settlement account, not a personal one. We keep it encrypted,"
            " and only until you enter the code."
        ),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "inputmode": "numeric", "class": "code"}
        ),
    )
    bank_name = forms.CharField(
        label=_("Bank"),
        max_length=100,
        help_text=_("Include the branch if you know it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "lang": "zh-Hans"}),
    )

    def clean_account_number(self) -> str:
        return _digits(self.cleaned_data["account_number"])


class _Colleague(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django has no arguments for it
    """A member, shown by email address or masked number."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.user.contact)


class ColleagueForm(RefusableForm):
    """The colleague who is asked to vouch."""

    colleague = _Colleague(
        label=_("Which colleague?"),
        queryset=Member.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, colleagues: QuerySet[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["colleague"]
        assert isinstance(choice, _Colleague)
        choice.queryset = colleagues


# --- Clients of an agency -------------------------------------------------------------------------


class ClientForm(RefusableForm):
    """The client of a letter."""

    company = forms.CharField(
        label=_("Client"),
        max_length=200,
        help_text=_("The client's full name, as on its business licence."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "lang": "zh-Hans"}),
    )
    uscc = forms.CharField(
        label=_("Client's unified social credit code"),
        max_length=60,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "class": "code",
                "spellcheck": "false",
                "autocapitalize": "characters",
            }
        ),
    )
    valid_until = forms.DateField(
        label=_("Valid until"),
        required=False,
        help_text=_("The last day stated in the letter. Leave empty if it has no end date."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_company(self) -> str:
        return clean_name(self.cleaned_data["company"], "company")

    @classmethod
    def of(cls, document_id: UUID, said: Mapping[str, Any], typed: Any = None) -> ClientForm:
        """Return the form of one letter with the initial values `said`, bound to `typed` if it was
        sent.
        """
        return cls(typed, initial=dict(said), auto_id=f"client-{document_id}-%s")


# --- Statements to reviewers ----------------------------------------------------------------------


class WordsForm(RefusableForm):
    """An employer's statement for another reviewer."""

    words = forms.CharField(
        label=_("What should the reviewer know?"),
        max_length=WORDS_AT_MOST,
        help_text=_(
            "What is wrong, what is correct, and what shows it. A few sentences are enough."
        ),
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    evidence = forms.Field(required=False, label=_("Evidence"))
    """Holds the errors of the files, which the view takes from the request one by one."""
