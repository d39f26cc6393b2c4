"""Tests of the demo's steps: finished ones are not repeated, and failures do not stop the rest."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.demo import record as demo_record
from config.demo.stories import LOG, Demo
from config.demo.timeline import Timeline
from employers.models import User
from events.core.reasons import Text

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / demo_record.SIGN_IN


class Told(Demo):
    """A demo that records its steps without running them. Those in `broken` fail."""

    broken: tuple[str, ...] = ()

    def __getattribute__(self, name: str) -> Any:
        if name not in demo_record.STEPS:
            return super().__getattribute__(name)
        return lambda: self.step(name)

    def step(self, name: str) -> Text:
        if name in self.broken:
            raise TimeoutError("The worker did not finish in time")
        return Text(f"甲 {name}", f"made {name}")


def show(path: Path, *broken: str, is_brief: bool = True) -> int:
    made = demo_record.load_record(path)
    demo = Told(Timeline("en", 0.0, is_brief), made, None, "http://localhost:8000", 1)  # type: ignore[arg-type]
    demo.broken = broken
    return demo.show(demo_record.missing_steps(made), path)


def test_each_step_is_one_line_and_is_noted(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(path) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("creating 8 examples in the background")
    assert said[1] == "1/8 made honest_employer (0 s)" and said[8] == "8/8 made golden_name (0 s)"
    assert said[9] == "all examples are ready after 0 s"
    assert demo_record.missing_steps(demo_record.load_record(path)) == []
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_step_that_fails_is_made_by_the_next_start(
    path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(path, "wrong_licence", "golden_name") == 2
    said = capsys.readouterr().out
    assert "2/8 failed (wrong_licence): The worker did not finish in time" in said
    assert "3/8 made revoked_company" in said
    assert f"2 of 8 examples failed; see {settings.VAR_DIR / LOG}" in said
    assert "TimeoutError: The worker did not finish in time" in (settings.VAR_DIR / LOG).read_text()
    assert demo_record.missing_steps(demo_record.load_record(path)) == [
        "wrong_licence",
        "golden_name",
    ]
    assert show(path) == 0
    assert "1/2 made wrong_licence" in capsys.readouterr().out
    assert demo_record.missing_steps(demo_record.load_record(path)) == []


def test_an_interrupted_step_is_made_by_the_next_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Told, name: str) -> Text:
        if name == "revoked_company":
            raise KeyboardInterrupt
        return Text("甲", "made")

    monkeypatch.setattr(Told, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        show(path)
    assert demo_record.missing_steps(demo_record.load_record(path)) == list(demo_record.STEPS[2:])


def test_the_whole_demo_stops_where_it_fails(path: Path) -> None:
    with pytest.raises(TimeoutError):
        show(path, "wrong_licence", is_brief=False)


def test_sign_ins_are_made_once(path: Path) -> None:
    first = demo_record.load_record(path)
    assert demo_record.load_record(path) == first
    assert User.objects.get().email == first["reviewer"]
    User.objects.all().delete()
    with pytest.raises(CommandError, match="belongs to another database"):
        demo_record.load_record(path)


def test_a_demo_that_was_shown_before_there_were_steps_is_whole() -> None:
    assert (
        demo_record.missing_steps(
            {"reviewer": "a", "password": "b", "api_key": "c", "employer": "d"}
        )
        == []
    )


def test_in_a_deployment_there_is_no_demo(settings: Any, path: Path, now: datetime) -> None:
    settings.SITE_URL = "https://hr.example"
    with pytest.raises(CommandError, match="fictitious employers with real access"):
        call_command("demo")
    assert not User.objects.exists() and not path.exists()
