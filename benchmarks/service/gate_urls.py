"""The bare views that the gate is compared with.

Each runs in the same process and reads one row: one as a page, through the pages' middleware, and
one at an API address, through the API's.
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
