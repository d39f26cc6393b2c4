"""URLs of a candidate's own page."""

from django.urls import path

from downloads.pages.ledger import views

app_name = "ledger"
urlpatterns = [
    path("", views.home, name="home"),
    path("open/<str:token>/", views.open_link, name="open"),
    path("fresh-link/", views.fresh_link, name="fresh_link"),
    path("requests/<uuid:request_id>/", views.answer, name="answer"),
    path("revoke/", views.revoke, name="revoke"),
    path("allow-again/", views.allow_again, name="allow_again"),
    path("block/", views.block, name="block"),
    path("relays/<uuid:relay_id>/", views.mute, name="mute"),
    path("report/", views.report, name="report"),
    path("receipts/<uuid:release_id>/", views.receipt, name="receipt"),
    path("receipts/<uuid:release_id>/file/", views.receipt_file, name="receipt_file"),
    path("new-link/", views.new_link, name="new_link"),
    path("leave/", views.leave, name="leave"),
]
