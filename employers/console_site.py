"""The console site: sign-in with two factors, and sessions that are short and bound.

A correct password alone does not sign in. For a few minutes, it opens the page that asks for the
second factor or the page that sets one up. A session is checked at each request and ends if the
browser or network changes, if it lasts too long or is idle for too long, or if the account's second
factor is no longer the one used to sign in. Requests of auditors, and what others read about
employers and people outside of a claimed case, are recorded before they are answered.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime
from functools import update_wrapper
from typing import Any, Final

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME, login, logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from employers import permissions
from employers.accounts import sightings, staff, staff_reads
from employers.accounts.forms import (
    CodeForm,
    ConsolePasswordForm,
    ConsoleSignInForm,
    RecoveryForm,
    network_of,
)
from employers.accounts.views import clear_browser, device_cookie, remember_browser, start_session
from employers.models import SecondFactor, User
from employers.script_words import ScriptWords
from employers.security import entry, lockout, second_factor, throttle, totp
from employers.security.backends import ADDRESS
from employers.security.console_session import Origin, Over, Stay
from employers.security.cookies import read_cookie, set_cookie
from employers.security.entry import ENTRY_SECONDS, Entry
from events.core.errors import Refused
from events.models import record

STAY: Final = "console"
"""Session key of the stay."""
ENTRY: Final = "console_entry"
"""Session key of the user whose password was correct and whose second factor is pending."""
PENDING: Final = "console_pending"
"""Session key of the sealed secret that is being set up."""
SETTING_UP_SECONDS: Final = 15 * 60
"""Longer than for a code, because the user may have to install an app first."""
UNUSED: Final = ("autocomplete", "view_on_site")
"""Django's pages that no page of ours uses. They answer for rows that no list shows."""
LONGEST_PATH: Final = 200
MOST_PARAMETERS: Final = 20

WHY_OVER: Final[dict[Over, Any]] = {
    Over.TOO_LONG: _("You were signed out because a sign-in lasts ten hours. Sign in again."),
    Over.IDLE: _("You were signed out after 30 minutes of inactivity. Sign in again."),
    Over.ELSEWHERE: _(
        "You were signed out because this sign-in was used in another browser or on"
        " another network. Sign in again."
    ),
    Over.FACTOR: _(
        "You were signed out because your two-step verification changed. Sign in again."
    ),
}


class Password(LoginView):
    """The first step. Signs in directly only if no second factor is required."""

    site: Any = None
    """The ConsoleSite."""
    next_page = "admin:index"

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = self.site.password_was_right(
            self.request, form.get_user(), self.get_success_url()
        )
        return response


class OwnPassword(PasswordChangeView):
    """Change one's own password. All other sessions end, and the owner is told."""

    form_class = ConsolePasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            response = super().form_valid(form)
            staff.note_password(form.user, timezone.now(), self.request.session)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 429 if form.has_error("old_password", "too_many_tries") else 422
        return response


def mark_unattended(view: Any) -> Any:
    """Mark a view that open pages poll. Its requests do not count as activity."""
    view.unattended = True
    return view


class ConsoleSite(admin.AdminSite):
    login_form = ConsoleSignInForm
    login_template = "admin/sign_in.html"
    index_template = "admin/start.html"
    enable_nav_sidebar = False  # the head has the navigation

    def get_urls(self) -> list[URLResolver | URLPattern]:
        django = [url for url in super().get_urls() if getattr(url, "name", "") not in UNUSED]
        return [
            path("second-factor/", self.second_factor, name="second_factor"),
            path("second-factor/set-up/", self.enrol, name="enrol"),
            *django,
        ]

    # --- Who is in --------------------------------------------------------------------------------

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the user is staff, has signed in completely, and has a valid stay."""
        user = request.user
        if not isinstance(user, User) or not (user.is_active and user.is_staff):
            return False
        stay, factor = Stay.of(request.session.get(STAY)), _factor_of(request)
        if factor is None and _is_required():
            return False
        if stay is None:
            return factor is None
        return stay.over(_origin(request), factor.pk if factor else None, timezone.now()) is None

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def watched(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            now = timezone.now()
            if self.has_permission(request):
                self._note(request, now, attended=not getattr(view, "unattended", False))
            else:
                self._end(request, now)
            return inner(request, *args, **kwargs)

        return update_wrapper(watched, inner)

    def _note(self, request: HttpRequest, now: datetime, *, attended: bool = True) -> None:
        """Record the request: for the idle clock, unless the view is polled, and for auditors'
        records.
        """
        assert isinstance(request.user, User)
        stay = Stay.of(request.session.get(STAY))
        if stay is None:  # signed in with a password, and no second factor is required
            request.session[STAY] = Stay.begin(None, _origin(request), now).stored()
        elif attended and (noted := stay.noted(now)):
            request.session[STAY] = noted.stored()
        if permissions.is_auditor(request.user.has_perm):
            _record_request(request, request.user, now)

    # --- What staff read --------------------------------------------------------------------------

    def record_look(self, request: HttpRequest) -> None:
        """Record that staff read a list about employers or people. All requests of auditors are
        recorded anyway.
        """
        assert isinstance(request.user, User)
        if not permissions.is_auditor(request.user.has_perm):
            _record_request(request, request.user, timezone.now())

    def record_read(self, request: HttpRequest, row: Model) -> None:
        """Record that staff opened a row."""
        assert isinstance(request.user, User)
        staff_reads.record_read(row, request.user, timezone.now())

    def _end(self, request: HttpRequest, now: datetime) -> None:
        """Sign out a user whose stay is over, and say why."""
        stay, user = Stay.of(request.session.get(STAY)), request.user
        if stay is None or not isinstance(user, User):
            return
        factor = _factor_of(request)
        over = stay.over(_origin(request), factor.pk if factor else None, now)
        if over is Over.ELSEWHERE:
            record("shut_console", user, user.as_reviewer(), now, data={"why": over.value})
        logout(request)
        if over is not None:
            messages.warning(request, WHY_OVER[over])

    # --- The way in -------------------------------------------------------------------------------

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The first step, as Django has it, except that staff without a second factor are not told
        that they are not authorised.
        """
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(self._index())
        context = {
            **self.each_context(request),
            "title": gettext("Sign in"),
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            "second_factor_is_required": _is_required(),
            **(
                {"user": AnonymousUser()}
                if isinstance(request.user, User) and request.user.is_staff
                else {}
            ),
            **(
                {}
                if {REDIRECT_FIELD_NAME} & {*request.GET, *request.POST}
                else {REDIRECT_FIELD_NAME: self._index()}
            ),
            **(extra_context or {}),
        }
        request.current_app = self.name
        view = Password.as_view(
            extra_context=context,
            authentication_form=self.login_form,
            template_name=self.login_template,
            site=self,
        )
        return view(request)  # type: ignore[return-value]

    def password_was_right(self, request: HttpRequest, user: User, goes_to: str) -> HttpResponse:
        """Go on to the second factor, or sign in."""
        factor = second_factor.second_factor_of(user)
        if factor is None and not _is_required():
            return self._let_in(request, user, None, "password", HttpResponseRedirect(goes_to))
        if request.user.is_authenticated:
            logout(request)
        request.session.cycle_key()
        entry.remember_entry(request.session, ENTRY, user, goes_to, timezone.now())
        return HttpResponseRedirect(
            reverse("admin:second_factor" if factor else "admin:enrol", current_app=self.name)
        )

    @method_decorator(never_cache)
    @method_decorator(sensitive_post_parameters("code"))
    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """The second step: a code from the app or a recovery code."""
        now = timezone.now()
        began = _entry(request, ENTRY_SECONDS, now)
        if began is None:
            return self._begin_again(request)
        if second_factor.second_factor_of(began.user) is None:
            return HttpResponseRedirect(reverse("admin:enrol", current_app=self.name))
        form = (RecoveryForm if "recovery" in request.GET else CodeForm)(request.POST or None)
        if request.method == "POST" and form.is_valid():
            browser = read_cookie(request, lockout.BROWSER_COOKIE)
            try:
                factor, by = second_factor.answer_second_factor(
                    began.user, form.cleaned_data["code"], browser, now
                )
            except Refused as refused:
                form.refuse(refused)
            else:
                return self._let_in(
                    request, began.user, factor, by, HttpResponseRedirect(began.goes_to)
                )
        context = {
            "form": form,
            "by_recovery_code": isinstance(form, RecoveryForm),
            "account": began.user.email,
        }
        status = (
            429 if form.has_error("code", "second_factor_locked") else 422 if form.errors else 200
        )
        return self._page(
            request, "second_factor", gettext("Two-step verification"), context, status
        )

    @method_decorator(never_cache)
    @method_decorator(sensitive_post_parameters("code"))
    def enrol(self, request: HttpRequest) -> HttpResponse:
        """Set up two-step verification: during sign-in, or again soon after it."""
        now = timezone.now()
        began = _entry(request, SETTING_UP_SECONDS, now)
        user = began.user if began else request.user
        if not isinstance(user, User) or not (began or self.has_permission(request)):
            return self._begin_again(request)
        existing = second_factor.second_factor_of(user)
        if existing and began:
            return HttpResponseRedirect(reverse("admin:second_factor", current_app=self.name))
        if began is None:
            self._note(request, now)
        stay = Stay.of(request.session.get(STAY))
        context: dict[str, Any] = {
            "existing": existing,
            "account": user.email,
            "is_required": _is_required(),
            "is_in": began is None,
        }
        if existing and not (stay and stay.is_fresh(now)):
            context |= {"too_old": True, "codes_left": second_factor.recovery_codes_left(user)}
            return self._page(request, "enrol", gettext("Two-step verification"), context)
        secret = second_factor.pending_secret(user, request.session.get(PENDING, ""))
        request.session[PENDING] = second_factor.seal_secret(user, secret)
        form = CodeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                factor, codes = second_factor.enrol_second_factor(
                    user, secret, form.cleaned_data["code"], existing, now
                )
            except Refused as refused:
                form.refuse(refused)
            else:
                del request.session[PENDING]
                return self._set_up(request, user, factor, codes, began)
        link = totp.provisioning_uri(secret, user.email, second_factor.ISSUER)
        context |= {
            "form": form,
            "secret": second_factor.in_groups(secret),
            "app_link": link,
            "picture": totp.qr_data_url(link),
        }
        return self._page(
            request,
            "enrol",
            gettext("Set up two-step verification"),
            context,
            422 if form.errors else 200,
        )

    def _set_up(
        self,
        request: HttpRequest,
        user: User,
        factor: SecondFactor,
        codes: list[str],
        began: Entry | None,
    ) -> HttpResponse:
        """Accept the new factor, and show its recovery codes once."""
        context: dict[str, Any] = {
            "codes": [second_factor.in_groups(code) for code in codes],
            "account": user.email,
            "goes_to": began.goes_to if began else self._index(),
        }
        page = self._page(request, "recovery", gettext("Recovery codes"), context)
        if began:
            return self._let_in(request, user, factor, "app", page)
        # The stay continues with the new factor. Its end does not move.
        stay = Stay.of(request.session[STAY])
        assert stay is not None
        request.session.cycle_key()
        request.session[STAY] = replace(stay, factor=factor.pk).stored()
        _forget_factor(request)
        return self._know_browser(page, factor)

    def _let_in(
        self,
        request: HttpRequest,
        user: User,
        factor: SecondFactor | None,
        by: str,
        response: HttpResponse,
    ) -> HttpResponse:
        """Sign in, in this browser, and return `response`."""
        now = timezone.now()
        cookie = sightings.device_or_new(device_cookie(request))
        login(request, user, backend=ADDRESS)
        request.session.pop(ENTRY, None)
        request.session[STAY] = Stay.begin(
            factor.pk if factor else None, _origin(request, cookie), now
        ).stored()
        _forget_factor(request)
        record("enter_console", user, user.as_reviewer(), now, data={"by": by})
        if factor:
            self._know_browser(response, factor)
        return start_session(request, remember_browser(request, response, user), user, cookie)

    def _know_browser(self, response: HttpResponse, factor: SecondFactor) -> HttpResponse:
        """Exempt this browser from waits that others' failures for this factor cause."""
        known = lockout.browser_cookie(factor, secrets.token_urlsafe(16))
        set_cookie(response, lockout.BROWSER_COOKIE, known, throttle.KNOWN_SECONDS)
        return response

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return clear_browser(super().logout(request, extra_context))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """As Django has it, with our view."""
        request.current_app = self.name
        view = OwnPassword.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    # --- Pages ------------------------------------------------------------------------------------

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show what waits for the user. Reviewers start at their queue."""
        user = request.user
        assert isinstance(user, User)
        if permissions.starts_at_the_queue(user.has_perm) and not user.is_superuser:
            return HttpResponseRedirect(
                reverse("admin:verification_case_changelist", current_app=self.name)
            )
        context = {"title": gettext("Waiting for you"), "is_nav_sidebar_enabled": False}
        return super().index(request, {**(extra_context or {}), **context})

    def i18n_javascript(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return ScriptWords.as_view(packages=["django.contrib.admin"])(request)

    def _begin_again(self, request: HttpRequest) -> HttpResponse:
        request.session.pop(ENTRY, None)
        if self.has_permission(request):
            return HttpResponseRedirect(self._index())
        messages.info(request, gettext("Enter your password first."))
        return HttpResponseRedirect(reverse("admin:login", current_app=self.name))

    def _page(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        context: dict[str, Any],
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.each_context(request),
            "is_nav_sidebar_enabled": False,
            "title": title,
            **context,
        }
        response = TemplateResponse(request, f"admin/{template}.html", context, status=status)
        response["Cache-Control"] = "private, no-store"
        return response

    def _index(self) -> str:
        return reverse("admin:index", current_app=self.name)


def _record_request(request: HttpRequest, user: User, now: datetime) -> None:
    """Record a request: its address and the names of its parameters, without values."""
    names = sorted({*request.GET, *request.POST} - {"csrfmiddlewaretoken"})[:MOST_PARAMETERS]
    asked = {
        "method": request.method,
        "path": request.path[:LONGEST_PATH],
        "parameters": [name[:40] for name in names],
    }
    record("look", user, user.as_reviewer(), now, data=asked)


def _is_required() -> bool:
    return bool(settings.STAFF_SECOND_FACTOR == "required")


def _entry(request: HttpRequest, seconds: int, now: datetime) -> Entry | None:
    """Return the colleague whose password was correct in this browser, if they are still staff."""
    found = entry.entry_in_session(request.session, ENTRY, seconds, now)
    return found if found and found.user.is_staff else None


def _origin(request: HttpRequest, cookie: str = "") -> Origin:
    """Return where the request comes from. The session only gets digests of browser and network."""
    device = sightings.device_in(cookie or device_cookie(request))
    agent = request.headers.get("User-Agent", "")
    near = sightings.network_neighbourhood(network_of(request))
    return Origin(
        device, *(hashlib.sha256(text.encode()).hexdigest()[:32] for text in (agent, near))
    )


_FACTOR: Final = "_second_factor"


def _factor_of(request: HttpRequest) -> SecondFactor | None:
    """Return the user's second factor, queried once per request."""
    if not hasattr(request, _FACTOR):
        assert isinstance(request.user, User)
        setattr(request, _FACTOR, second_factor.second_factor_of(request.user))
    found: SecondFactor | None = getattr(request, _FACTOR)
    return found


def _forget_factor(request: HttpRequest) -> None:
    if hasattr(request, _FACTOR):
        delattr(request, _FACTOR)
