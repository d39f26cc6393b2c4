"""The root URL configuration."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path

from config.api.routes import api
from config.trying_out import pages
from downloads.pages.call_webhook import calls as receive_calls
from downloads.pages.ledger import views as ledger_views
from verification.admin import quality


def icon(request: HttpRequest) -> HttpResponse:
    """Serve the icon to clients that request it without a page, such as a picture in its
    own tab.
    """
    return redirect(static("site/img/favicon-32.png"))


urlpatterns = [
    path("api/v1/", api.urls),
    path("console/", include(quality.urls())),
    path("console/", admin.site.urls),
    path("case/", include("verification.pages.urls")),
    path("downloads/", include("downloads.pages.urls")),
    path("relays/calls/<slug:provider>/<slug:secret>", receive_calls),
    path("releases/", include("downloads.pages.release_urls")),
    path("mine/", include("downloads.pages.ledger.urls")),
    path(".well-known/zizhi-receipt-keys.json", ledger_views.keys, name="receipt_keys"),
    path(".well-known/zizhi-receipt-keys/<slug:key_id>.pem", ledger_views.key, name="receipt_key"),
    path("erasures/", include("downloads.pages.erasures.urls")),
    path("try/mails", pages.mails, name="try_mails"),
    path("try/mails/<str:key>", pages.mail, name="try_mail"),
    path("favicon.ico", icon),
    path("", include("employers.accounts.urls")),
]
