"""The root URL configuration."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import include, path, reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe
from django.views.defaults import page_not_found

from config.api.routes import api
from config.trying_out import outside, pages
from downloads.admin.console import search_page
from downloads.pages.call_webhook import calls as receive_calls
from downloads.pages.ledger import access as ledger_access
from downloads.pages.ledger import files as ledger_files
from events.pages.sms_reports import sms_reports
from verification.admin import quality


def icon(request: HttpRequest) -> HttpResponse:
    """Serve the icon to clients that request it without a page, such as a picture in its
    own tab.
    """
    return redirect(static("site/img/favicon-32.png"))


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say where to report a vulnerability (RFC 9116)."""
    if not settings.SECURITY_CONTACTS or settings.SECURITY_EXPIRES is None:
        raise Http404
    lines = [
        *(f"Contact: {uri}" for uri in settings.SECURITY_CONTACTS),
        f"Expires: {settings.SECURITY_EXPIRES:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(settings.SECURITY_LANGUAGES)}",
        f"Canonical: {settings.SITE_URL}{request.path}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show the console's own page to staff who miss a page of the console."""
    if request.path_info.startswith(reverse("admin:index")) and admin.site.has_permission(request):
        context = admin.site.each_context(request) | {"title": gettext("Page not found")}
        return render(request, "admin/404.html", context, status=404)
    return page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Show an error page with the id of the request, without anything that may fail again."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return HttpResponse(get_template("500.html").render({"request_id": request_id}), status=500)


handler404, handler500 = not_found, server_error
urlpatterns = [
    path("api/v1/", api.urls),
    path("console/", include(quality.quality_urls())),
    path("console/", include(search_page.search_urls())),
    path("console/", admin.site.urls),
    path("case/", include("verification.pages.urls")),
    path("register/company/", include("verification.pages.registration_urls")),
    path("downloads/", include("downloads.pages.urls")),
    path("relays/calls/<slug:provider>/<slug:secret>", receive_calls),
    path("sms/reports/<slug:provider>/<slug:secret>", sms_reports),
    path("releases/", include("downloads.pages.release_urls")),
    path("mine/", include("downloads.pages.ledger.urls")),
    path("c/<str:code>", ledger_access.open_short_link, name="short_link"),
    path(".well-known/security.txt", security_txt),
    path(".well-known/zizhi-receipt-keys.json", ledger_files.keys, name="receipt_keys"),
    path(".well-known/zizhi-receipt-keys/<slug:key_id>.pem", ledger_files.key, name="receipt_key"),
    path(
        ".well-known/zizhi-candidate-copy.schema.json",
        ledger_files.copy_schema,
        name="candidate_copy_schema",
    ),
    path("erasures/", include("downloads.pages.erasures.urls")),
    path("try/", pages.start),
    path("try/mails", pages.mails, name="try_mails"),
    path("try/mails/<str:key>", pages.mail, name="try_mail"),
    path("try/outside", outside.outside, name="try_outside"),
    path("try/outside/<uuid:proof_id>", outside.act, name="try_outside_act"),
    path("favicon.ico", icon),
    path("", include("employers.accounts.urls")),
    path("sites/", include("employers.member_links.urls")),
]
