"""The URLs of the recruiter's page about recruitment sites."""

from django.urls import path

from employers.member_links import views

app_name = "member_links"
urlpatterns = [
    path("", views.sites, name="sites"),
    path("link/", views.link, name="link"),
    path("<uuid:link_id>/end/", views.end, name="end"),
]
