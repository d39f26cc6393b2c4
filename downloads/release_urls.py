"""Which address leads to a copy?"""

from __future__ import annotations

from django.urls import path

from downloads.views import copies

app_name = "releases"
urlpatterns = [path("<str:token>", copies.open_copy, name="open")]
