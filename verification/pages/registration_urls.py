"""URLs of the pages on which a new account registers its company."""

from django.urls import path

from verification.pages.views import registration

app_name = "company_registration"
urlpatterns = [
    path("", registration.company, name="company"),
    path("photo/", registration.photograph, name="photo"),
    path("photo/picture/", registration.picture, name="picture"),
    path("photo/again/", registration.again, name="again"),
    path("type/", registration.type_code, name="type"),
]
