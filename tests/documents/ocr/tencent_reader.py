"""Readers of Tencent's service that talk to a local server, and specimens for them."""

from __future__ import annotations

from typing import Any

import pytest

from documents.ocr.cloud import FieldReader
from documents.ocr.tencent import TencentReader
from documents.specimens import make_specimen
from documents.tencent_cloud import Account
from events.core.errors import ProviderError
from tests.fakes.tencent_server import SECRET_ID, SECRET_KEY, TencentServer

SPECIMEN = make_specimen(2)
JPEG = SPECIMEN.jpeg()


def reader_at(server: TencentServer, **how: Any) -> TencentReader:
    return TencentReader(Account(SECRET_ID, SECRET_KEY, endpoint=server.url), **how)


def raised_by(reader: FieldReader, jpeg: bytes = JPEG) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        reader.read_fields(jpeg)
    return caught.value
