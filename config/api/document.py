"""Additions to the API's document (OpenAPI 3.1) that are the same for every operation: errors and
headers.
"""

from __future__ import annotations

from typing import Any, Final

from ninja.openapi.schema import OpenAPISchema

from config.api.problems import CONTENT_TYPE, STATUS, Problem
from events.core.errors import Refused

DESCRIPTION: Final = """Before every download, ask whether this recruiter may have this candidate's resume. 每次下载简历前，先问一声。

Errors are `application/problem+json` with a `code` that never changes its meaning. Send an `Idempotency-Key` with every request that changes
something, so that you can retry it safely. Lists are paginated: pass `next` as `after` to get the next page. See docs/integrating/api.md."""  # noqa: E501

TAGS: Final = [
    {
        "name": "platform",
        "description": "The platform that a key belongs to, and the key's scopes.",
    },
    {
        "name": "gate",
        "description": (
            "Check whether a recruiter may download a candidate's resume now. Ask "
            "before every download."
        ),
    },
    {
        "name": "releases",
        "description": (
            "Release a resume: redacted, watermarked, with a relay number, through a "
            "single-use link. See docs/how-it-works/release.md."
        ),
    },
    {
        "name": "traces",
        "description": (
            "Trace a leaked resume to one of your releases. See docs/how-it-works/release.md."
        ),
    },
    {
        "name": "relay numbers",
        "description": (
            "Relay numbers let employers call candidates without learning their "
            "numbers. See docs/how-it-works/relays.md."
        ),
    },
    {
        "name": "candidates",
        "description": (
            "The people whose resumes you hold: how to ask them, consents, releases, "
            "erasure. See docs/how-it-works/candidates.md."
        ),
    },
    {
        "name": "employers",
        "description": (
            "The employers that recruit on your site: state, open requirements, and permissions."
        ),
    },
    {
        "name": "members",
        "description": (
            "The recruiters who act for an employer, under your own references, and "
            "links to our pages."
        ),
    },
    {"name": "events", "description": "Your employers' events, in order and without gaps."},
    {
        "name": "webhooks",
        "description": (
            "Endpoints that receive events, and their deliveries. See docs/integrating/webhooks.md."
        ),
    },
    {
        "name": "test mode",
        "description": (
            "With test keys: codes that determine outcomes, reviewers' decisions, and "
            "a clock that you can move."
        ),
    },
]

_OF_A_BODY: Final = {
    "400": ("The body is not valid JSON.", "malformed_json"),
    "413": ("The body is larger than 1 MB.", "body_too_large"),
    "415": ("The body is not `application/json`.", "unsupported_media_type"),
}
_MEANINGS: Final = {
    "401": ("The key is missing, wrong, expired or revoked.", "key_missing_or_wrong"),
    "403": ("The key lacks the required scope, or the employer is not yours.", "scope_missing"),
    "404": ("The object does not exist, or your platform may not see it.", "employer_unknown"),
    "409": (
        "The object's current state does not allow this, or a request with the same "
        "key is in progress.",
        "state_conflict",
    ),
    "422": (
        "The request is not in the documented form, or is refused for the given reason.",
        "invalid_request",
    ),
    "429": ("Too many requests. Try again after `Retry-After` seconds.", "rate_limited"),
    "503": (
        "No answer is available. Treat it as a refusal, and try again after `Retry-After` seconds.",
        "unavailable",
    ),
}
_PASS_OVER: Final = ("The pass has expired after its minute. Ask the gate again.", "pass_expired")
_OF_ONE: Final = {
    "spend_pass": {"410": _PASS_OVER},
    "release": {
        "410": _PASS_OVER,
        "413": ("The file is larger than 20 MB.", "body_too_large"),
        "415": ("The body is not `multipart/form-data`.", "unsupported_media_type"),
    },
    "trace": {
        "413": ("The file is larger than 20 MB.", "body_too_large"),
        "415": ("The body is not `multipart/form-data`.", "unsupported_media_type"),
    },
    "link_release": {
        "410": ("The copy is no longer available. Ask the gate again.", "release_closed")
    },
}
"""Responses of single operations."""
_WRITING: Final = ("post", "put", "patch", "delete")
_WITH_A_BODY: Final = ("post", "put", "patch")
_ONCE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "A unique key that you generate, up to 64 visible characters. A repeated "
        "request with the same key takes effect only once within 24 hours."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
}
_NAMED: Final = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    # The schema has no constraint, since no request is refused for its id.
    "description": (
        "An ID for this request, returned in the response and written to our logs: up "
        "to 64 letters, digits and `_.:-`. If it is missing or invalid, we generate "
        "one."
    ),
    "schema": {"type": "string"},
}
_HEADERS: Final = {
    "X-Request-Id": "The ID of this request in our logs.",
    "RateLimit-Limit": "The maximum number of requests at once.",
    "RateLimit-Remaining": "The number of requests left.",
    "RateLimit-Reset": "Seconds until the full number is available again.",
}


def complete_document(document: OpenAPISchema) -> OpenAPISchema:
    """Return `document` with the errors, headers and idempotency keys of every operation."""
    document["components"]["schemas"] |= _problem_schema()
    for methods in document["paths"].values():
        for method, operation in methods.items():
            _complete(operation, method)
    return document


def _complete(operation: dict[str, Any], method: str) -> None:
    operation["parameters"] = [
        *operation.get("parameters", ()),
        _NAMED,
        *([_ONCE] if method in _WRITING else []),
    ]
    for answer in operation["responses"].values():
        answer["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in _HEADERS.items()
        }
    # The schema has integer and string keys. Keep responses that an operation defines itself.
    said = {str(status) for status in operation["responses"]}
    of_a_body = _OF_A_BODY if method in _WITH_A_BODY else {}
    for status, (text, code) in (
        _MEANINGS | of_a_body | _OF_ONE.get(operation["operationId"], {})
    ).items():
        if status not in said:
            operation["responses"][status] = _problem_answer(status, text, code)


def _problem_answer(status: str, text: str, code: str) -> dict[str, Any]:
    example: dict[str, Any] = {
        "type": f"urn:zizhi:problem:{code}",
        "title": text,
        "status": int(status),
        "detail": "",
        "code": code,
    }
    example["request_id"] = "req_5JcnqZ0yUQk"
    if code in STATUS:
        reason = Refused(code).reason
        example |= {
            "title": reason.says.en,
            "detail": reason.says.zh,
            "fix": {"zh": reason.fix.zh, "en": reason.fix.en},
        }
    content = {
        CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    }
    return {"description": text, "content": content}


def _problem_schema() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = schema.pop("$defs", {})
    return parts | {"Problem": schema}
