"""Companies that the registers list, and the questions asked about them."""

from __future__ import annotations

from typing import Any

import pytest

from documents.tencent_cloud import Account
from events.core.errors import ProviderError
from tests.factories import make_uscc
from tests.fakes.tencent_server import SECRET_ID, SECRET_KEY, Entry, TencentServer
from verification.providers.registries.base import Agrees
from verification.providers.registries.tencent import TencentRegistry

USCC, OTHER, UNKNOWN = make_uscc(71), make_uscc(72), make_uscc(73)
NAME, PERSON = "云溪（澜浦）示例科技有限公司", "林知白"
ENTRY = Entry(USCC, NAME, PERSON)
MATCH, MISMATCH, UNABLE = Agrees.MATCH, Agrees.MISMATCH, Agrees.UNABLE


def tencent_at(server: TencentServer, **how: Any) -> TencentRegistry:
    return TencentRegistry(Account(SECRET_ID, SECRET_KEY, endpoint=server.url), **how)


def asked(server: TencentServer) -> list[str]:
    """The questions asked, in order."""
    return [question.get("VerifyType", question["Action"]) for question in server.asked]


def raised_by(registry: TencentRegistry) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        registry.verify(USCC, NAME, PERSON)
    return caught.value
