"""What a candidate can save from their page: receipts, a copy of their data, and the contact of a
relay number; and the public keys that check receipts.
"""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from downloads.candidates import data_copy, notices, receipts
from downloads.candidates.page_links import Visit
from downloads.models import RelayBinding
from downloads.pages.ledger.access import of_candidate
from downloads.pages.ledger.views import candidate_actor, release_of
from downloads.relays import contact_cards
from employers.models import ApiClient
from employers.security import throttle
from events.core.errors import Refused

FOR_EVERYBODY = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


@require_GET
@of_candidate
def receipt_file(request: HttpRequest, visit: Visit, release_id: UUID) -> HttpResponse:
    release = release_of(visit.candidate, release_id)
    text = notices.receipt_of(release).as_file()
    return _attached(text, "application/json", f"zizhi-receipt-{release.pk}.json")


@require_POST
@of_candidate
def copy(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Return the candidate's data. Each copy is recorded, so they are limited."""
    candidate, now = visit.candidate, timezone.now()
    throttle.count_try([(throttle.COPIES_OF_CANDIDATE, str(candidate.pk))], now)
    made = data_copy.copy_data(candidate, candidate_actor(candidate), now)
    name = f"zizhi-{timezone.localtime(now):%Y-%m-%d}.json"
    return _attached(made.model_dump_json(indent=1) + "\n", "application/json", name)


@require_GET
@of_candidate
def contact(request: HttpRequest, visit: Visit, relay_id: UUID) -> HttpResponse:
    """Return the contact under which the phone shows this company's calls."""
    candidate, now = visit.candidate, timezone.now()
    binding = (
        RelayBinding.objects.open()
        .of(candidate.client_id)
        .filter(pk=relay_id, candidate=candidate.reference)
        .exclude(number="")
        .first()
    )
    if binding is None:
        raise Refused("relay_unknown")
    platform = ApiClient.objects.values_list("name", flat=True).get(pk=candidate.client_id)
    card = contact_cards.card_of(binding, platform, now)
    return _attached(card, "text/vcard", f"zizhi-{binding.number.lstrip('+')}.vcf")


def _attached(text: str, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# --- For everybody --------------------------------------------------------------------------------


@require_GET
def copy_schema(request: HttpRequest) -> HttpResponse:
    """Return the JSON Schema of copies of candidates' data."""
    return JsonResponse(data_copy.CandidateCopy.model_json_schema(), headers=FOR_EVERYBODY)


@require_GET
def keys(request: HttpRequest) -> HttpResponse:
    """Return the public keys of receipts (RFC 7517)."""
    found = {"keys": [receipts.as_jwk(key) for key in receipts.public_keys()]}
    return JsonResponse(found, headers=FOR_EVERYBODY)


@require_GET
def key(request: HttpRequest, key_id: str) -> HttpResponse:
    """Return one public key as PEM, for `openssl`."""
    for each in receipts.public_keys():
        if receipts.key_id_of(each) == key_id:
            return HttpResponse(receipts.as_pem(each), content_type="application/x-pem-file")
    raise Http404
