"""Orders of relay numbers, and the numbers that providers lend for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from downloads.relay_providers.aliyun import Account
from downloads.relay_providers.base import Bound, Order, Relays
from tests.fakes.aliyun_server import KEY_ID, KEY_SECRET, POOL, AliyunServer

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
IN_A_MONTH = NOW + timedelta(days=30)
CANDIDATE, OTHER = "+8613900000001", "+8613900000002"
CALLER, COLLEAGUE, STRANGER = "+8613800000001", "+8613800000002", "+8613700000009"
SECRET = "s3cret-part-of-the-address"


def account(server: AliyunServer, **more: Any) -> Account:
    return Account(KEY_ID, KEY_SECRET, POOL, SECRET, endpoint=server.url, **more)


def order(
    group: str,
    request_id: str = "r-1",
    candidate: str = CANDIDATE,
    expires_at: datetime = IN_A_MONTH,
) -> Order:
    return Order(request_id, candidate, group, expires_at)


def bound(relays: Relays, candidate: str = CANDIDATE, request_id: str = "r-1") -> Bound:
    group = relays.set_callers("", "a team", [CALLER, COLLEAGUE], NOW)
    return relays.bind(order(group, request_id, candidate), NOW)
