"""Calls whose responses are read into the dataclasses of `answers`. The base of all groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from zizhi_client.calls import Calls
from zizhi_client.errors import Unavailable
from zizhi_client.reading import T, read

PAGE: Final = 100
"""Rows requested at once."""


class TypedCalls:
    """Sends a call and reads its response. `Zizhi` sets the two attributes."""

    _calls: Calls
    _gate_timeout: float

    def _get(self, kind: type[T], path: str, **params: Any) -> T:
        return read_answer(kind, self._calls.answer("GET", path, params=params))

    def _send(
        self,
        kind: type[T],
        method: str,
        path: str,
        body: dict[str, Any] | None,
        key: str | None = None,
    ) -> T:
        return read_answer(kind, self._calls.answer(method, path, body=body, key=key))

    def _post(
        self, kind: type[T], path: str, body: dict[str, Any] | None = None, key: str | None = None
    ) -> T:
        return self._send(kind, "POST", path, body, key)

    def _send_form(
        self,
        kind: type[T],
        path: str,
        form: dict[str, str],
        files: dict[str, bytes],
        key: str | None,
        wait: int | None = None,
    ) -> T:
        return read_answer(
            kind, self._calls.answer("POST", path, form=form, files=files, key=key, wait=wait)
        )

    def _pages(self, kind: type[T], path: str, params: dict[str, Any]) -> Iterator[T]:
        after: str | None = None
        while True:
            page = self._calls.answer("GET", path, params=params | {"limit": PAGE, "after": after})
            for each in page["data"]:
                yield read_answer(kind, each)
            after = page["next"]
            if after is None:
                return


def read_answer(kind: type[T], told: Any) -> T:
    """Return a JSON response as a `kind`. Raises Unavailable if it does not fit."""
    try:
        return read(kind, told)
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable(
            f"The response does not match the API's document: {error}", status=200
        ) from error


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Return the `values` that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def part(text: str) -> str:
    """Quote `text` as a path segment. An empty one would lead to another address."""
    if not text:
        raise ValueError("An id is missing")
    return quote(text, safe="")
