"""Fixtures for tests of providers: a local server in place of the register's service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from documents.tencent_cloud import is_tencent_cloud_installed
from tests.conftest import require
from tests.fakes import tencent_server as cloud
from tests.fakes.tencent_server import Entry, TencentServer
from tests.verification.providers.registered import ENTRY, OTHER


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[TencentServer]:
    require("tencentcloud-sdk-python-ocr (the extra `tencent`)", is_tencent_cloud_installed())
    with cloud.serving() as service:
        service.register = [ENTRY, Entry(OTHER, "云溪市另一家有限公司", "沈望舒")]
        yield service
