"""Fixtures for tests of releases: own folders, each file read once, and a shop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.downloads.api.test_relays import Platform
from tests.downloads.releases.shop import REAL_REDACT, Shop


@pytest.fixture(autouse=True)
def _books(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.RELAYS, settings.DOCUMENTS_DIR = tmp_path, "", tmp_path / "documents"


_seen: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redact each file only once, in the first test that uses it, because redaction takes most of
    the time.
    """

    def redact(resume: Any, *more: Any) -> Any:
        if resume.sha256 not in _seen:
            _seen[resume.sha256] = REAL_REDACT(resume, *more)
        return _seen[resume.sha256]

    monkeypatch.setattr("resumes.redaction.redact.redact", redact)


@pytest.fixture
def platform(db: None) -> Platform:
    return Platform()


@pytest.fixture
def shop(platform: Platform) -> Shop:
    return Shop(platform)
