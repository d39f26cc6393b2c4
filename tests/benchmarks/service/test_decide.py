"""Tests of the decision benchmark: its figures, and a small run with honest and false employers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.service.applicants import Applicant, Outcome, Walk
from benchmarks.service.decide import show, summary
from benchmarks.service.stories import (
    ATTACKS,
    HONEST,
    SHARE_HONEST,
    edited_licences,
    false_companies,
    pieces,
    planned,
)

ROOT = Path(__file__).resolve().parents[3]
OUTCOMES = [
    Outcome("company mail", True, "approved", seconds=1.0, photos=1),
    Outcome(
        "company mail",
        True,
        "in_review",
        ["document_unreadable"],
        ["reading"],
        seconds=2.0,
        photos=2,
    ),
    Outcome(
        "young", True, "approved", ["registry_pending"], ["registry"], seconds=3.0, conditional=True
    ),
    Outcome("agency", True, "rejected", ["registry_revoked"], ["registry"], seconds=4.0),
    Outcome("agency", True, "refused", ["uscc_invalid"], ["door:uscc_invalid"]),
    Outcome(
        "kit",
        False,
        "in_review",
        ["duplicate_same_image"],
        ["duplicates", "authority"],
        seconds=5.0,
    ),
    Outcome("kit", False, "approved", [], ["authority"], seconds=6.0),
    Outcome("insider", False, "approved", apart=True),
    Outcome("revoked", False, "rejected", ["registry_revoked"], ["registry"], seconds=7.0),
]


def test_the_figures() -> None:
    assert summary(2, OUTCOMES) == {
        "seed": 2,
        "honest": {"n": 5, "approved_without_person": 2, "review": 1, "rejected": 2},
        "attacks": {
            "n": 3,
            "approved_without_person": 1,
            "by_kind": {
                "kit": {
                    "n": 2,
                    "approved_without_person": 1,
                    "caught_by": {"duplicates": 1, "authority": 1},
                },
                "revoked": {"n": 1, "approved_without_person": 0, "caught_by": {"registry": 1}},
            },
        },
        "apart": {
            "n": 1,
            "approved_without_person": 1,
            "by_kind": {"insider": {"n": 1, "approved_without_person": 1, "caught_by": {}}},
        },
        "seconds": {"median": 4.0, "p95": 7.0},
    }


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    show(summary(2, OUTCOMES), OUTCOMES)
    text = capsys.readouterr().out
    assert (
        "honest approved without a person 40.0%" in text and "attacks approved 1 (goal 0)" in text
    )
    assert "document_unreadable 1" in text and "duplicates 1, authority 1" in text


def test_every_way_and_every_attack_comes() -> None:
    plan = list(planned(2, 400))
    honest = Counter(index for which, index, _ in plan if which == "honest")
    attacks = Counter(index for which, index, _ in plan if which == "attack")
    assert set(honest) == set(range(len(HONEST))) and set(attacks) == set(range(len(ATTACKS)))
    assert sum(honest.values()) == round(400 * SHARE_HONEST)
    for index, (_, weight) in enumerate(HONEST):
        assert honest[index] == pytest.approx(
            sum(honest.values()) * weight / sum(w for _, w in HONEST), abs=4
        )
    assert max(attacks.values()) - min(attacks.values()) <= 1


def test_only_a_client_s_letter_drawn_well_is_told_of_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The picture's editor belongs in the fraud table, whoever controls the company's mail."""
    came: list[Applicant] = []

    class Coming(Walk):
        def go(self) -> Outcome:
            came.append(self.applicant)
            return Outcome(
                self.applicant.kind, self.applicant.honest, "in_review", apart=self.applicant.apart
            )

    monkeypatch.setattr(pieces, "Walk", Coming)
    for module, world in (
        (edited_licences, "registered"),
        (false_companies, "registered"),
        (false_companies, "on_the_list"),
    ):
        monkeypatch.setattr(module, world, lambda *args, **said: None)
    for story in (
        *(edited_licences.in_an_editor(edit, reads_mail=True) for edit in pieces.EDITS),
        false_companies.agency_well_drawn_letter,
    ):
        assert story(2_000_000)
    assert {applicant.kind for applicant in came if applicant.apart} == {
        "agency: a client's letter drawn well"
    }
    assert len({applicant.kind for applicant in came}) == 6


def test_no_two_employers_share_a_number_by_chance() -> None:
    """Each story has a hundred numbers of its own, by seed."""
    for seed in (1, 2):
        numbers = [number // 100 for _, _, number in planned(seed, 400)]
        assert len(numbers) == len(set(numbers))
        assert {number // 10_000 for number in numbers} == {seed}


def test_a_plan_is_the_same_each_time() -> None:
    assert list(planned(2, 60)) == list(planned(2, 60)) != list(planned(1, 60))


@pytest.mark.accuracy
@pytest.mark.timeout(400)
def test_a_small_run() -> None:
    """Four employers: the first three, honest, are approved; the first attack is not."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZIZHI_", "DATABASE_URL", "DJANGO_", "PYTEST_"))
    }
    command = [
        sys.executable,
        "-m",
        "benchmarks.decide",
        "--seed",
        "3",
        "--count",
        "4",
        "--processes",
        "1",
        "--json",
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=inherited, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["honest"]["n"] == 2 and result["honest"]["rejected"] == 0
    assert result["attacks"]["n"] == 2 and result["attacks"]["approved_without_person"] == 0
    assert result["seconds"]["median"] > 0
