"""Fixtures for tests of a platform's test."""

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
    """The test mode's bank and licences start with empty books; this deployment has neither."""
    settings.VAR_DIR, settings.BANK, settings.E_LICENCES = tmp_path, "", ""
