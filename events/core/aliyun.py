"""What the adapters for Alibaba Cloud's services share: the configuration of the official SDK's
clients, and the times in the services' answers.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Asia/Shanghai")
"""The services' times have no zone; they are Beijing time."""
CONNECT_MS: Final = 5_000
READ_MS: Final = 10_000

# At DEBUG this logger writes full URLs, which contain numbers and codes.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


def client_config(key_id: str, key_secret: str, endpoint: str) -> Any:
    """Return the configuration of a client of the SDK, which must be installed."""
    from alibabacloud_tea_openapi.models import Config

    # With DEBUG=sdk it would log full requests.
    logging.getLogger("darabonba-core").setLevel(logging.WARNING)
    where = urlsplit(endpoint)
    return Config(
        access_key_id=key_id,
        access_key_secret=key_secret,
        endpoint=where.netloc,
        protocol=where.scheme.upper(),
        connect_timeout=CONNECT_MS,
        read_timeout=READ_MS,
    )


def read_time(text: object) -> datetime | None:
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
    except ValueError:
        return None
