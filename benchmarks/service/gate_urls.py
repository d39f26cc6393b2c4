"""What is the gate compared with?

A bare view in the same process that reads one row: as a page, through what pages need, and among
the API's addresses, through what every one of its requests passes.
"""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

from config.urls import urlpatterns as served


def bare(request: HttpRequest, employer: str) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, expires_at FROM verification_case WHERE employer_id = %s", [employer]
        )
        state, expires_at = cursor.fetchone()
    return JsonResponse({"state": state, "expires_at": expires_at})


urlpatterns = [
    path("bare/<uuid:employer>", bare),
    path("api/v1/bare/<uuid:employer>", bare),
    *served,
]
