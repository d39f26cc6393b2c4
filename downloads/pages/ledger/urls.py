"""URLs of a candidate's own page."""

from django.urls import path

from downloads.pages.ledger import access, files, views

app_name = "ledger"
urlpatterns = [
    path("", views.home, name="home"),
    path("open/<str:token>/", access.open_link, name="open"),
    path("fresh-link/", access.fresh_link, name="fresh_link"),
    path("other-browser/", access.other_browser, name="other_browser"),
    path("other-browser/<str:token>/", access.take_over, name="take_over"),
    path("text-size/", access.text_size, name="text_size"),
    path("requests/<uuid:request_id>/", views.answer, name="answer"),
    path("revoke/", views.revoke, name="revoke"),
    path("allow-again/", views.allow_again, name="allow_again"),
    path("block/", views.block, name="block"),
    path("relays/<uuid:relay_id>/", views.mute, name="mute"),
    path("relays/<uuid:relay_id>/contact.vcf", files.contact, name="contact"),
    path("report/", views.report, name="report"),
    path("receipts/<uuid:release_id>/", views.receipt, name="receipt"),
    path("receipts/<uuid:release_id>/file/", files.receipt_file, name="receipt_file"),
    path("copy/", files.copy, name="copy"),
    path("new-link/", views.new_link, name="new_link"),
    path("leave/", views.leave, name="leave"),
]
