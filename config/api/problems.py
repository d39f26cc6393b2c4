"""Problem details of the API (RFC 9457), in both languages, with the code of the reason.

`type`, `title`, `status` and `detail` are standard; we add `code`, `request_id` and, if present,
`fix` and `errors`.
"""

from __future__ import annotations

from typing import Any, Final

import structlog
from django.http import HttpResponse, JsonResponse
from ninja import Field, Schema

from events.api.texts import Words
from events.core.errors import Refused
from events.core.reasons import Text

CONTENT_TYPE: Final = "application/problem+json"
REQUEST_ID: Final = "request_id"

STATUS: Final = {
    "not_allowed": 403,
    "key_address_not_allowed": 403,
    "not_of_test": 403,
    "employer_not_yours": 403,
    "employer_unknown": 404,
    "member_unknown": 404,
    "member_is_owner": 403,
    "decision_unknown": 404,
    "pass_unknown": 404,
    "pass_spent": 409,
    "pass_expired": 410,
    "relay_unknown": 404,
    "relay_ended": 409,
    "relay_longest": 409,
    "relay_still_open": 409,
    "relay_asked_already": 409,
    "relay_not_asked": 409,
    "release_unknown": 404,
    "trace_unknown": 404,
    "release_not_ready": 409,
    "release_closed": 410,
    "release_busy": 503,
    "candidate_unknown": 404,
    "consent_given": 409,
    "consent_refused": 409,
    "consent_request_unknown": 404,
    "consent_request_ended": 409,
    "erase_order_unknown": 404,
    "erase_order_answered": 409,
    "webhook_unknown": 404,
    "webhook_delivery_unknown": 404,
    "webhook_paused": 409,
    "state_conflict": 409,
    "reference_taken": 409,
    "idempotency_in_progress": 409,
    "idempotency_outdated": 409,
    "rate_limited": 429,
}
"""The HTTP status of a refusal. 422 for codes that are not listed."""

PLAIN: Final = {
    400: ("bad_request", Text("无法识别该请求", "We could not understand the request")),
    404: ("not_found", Text("没有这个地址", "There is nothing at this address")),
    405: (
        "method_not_allowed",
        Text(
            "该地址不支持此方法，支持的方法见 Allow",
            "This address does not support this method. `Allow` lists the methods it supports",
        ),
    ),
    413: ("body_too_large", Text("请求内容过大", "The request body is too large")),
    415: (
        "unsupported_media_type",
        Text("请以 application/json 发送", "Send the body as application/json"),
    ),
    500: (
        "internal_error",
        Text(
            "系统出错，已按 request_id 记录",
            "Something went wrong on our side. We have logged it under `request_id`",
        ),
    ),
}
"""The texts for statuses that have no problem of their own."""

MALFORMED: Final = Text("请求内容不是有效的 JSON", "The request body is not valid JSON")
HTTPS_REQUIRED: Final = Text(
    "接口只接受 https 请求；如果已通过 http 发送密钥，请更换密钥",
    "The API answers over https only. If you have sent a key over http, replace it",
)
UNAVAILABLE: Final = Text(
    "暂时无法答复，请视为不允许，稍后重试",
    "We cannot answer now. Treat this as not allowed, and try again",
)


class Wrong(Schema):
    """One part of a request that is not in the documented form."""

    where: str = Field(description="The field, as a dotted path.", examples=["uscc"])
    what: str = Field(
        description="What is wrong with it, for developers.", examples=["Field required"]
    )


class Problem(Schema):
    """Why a request failed.

    `code` never changes its meaning; the texts may be reworded.
    """

    type: str = Field(
        description="The code as a URN.", examples=["urn:zizhi:problem:employer_unknown"]
    )
    title: str = Field(
        description="A summary of the problem, in English.",
        examples=["There is no employer with this ID"],
    )
    status: int = Field(description="The HTTP status code.", examples=[404])
    detail: str = Field(
        description="A summary of the problem, in Simplified Chinese.", examples=["没有这家企业"]
    )
    code: str = Field(
        description="A machine-readable code. Use it to distinguish problems.",
        examples=["employer_unknown"],
    )
    request_id: str | None = Field(
        None,
        description="The ID of this request in our logs, also in `X-Request-Id`.",
        examples=["req_5JcnqZ0yUQk"],
    )
    field: str = Field("", description="The input at fault.")
    seen: str = Field("", description="The value that was received.")
    expected: str = Field("", description="The value that was expected.")
    fix: Words | None = Field(None, description="How to fix the problem.")
    errors: list[Wrong] | None = Field(
        None, description="For `invalid_request`: each part that is not in the documented form."
    )


def problem_response(status: int, code: str, says: Text, **more: Any) -> HttpResponse:
    """Return a problem+json response with the id of the current request."""
    body = {
        "type": f"urn:zizhi:problem:{code}",
        "title": says.en,
        "status": status,
        "detail": says.zh,
        "code": code,
    } | more
    body[REQUEST_ID] = structlog.contextvars.get_contextvars().get(REQUEST_ID)
    response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    response["Content-Type"] = f"{CONTENT_TYPE}; charset=utf-8"
    return response


def refusal_response(refused: Refused) -> HttpResponse:
    """Return a refusal with its fix, and a `Retry-After` header if it says when to try again."""
    reason = refused.reason
    response = problem_response(
        STATUS.get(refused.code, 422),
        refused.code,
        reason.says,
        field=refused.field,
        seen=refused.seen,
        expected=refused.expected,
        fix={"zh": reason.fix.zh, "en": reason.fix.en},
    )
    if wait := refused.details.get("retry_after"):
        response["Retry-After"] = wait
    return response


def unavailable_response() -> HttpResponse:
    """Return the response for no answer, which clients must treat as a refusal."""
    response = problem_response(503, "unavailable", UNAVAILABLE)
    response["Retry-After"] = "5"
    return response


def https_required() -> HttpResponse:
    """Return the response to a request over plain HTTP."""
    return problem_response(403, "https_required", HTTPS_REQUIRED)


def plain_problem(status: int) -> HttpResponse:
    """Return the problem of a status without further details."""
    code, says = PLAIN.get(status) or PLAIN[500 if status >= 500 else 400]
    return problem_response(status, code, says)


def is_problem(response: HttpResponse) -> bool:
    return response.get("Content-Type", "").startswith(CONTENT_TYPE)
