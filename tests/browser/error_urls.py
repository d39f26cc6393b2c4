"""The site's URLs, and some that fail."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from config.urls import handler404, handler500

__all__ = ["handler404", "handler500"]


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def not_understood(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def too_large(request: HttpRequest) -> HttpResponse:
    return render(request, "413.html", {"upload_max_mb": 20}, status=413)


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


def stale(request: HttpRequest) -> HttpResponse:
    return render(request, "403_csrf.html", status=403)


urlpatterns = [
    path("error/400/", not_understood),
    path("error/403/", forbidden),
    path("error/stale/", stale),
    path("error/413/", too_large),
    path("error/500/", broken),
    path("", include("config.urls")),
]
