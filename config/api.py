"""How do the platforms' systems speak with us? One API of the apps' routers, its errors as problem+json.

RFC 9457: `type`, `title`, `status`, `detail`; ours add `code` and, where there is one, `fix` and `errors`.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, ValidationError

from downloads.api import router as downloads_router
from employers.api import BearerKey
from events.errors import Refused
from verification.api import router as verification_router

log = structlog.get_logger()

api = NinjaAPI(
    title="Zizhi 资质",
    version="1.0.0",
    description="Ask, before every download, whether this recruiter may have this candidate's resume. 每次下载简历前，先问一声。",
    auth=BearerKey(),
    docs_url=None,
    urls_namespace="api",
)
api.add_router("/gate", downloads_router)
api.add_router("/employers", verification_router)

STATUS = {"not_allowed": 403, "employer_unknown": 404, "member_unknown": 404, "state_conflict": 409}
STATUS |= {"decision_unknown": 404, "pass_unknown": 404, "pass_spent": 409, "pass_expired": 410}
"""HTTP status of a refusal; 422 where none is named."""


def problem(status: int, code: str, title: str, detail: str = "", **more: Any) -> HttpResponse:
    """A problem+json answer."""
    body = {"type": f"urn:zizhi:problem:{code}", "title": title, "status": status, "detail": detail, "code": code} | more
    response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    response["Content-Type"] = "application/problem+json; charset=utf-8"
    return response


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    reason = refused.reason
    return problem(
        STATUS.get(refused.code, 422), refused.code, reason.says.en, reason.says.zh,
        field=refused.field, seen=refused.seen, expected=refused.expected, fix={"zh": reason.fix.zh, "en": reason.fix.en},
    )  # fmt: skip


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"where": ".".join(str(part) for part in e["loc"][1:]), "what": e["msg"]} for e in error.errors]
    return problem(
        422, "invalid_request", "The request does not have the form that the API document gives", "请求格式不正确", errors=errors
    )


@api.exception_handler(AuthenticationError)
def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = problem(401, "key_missing_or_wrong", "Send a valid API key as `Authorization: Bearer zk_…`", "请提供有效的 API 密钥")
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(AuthorizationError)
def _unauthorised(request: HttpRequest, error: AuthorizationError) -> HttpResponse:
    return problem(403, "scope_missing", "This key does not have the scope that the call needs", "该密钥没有此调用所需的权限")


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "bad_request", str(error))


@api.exception_handler(DatabaseError)
def _unavailable(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    """Fail closed: a gate that cannot read the facts does not allow."""
    log.error("database_unavailable", error=type(error).__name__)
    response = problem(
        503, "unavailable", "No answer can be given now: treat it as not allowed, and ask again", "暂时无法作答：请视为不允许并稍后重试"
    )
    response["Retry-After"] = "5"
    return response
