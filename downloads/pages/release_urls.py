"""URLs of copies."""

from __future__ import annotations

from django.urls import path

from downloads.pages import copy_download

app_name = "releases"
urlpatterns = [path("<str:token>", copy_download.open_copy, name="open")]
