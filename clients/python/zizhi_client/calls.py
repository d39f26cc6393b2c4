"""Makes one call: with a deadline, safe retries, and problems as exceptions."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

import httpx

from zizhi_client.errors import Unavailable, ZizhiError, error_of

RETRIED: Final = frozenset({429, 500, 502, 503, 504})
LONGEST_WAIT: Final = 30.0
"""If the service asks for a longer wait, the error is raised instead."""


class Calls:
    """Calls to one service with one key. Can be shared between threads."""

    def __init__(
        self,
        key: str,
        base_url: str,
        *,
        timeout: float,
        retries: int,
        transport: httpx.BaseTransport | None,
    ) -> None:
        self._retries, self._timeout = retries, timeout
        self._http = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/api/v1",
            timeout=timeout,
            transport=transport,
            follow_redirects=False,
            headers={
                "Authorization": f"Bearer {key}",
                "Accept": "application/json",
                "User-Agent": "zizhi-client-python/1.0",
            },
        )

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()

    def answer(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        files: Mapping[str, bytes] | None = None,
        key: str | None = None,
        wait: int | None = None,
    ) -> Any:
        """Return the JSON of the response, or None if it has no body. Raises ZizhiError.

        Changes carry an Idempotency-Key, `key` or a new one, so they can be retried. A call that
        may `wait` (seconds) is idempotent by its contents, and carries a key only if `key` is
        given.
        """
        headers = {} if wait is None else {"Prefer": f"wait={wait}"}
        timeout = self._timeout + (wait or 0)
        if key or (method != "GET" and wait is None):
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        for tried in range(self._retries + 1):
            try:
                return self.once(
                    method,
                    path,
                    params=params,
                    body=body,
                    form=form,
                    files=files,
                    headers=headers,
                    timeout=timeout,
                )
            except ZizhiError as error:
                pause = _wait(error, tried)
                if tried == self._retries or pause is None:
                    raise
            time.sleep(pause)
        raise AssertionError("unreachable")

    def once(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        files: Mapping[str, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Make one attempt. A `form` with its `files` is sent as `multipart/form-data`.

        `timeout` applies to each step of the connection. The default is that of the client.
        """
        limit = httpx.USE_CLIENT_DEFAULT if timeout is None else httpx.Timeout(timeout)
        given = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            parts = None if form is None else _parts(form, files or {})
            response = self._http.request(
                method, path, params=given, json=body, files=parts, headers=headers, timeout=limit
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"No answer: {type(error).__name__}") from error
        return _told(response)


def _parts(
    form: Mapping[str, Any], files: Mapping[str, bytes]
) -> list[tuple[str, tuple[str | None, bytes]]]:
    """Return the parts of a form, which may have no file."""
    fields = [(name, (None, str(value).encode())) for name, value in form.items()]
    return fields + [(name, ("file", data)) for name, data in files.items()]


def _told(response: httpx.Response) -> Any:
    try:
        told = response.json() if response.content else None
    except ValueError:
        told = None
        if response.is_success:
            raise Unavailable("The response is not JSON", status=response.status_code) from None
    if response.is_success:
        return told
    named = told if isinstance(told, dict) else {}
    named.setdefault("request_id", response.headers.get("X-Request-Id", ""))
    raise error_of(response.status_code, named, _seconds(response.headers.get("Retry-After", "")))


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None


def _wait(error: ZizhiError, tried: int) -> float | None:
    """Return the seconds until the next attempt, or None if there must be none."""
    again = (
        error.status in RETRIED
        or error.code == "idempotency_in_progress"
        or (isinstance(error, Unavailable) and not error.status)
    )
    if not again or (error.retry_after or 0) > LONGEST_WAIT:
        return None
    # Randomised, so that clients that failed together do not return together.
    spread = random.uniform(0, min(LONGEST_WAIT, 0.5 * 2**tried))  # noqa: S311
    return (error.retry_after or 0) + spread
