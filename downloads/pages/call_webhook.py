"""The webhook that receives call records.

Only the provider knows its address. Records are verified, then stored.
"""

from __future__ import annotations

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from downloads import relay_providers
from downloads.relay_providers.base import Callback, CallbackForged
from downloads.relays import call_records

log = structlog.get_logger()


@csrf_exempt
@require_POST
def calls(request: HttpRequest, provider: str, secret: str) -> HttpResponse:
    """Receive call records, and answer as Alibaba Cloud requires: `code` as a number, within 700
    ms.

    The provider resends records that were not answered with 200. Other providers and forged records
    get 404.
    """
    if not provider or provider != settings.RELAYS:
        return HttpResponse(status=404)
    headers = {name.lower(): value for name, value in request.headers.items()}
    now = timezone.now()
    try:
        records = relay_providers.relay_provider(provider).verify_callback(
            Callback(secret, headers, request.body), now
        )
    except CallbackForged as forged:
        log.warning("calls_forged", provider=provider, why=str(forged))
        return HttpResponse(status=404)
    new = call_records.store_call_records(provider, records, now)
    log.info("calls_received", provider=provider, records=len(records), new=new)
    return JsonResponse({"code": 0, "msg": "OK"})
