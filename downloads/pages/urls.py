"""URLs of the pages about an employer's downloads."""

from django.urls import path

from downloads.pages import restriction

app_name = "downloads"
urlpatterns = [path("restriction/", restriction.restriction, name="restriction")]
