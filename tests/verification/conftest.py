"""Fixtures for tests of test mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.verification.platform import Platform


@pytest.fixture
def platform(db: None) -> Platform:
    return Platform()


@pytest.fixture
def books(tmp_path: Path, settings: Any) -> None:
    """Give the simulated bank and licence service of test mode new files. The deployment has
    neither provider.
    """
    settings.VAR_DIR, settings.BANK, settings.E_LICENCES = tmp_path, "", ""
