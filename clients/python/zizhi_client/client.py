"""The client: one method per operation of the API's document, with the same name."""

from __future__ import annotations

from types import TracebackType
from typing import Final

import httpx

from zizhi_client import answers
from zizhi_client.calls import Calls
from zizhi_client.candidates import CandidateCalls
from zizhi_client.employers import EmployerCalls
from zizhi_client.events import EventCalls
from zizhi_client.gate import GateCalls
from zizhi_client.relays import RelayCalls
from zizhi_client.releases import ReleaseCalls
from zizhi_client.test_mode import SimulatorCalls

GATE_TIMEOUT: Final = 2.0
TIMEOUT: Final = 10.0


class Zizhi(
    GateCalls, ReleaseCalls, RelayCalls, CandidateCalls, EmployerCalls, EventCalls, SimulatorCalls
):
    """A client of the service at `base_url`, with `key` (`zk_…`, or `test_…` for tests).

    Create one and keep it. Threads may share it.

    Every method raises ZizhiError. A call without a response within `timeout` seconds, or with 429
    or 5xx, is retried up to `retries` times if that is safe. The gate is asked once, with
    `gate_timeout` for each step. Use `idempotency_key` for what must happen only once even if your
    program crashes: create and store the key before the call.
    """

    def __init__(
        self,
        key: str,
        base_url: str,
        *,
        timeout: float = TIMEOUT,
        gate_timeout: float = GATE_TIMEOUT,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._calls = Calls(key, base_url, timeout=timeout, retries=retries, transport=transport)
        self._gate_timeout = gate_timeout

    def __enter__(self) -> Zizhi:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections."""
        self._calls.close()

    def me(self) -> answers.Me:
        """Return your platform and the key's scopes. Call it at startup."""
        return self._get(answers.Me, "/me")
