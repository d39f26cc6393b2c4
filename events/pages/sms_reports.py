"""The webhook that receives reports about text messages.

Only the provider knows its address. Reports are verified, then written down.
"""

from __future__ import annotations

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from events.delivery.sms import take_reports
from events.sms import sms_provider
from events.sms.base import Callback, CallbackForged

log = structlog.get_logger()


@csrf_exempt
@require_POST
def sms_reports(request: HttpRequest, provider: str, secret: str) -> HttpResponse:
    """Receive reports, and answer as the provider requires. It resends those that were not
    answered.

    Other providers and forged reports get 404.
    """
    if not provider or provider != settings.SMS_PROVIDER:
        return HttpResponse(status=404)
    headers = {name.lower(): value for name, value in request.headers.items()}
    now, sms = timezone.now(), sms_provider(provider)
    try:
        reports = sms.verify_callback(Callback(secret, headers, request.body), now)
    except CallbackForged as forged:
        log.warning("sms_reports_forged", provider=provider, why=str(forged))
        return HttpResponse(status=404)
    new = take_reports(provider, reports, now)
    log.info("sms_reports_received", provider=provider, reports=len(reports), new=new)
    return HttpResponse(sms.receipt, content_type="application/json")
