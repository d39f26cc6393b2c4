"""Tests of the benchmark of a change of keys: a small run, and that it would notice a mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from benchmarks.service import rekey
from employers.models import Sighting, User
from tests.keys import change_keys, rotate

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.timeout(200)
@pytest.mark.accuracy
def test_a_small_run() -> None:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZIZHI_", "DATABASE_URL", "DJANGO_", "PYTEST_"))
    }
    command = [sys.executable, "-m", "benchmarks.rekey", "--rows", "600", "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=inherited, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    run = json.loads(done.stdout.splitlines()[-1])["engines"]["sqlite"]
    assert (run["mismatches"], run["left"]) == (0, 0)
    assert run["moved"] >= 600 and run["checked"] >= 1200 and run["under_load"] > 0


@pytest.mark.django_db
def test_it_notices_what_is_lost_or_not_moved(settings: Any) -> None:
    rekey._fill(3)
    change_keys(settings, "removed")
    assert rekey._compared() == (6, 0)
    User.objects.filter(email="1@load.example").update(
        phone_sealed=User.objects.get(email="2@load.example").phone_sealed
    )
    assert rekey._compared() == (6, 1)
    Sighting.objects.filter(user__email="0@load.example").delete()
    assert rekey._compared() == (5, 2)
    rotate(settings)
    assert rekey._compared()[1] >= 4, "indexes under the old key"


@pytest.mark.django_db
def test_the_load_notices_what_is_not_found(tmp_path: Path, settings: Any) -> None:
    rekey._fill(1)
    assert rekey.phone(0) != rekey.phone(0, 1) != rekey.phone(1)
    account = User.objects.get()
    seen = Sighting.objects.get()
    assert rekey._seen(account, 0, timezone.now()).digest == seen.digest
    rotate(settings)
    assert rekey._seen(account, 0, timezone.now()).digest != seen.digest
