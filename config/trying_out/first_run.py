"""Creates a machine's keys in `.env`, readable only by its owner.

`make setup` runs it as `python -m config.trying_out.first_run`. It needs only the standard library
and changes nothing when run again.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

ENV_FILE = Path(__file__).resolve().parents[2] / ".env"


def make_env_file(path: Path = ENV_FILE) -> bool:
    """Write `path` with new keys unless it exists. Return whether it was written. Raises
    OSError.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(
            "# Made for this machine by `make setup`. Losing ZIZHI_DATA_KEY loses the stored"
            " documents, losing ZIZHI_INDEX_KEY the exclusion list: back them up.\n"
        )
        file.write(f"ZIZHI_SECRET_KEY={secrets.token_urlsafe(50)}\n")
        for name in ("ZIZHI_DATA_KEY", "ZIZHI_INDEX_KEY"):
            file.write(f"{name}={base64.b64encode(secrets.token_bytes(32)).decode()}\n")
    return True


if __name__ == "__main__":
    try:
        make_env_file()
    except OSError as error:
        sys.exit(f"Cannot write {ENV_FILE}: {error.strerror}. Run Zizhi in a writable folder.")
