"""URLs of the employer's pages."""

from django.urls import path

from verification.pages.views import appeals, case, clients, documents, onboarding, proofs

app_name = "verification"
urlpatterns = [
    path("", case.home, name="home"),
    path("from/<str:token>/", onboarding.onboard, name="onboard"),
    path("back/", onboarding.back, name="back"),
    path("status/", case.status, name="status"),
    path("help/", case.help_page, name="help"),
    path("declare/", case.declare, name="declare"),
    path("start/", case.start, name="start"),
    path("submit/", case.submit, name="submit"),
    path("withdraw/", case.withdraw, name="withdraw"),
    path("appeal/", appeals.appeal, name="appeal"),
    path("documents/", documents.upload, name="upload"),
    path("documents/held/<uuid:held_id>/", documents.held_upload, name="held_upload"),
    path("documents/held/<uuid:held_id>/remove/", documents.drop_upload, name="drop_upload"),
    path("documents/again/", documents.use_again, name="use_again"),
    path("documents/<uuid:document_id>/remove/", documents.remove_document, name="remove_document"),
    path(
        "documents/<uuid:document_id>/restore/", documents.restore_document, name="restore_document"
    ),
    path(
        "documents/<uuid:document_id>/pages/<int:number>/", documents.page_image, name="page_image"
    ),
    path("documents/<uuid:document_id>/reading/", documents.reading, name="reading"),
    path("documents/<uuid:document_id>/reading/said/", documents.state_values, name="state_values"),
    path("documents/<uuid:document_id>/reading/<slug:field>/", documents.crop, name="crop"),
    path("documents/<uuid:document_id>/client/", clients.client, name="client"),
    path("documents/<uuid:document_id>/client/end/", clients.end, name="end_client"),
    path("authority/company-email/", proofs.company_email, name="company_email"),
    path("authority/bank-deposit/", proofs.bank_deposit, name="bank_deposit"),
    path("authority/e-licence/", proofs.e_licence, name="e_licence"),
    path("authority/e-licence/<uuid:proof_id>/code/", proofs.scan_code, name="scan_code"),
    path("authority/vouch/", proofs.vouching, name="vouching"),
    path("authority/asked/", proofs.asked_to_vouch, name="asked_to_vouch"),
    path("authority/asked/<uuid:proof_id>/", proofs.answer_vouch, name="answer_vouch"),
    path("authority/<uuid:proof_id>/confirm/", proofs.confirm_proof, name="confirm_proof"),
    path("authority/<uuid:proof_id>/cancel/", proofs.cancel_proof, name="cancel_proof"),
]
