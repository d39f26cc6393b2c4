"""Which address leads to which door?"""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("console/", admin.site.urls),
    path("case/", include("verification.urls")),
    path("", include("employers.urls")),
]
