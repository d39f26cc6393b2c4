"""Tests that the client's answer types match the API's document, and that their command reports if
not.
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.api import client_answers
from zizhi_client import Decision, answers

STALE = "clients/python/zizhi_client/answers.py is stale: run manage.py write_client_answers"


def test_the_file_is_up_to_date() -> None:
    assert (
        client_answers.PATH.read_text(encoding="utf-8") == client_answers.client_answers_source()
    ), STALE


def test_a_change_of_the_document_makes_it_stale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = tmp_path / "answers.py"
    monkeypatch.setattr(client_answers, "PATH", written)
    call_command("write_client_answers")
    call_command("write_client_answers", check=True)
    before = written.read_text(encoding="utf-8")

    document = client_answers.api.get_openapi_schema()
    schema = document["components"]["schemas"]["MeOut"]
    schema["properties"]["colour"] = {"type": "string", "description": "Of the platform."}
    schema["required"].append("colour")
    monkeypatch.setattr(client_answers.api, "get_openapi_schema", lambda: document)
    with pytest.raises(CommandError, match="is stale"):
        call_command("write_client_answers", check=True)
    assert written.read_text(encoding="utf-8") == before, "--check writes nothing"
    call_command("write_client_answers")
    assert '    colour: str\n    """Of the platform."""\n' in written.read_text(encoding="utf-8")


def test_what_a_later_version_may_have_more_of_is_a_plain_string() -> None:
    kinds = {
        field.name: field.type
        for kind in (answers.Me, answers.Employer, answers.Rights)
        for field in fields(kind)
    }
    assert (
        kinds["scopes"] == "list[str]" and kinds["state"] == "str | None" and kinds["tier"] == "str"
    )


def test_an_endpoint_with_its_secret_is_an_endpoint() -> None:
    assert issubclass(answers.EndpointWithSecret, answers.Endpoint)
    assert {field.name for field in fields(answers.EndpointWithSecret)} - {
        field.name for field in fields(answers.Endpoint)
    } == {"secret"}


@pytest.mark.parametrize(
    ("allowed", "is_yes"),
    [(True, True), (False, False), (1, False), ("true", False), (None, False)],
)
def test_only_true_is_a_yes(allowed: Any, is_yes: bool) -> None:
    given: dict[str, Any] = dict.fromkeys(field.name for field in fields(Decision))
    decision = Decision(**given | {"allowed": allowed})
    assert bool(decision) is is_yes
    with pytest.raises(FrozenInstanceError):
        decision.allowed = True  # type: ignore[misc]
