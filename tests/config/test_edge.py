"""Tests of the outermost middleware: the client's address, and the headers of all responses."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config.edge import HEADERS, Edge, client_address
from employers.accounts.forms import network_of


@pytest.mark.parametrize(
    ("forwarded", "proxies", "client"),
    [
        ("203.0.113.9", 1, "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", 1, "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9, 10.0.0.1", 2, "203.0.113.9"),
        ("203.0.113.9,10.0.0.2 ,10.0.0.1", 3, "203.0.113.9"),
        ("10.0.0.7", 2, "10.0.0.7"),
    ],
)
def test_the_address_that_the_outermost_proxy_saw(
    forwarded: str, proxies: int, client: str, settings: Any
) -> None:
    assert client_address(forwarded, proxies) == client
    settings.PROXIES = proxies
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    request = RequestFactory().get(
        "/", REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": forwarded}
    )
    Edge(lambda _request: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == client == network_of(request)


def test_addresses_from_nobody_we_trust_are_ignored_with_one_warning(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROXIES = 0
    told: list[str] = []
    monkeypatch.setattr("config.edge.log.warning", lambda event, **_given: told.append(event))
    edge = Edge(lambda _request: HttpResponse())
    for _ in range(2):
        request = RequestFactory().get("/", headers={"x-forwarded-for": "203.0.113.9"})
        edge(request)
        assert request.META["REMOTE_ADDR"] == "127.0.0.1" == network_of(request)
    assert told == ["x_forwarded_for_ignored"]
    edge(RequestFactory().get("/"))
    assert len(told) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/sign-in/", "/api/v1/me", "/api/v1/docs", "/nothing", "/console/"]
)
def test_every_response_has_the_headers(client: Client, path: str) -> None:
    response = client.get(path)
    assert {name: response[name] for name in HEADERS} == HEADERS
    assert not [name for name in response.headers if name.startswith("Access-Control-")]
    assert "camera=()" in response["Permissions-Policy"]


class Late(BytesIO):
    """A body as gunicorn leaves it when the rest does not arrive."""

    failed = False

    def read(self, *_args: Any) -> bytes:
        self.failed = True
        raise TimeoutError


def test_a_body_that_did_not_arrive_is_answered_with_408() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        try:
            return HttpResponse(request.body)
        except OSError:
            return HttpResponse(status=400)

    late = RequestFactory().generic("POST", "/", CONTENT_LENGTH="9", **{"wsgi.input": Late()})
    assert Edge(view)(late).status_code == 408
    assert Edge(view)(RequestFactory().post("/", {"a": "b"})).status_code == 200
