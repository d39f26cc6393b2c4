"""What does the API's document (OpenAPI 3.1) say beside what each operation says of itself?

What can go wrong, which headers can be sent and come back: the same for every operation, so it is
written here once.
"""

from __future__ import annotations

from typing import Any, Final

from ninja.openapi.schema import OpenAPISchema

from config.api.problems import CONTENT_TYPE, STATUS, Problem
from events.core.errors import Refused

DESCRIPTION: Final = """Ask, before every download, whether this recruiter may have this candidate's resume. 每次下载简历前，先问一声。

Errors are `application/problem+json` with a `code` that never changes its meaning. Send an `Idempotency-Key` with whatever changes
something, and repeat it as often as the network needs. Lists come in pages: hand `next` back as `after`. How it all works: docs/integrating/api.md."""  # noqa: E501

TAGS: Final = [
    {
        "name": "platform",
        "description": "Who is asking: your key, its scopes, and whether it is one for tests.",
    },
    {
        "name": "gate",
        "description": (
            "May this recruiter download this candidate's resume now? Asked before every download."
        ),
    },
    {
        "name": "releases",
        "description": (
            "A resume leaves: redacted, marked, with a relay number, by a link that is good once:"
            " docs/how-it-works/release.md."
        ),
    },
    {
        "name": "traces",
        "description": (
            "Whose copy is this leak? Held against your own releases: docs/how-it-works/release.md."
        ),
    },
    {
        "name": "relay numbers",
        "description": (
            "The numbers by which employers reach candidates without learning theirs:"
            " docs/how-it-works/relays.md."
        ),
    },
    {
        "name": "candidates",
        "description": (
            "Whose resumes they are: how they want to be asked, consents, what left, erasure:"
            " docs/how-it-works/candidates.md."
        ),
    },
    {
        "name": "employers",
        "description": (
            "The employers that recruit with you: where they stand, what they lack, what they may."
        ),
    },
    {
        "name": "members",
        "description": (
            "The recruiters who act for an employer, by your own references; and their way into our"
            " pages."
        ),
    },
    {
        "name": "events",
        "description": "What happened to your employers, in order and without a gap.",
    },
    {
        "name": "webhooks",
        "description": (
            "Where you want to be told of it, and what became of each message:"
            " docs/integrating/webhooks.md."
        ),
    },
    {
        "name": "test mode",
        "description": (
            "With test keys: codes that stand for outcomes, a reviewer's decisions, and a clock to"
            " move."
        ),
    },
]

_OF_A_BODY: Final = {
    "400": ("The body is no JSON.", "malformed_json"),
    "413": ("The body is over 1 MB.", "body_too_large"),
    "415": ("The body is not `application/json`.", "unsupported_media_type"),
}
_MEANINGS: Final = {
    "401": ("The key is missing, wrong, expired or revoked.", "key_missing_or_wrong"),
    "403": (
        "The key does not have the scope, or the employer is not one of yours.",
        "scope_missing",
    ),
    "404": ("There is no such thing, or none that this platform may know of.", "employer_unknown"),
    "409": (
        "It stands otherwise than this needs, or the same key is being answered.",
        "state_conflict",
    ),
    "422": (
        "The request does not have the documented form, or is refused for the reason given.",
        "invalid_request",
    ),
    "429": ("Too many requests: try again after `Retry-After` seconds.", "rate_limited"),
    "503": (
        "No answer can be given now: treat it as no, and ask again after `Retry-After` seconds.",
        "unavailable",
    ),
}
_PASS_OVER: Final = ("The minute of the pass is over: ask the gate again.", "pass_expired")
_OF_ONE: Final = {
    "spend_pass": {"410": _PASS_OVER},
    "release": {
        "410": _PASS_OVER,
        "413": ("The file is over 20 MB.", "body_too_large"),
        "415": ("The body is not `multipart/form-data`.", "unsupported_media_type"),
    },
    "trace": {
        "413": ("The file is over 20 MB.", "body_too_large"),
        "415": ("The body is not `multipart/form-data`.", "unsupported_media_type"),
    },
    "link_release": {
        "410": ("The copy is no longer handed out: ask the gate again.", "release_closed")
    },
}
"""What only one operation answers."""
_WRITING: Final = ("post", "put", "patch", "delete")
_WITH_A_BODY: Final = ("post", "put", "patch")
_ONCE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Of your own making, up to 64 visible characters. The same key with the same request is"
        " done once, for 24 hours."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
}
_NAMED: Final = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    # No constraint in the schema, since nothing is refused for its id.
    "description": (
        "Names this request in the answer and in our logs: up to 64 letters, digits and `_.:-`."
        " Where none is sent, or one of another form, one is made."
    ),
    "schema": {"type": "string"},
}
_HEADERS: Final = {
    "X-Request-Id": "Names this request in our logs.",
    "RateLimit-Limit": "How many requests can be made at once.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "In how many seconds all of them are there again.",
}


def completed(document: OpenAPISchema) -> OpenAPISchema:
    """`document` with the problems, headers and keys of every operation."""
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
    # A schema's numbers are keys of both kinds: what an operation says of itself stays.
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
