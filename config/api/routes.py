"""The API: the routers of all apps, with errors as problem+json (`config.api.problems`).

`config.api.door` wraps it with request ids, limits and idempotency.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Swagger
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from config.api import document
from config.api.problems import (
    MALFORMED,
    plain_problem,
    problem_response,
    refusal_response,
    unavailable_response,
)
from downloads.api.candidate_page import router as candidate_page_router
from downloads.api.candidate_releases import router as candidate_releases_router
from downloads.api.candidates import default_router, erase_router
from downloads.api.candidates import router as candidates_router
from downloads.api.candidates_in_test_mode import router as test_candidates_router
from downloads.api.consents import of_candidate as consents_router
from downloads.api.consents import router as consent_requests_router
from downloads.api.gate import router as downloads_router
from downloads.api.relays import router as relays_router
from downloads.api.relays_in_test_mode import router as test_relays_router
from downloads.api.releases import router as releases_router
from downloads.api.rights import router as rights_router
from downloads.api.test_mode import router as downloads_test_router
from downloads.api.traces import router as traces_router
from employers.platforms import known_keys
from employers.platforms.api import BearerKey, key_of
from employers.platforms.api import router as platform_router
from employers.platforms.api_events import router as events_router
from employers.platforms.api_members import links_router
from employers.platforms.api_members import router as members_router
from employers.platforms.api_webhooks import router as webhooks_router
from employers.platforms.known_keys import KeyEnded
from events.core.errors import Refused
from events.core.reasons import Text
from verification.api.employers import router as employers_router
from verification.api.requirements import router as requirements_router
from verification.api.test_mode import router as test_router

log = structlog.get_logger()


class ZizhiApi(NinjaAPI):
    """The API. Its document also lists the possible errors of each operation."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        return document.complete_document(super().get_openapi_schema(**options))


api = ZizhiApi(
    title="Zizhi 资质",
    version="1.0.0",
    description=document.DESCRIPTION,
    auth=BearerKey(),
    docs=Swagger(
        {
            "layout": "BaseLayout",
            "deepLinking": True,
            "displayRequestDuration": True,
            "tryItOutEnabled": True,
        }
    ),
    docs_url="/docs",
    urls_namespace="api",
    servers=[{"url": "/", "description": "This deployment"}],
    openapi_extra={"tags": document.TAGS},
)
api.add_router("", platform_router)
api.add_router("/gate", downloads_router)
api.add_router("/releases", releases_router)
api.add_router("/traces", traces_router)
api.add_router("/relays", relays_router)
api.add_router("/candidates", candidates_router)
api.add_router("/candidates", candidate_releases_router)
api.add_router("/candidates", consents_router)
api.add_router("/consent-requests", consent_requests_router)
api.add_router("/candidate-default", default_router)
api.add_router("/candidate-page", candidate_page_router)
api.add_router("/erase-orders", erase_router)
api.add_router("/employers", employers_router)
api.add_router("/employers", requirements_router)
api.add_router("/employers", rights_router)
api.add_router("/employers", members_router)
api.add_router("/links", links_router)
api.add_router("/events", events_router)
api.add_router("/webhooks", webhooks_router)
api.add_router("/test", test_router)
api.add_router("/test", downloads_test_router)
api.add_router("/test/relays", test_relays_router)
api.add_router("/test/candidates", test_candidates_router)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    return refusal_response(refused)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        {"where": ".".join(str(part) for part in e["loc"][1:]), "what": e["msg"]}
        for e in error.errors
    ]
    says = Text("请求格式不正确", "The request does not match the API reference. See `errors`")
    return problem_response(422, "invalid_request", says, errors=errors)


@api.exception_handler(AuthenticationError)
def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    says = Text("请提供有效的 API 密钥", "Send a valid API key as `Authorization: Bearer zk_…`")
    response = problem_response(401, "key_missing_or_wrong", says)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(KeyEnded)
def _key_ended(request: HttpRequest, ended: KeyEnded) -> HttpResponse:
    if key := key_of(request):
        known_keys.forget_key(key)
    return _unauthenticated(request, AuthenticationError())


@api.exception_handler(AuthorizationError)
def _unauthorised(request: HttpRequest, error: AuthorizationError) -> HttpResponse:
    says = Text("该密钥没有此调用所需的权限", "This key does not have the scope this call needs")
    return problem_response(403, "scope_missing", says)


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Convert the framework's own errors. For an invalid body, say only that it is not JSON."""
    return (
        problem_response(400, "malformed_json", MALFORMED)
        if error.status_code == 400
        else plain_problem(error.status_code)
    )


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return plain_problem(404)


@api.exception_handler(DatabaseError)
def _unavailable(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    """Fail closed: a gate that cannot read the facts allows nothing."""
    log.error("database_unavailable", error=type(error).__name__)
    return unavailable_response()


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """Convert unexpected errors. The log has the details, the response none."""
    log.exception("api_broken", exc_info=error)
    return plain_problem(500)
