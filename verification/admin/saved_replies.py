"""Admin of saved replies: leads write them in both languages, with variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from employers.accounts.forms import refusal_html
from employers.models import User
from events.admin import ConsoleAdmin, WhetherFilter, in_words_filter
from verification.cases import guards, wording
from verification.models import SavedReply
from verification.reviewing import saved_replies

if TYPE_CHECKING:
    ReplyFormBase = forms.ModelForm[SavedReply]
else:
    ReplyFormBase = forms.ModelForm

WITH_NOTE = sorted(guards.NEEDS_CLAIM)


class ReplyForm(ReplyFormBase):
    """The form of a reply."""

    verb = forms.ChoiceField(
        label=_("Decision"), choices=[(verb, wording.DECISIONS[verb].button) for verb in WITH_NOTE]
    )
    code = forms.SlugField(
        label=_("Short name"), max_length=40, help_text=_("Lower case. The list is sorted by it.")
    )
    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=100)
    title_en = forms.CharField(label=_("Title in English"), max_length=100)
    text_zh = forms.CharField(
        label=_("Text in Chinese"),
        max_length=1500,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("{company}, {uscc} and {items} are filled in from the case"),
    )
    text_en = forms.CharField(
        label=_("Text in English"), max_length=1500, widget=forms.Textarea(attrs={"rows": 5})
    )
    retired = forms.BooleanField(label=_("Retired"), required=False)

    class Meta:
        model = SavedReply
        fields = ("code", "verb", "title_zh", "title_en", "text_zh", "text_en")

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.fields["retired"].initial = self.instance.retired_at is not None

    def clean_text_zh(self) -> str:
        return self._text("text_zh")

    def clean_text_en(self) -> str:
        return self._text("text_en")

    def _text(self, field: str) -> str:
        text = str(self.cleaned_data[field])
        if refused := saved_replies.reply_problem(text):
            raise forms.ValidationError(refusal_html(refused), code=refused.code)
        return text


def _button(verb: str) -> wording.Word:
    """Return the words for a decision, as on its button."""
    return wording.DECISIONS[verb].button if verb in wording.DECISIONS else verb


@admin.register(SavedReply)
class SavedReplyAdmin(ConsoleAdmin):
    """Reviewers view, leads write. Replies are never deleted, because sent mails refer to them."""

    form = ReplyForm
    fields = ("code", "verb", "title_zh", "title_en", "text_zh", "text_en", "retired")
    readonly_fields = ("decision", "chinese", "english")
    list_display = ("code", "decision", "title_zh", "title_en", "retired_at")
    list_filter = (("verb", in_words_filter(_button)), ("retired_at", WhetherFilter))
    search_fields = ("code", "title_zh", "title_en")
    ordering = ("code",)
    actions = None

    @admin.display(description=_("Decision"), ordering="verb")
    def decision(self, reply: SavedReply) -> str:
        return str(wording.DECISIONS[reply.verb].button)

    @admin.display(description=_("Text in Chinese"))
    def chinese(self, reply: SavedReply) -> str:
        return reply.text_zh

    @admin.display(description=_("Text in English"))
    def english(self, reply: SavedReply) -> str:
        return reply.text_en

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the form's fields for staff who may write, and labelled texts for others."""
        if self.has_change_permission(request, obj):
            return self.fields
        return ("code", "decision", "title_zh", "title_en", "chinese", "english", "retired_at")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("verification.view_case"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(request.user, User) and saved_replies.may_save(request.user.as_reviewer())

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SavedReply, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        now = timezone.now()
        obj.retired_at = (obj.retired_at or now) if form.cleaned_data["retired"] else None
        saved_replies.save_reply(obj, request.user.as_reviewer(), now)
