"""The company codes of test mode, and the outcome that each code produces.

A test code starts with 9990nn, a region that no province has. Its last two digits are the number of
the recipe. The organisation part is free, so that every test can use a code of its own. The checks
have the usual names and find what the recipe says; the policy is the real one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from documents.uscc import TEST_REGION, check_character, organisation_check_character
from events.core.errors import ProviderUnavailable
from events.core.reasons import REASONS, Text
from verification.checks.base import Check, Earlier, Subject
from verification.rules.facts import Strength
from verification.rules.findings import Finding, Observation, Outcome, Severity
from verification.rules.policy import AUTHORITY_PROVEN, UNLISTED

_CODE: Final = re.compile(rf"91{TEST_REGION}(\d\d)[0-9A-Z]{{10}}")
SHORTLY: Final = 60.0
"""Seconds until a service that was down is asked again."""


@dataclass(frozen=True)
class Recipe:
    """The outcome for an employer with this code: the check that finds `reason`, its severity, and
    for how many rounds.
    """

    number: int
    outcome: Outcome
    check: str = ""
    reason: str = ""
    severity: Severity = Severity.PASS
    rounds: int = 99
    strength: Strength = Strength.MEDIUM
    says: Text | None = None

    @property
    def words(self) -> Text:
        """The purpose of the recipe, in both languages."""
        return self.says or REASONS[self.reason].says


def _rejected(number: int, reason: str) -> Recipe:
    return Recipe(number, Outcome.REJECT, "registry", reason, Severity.BLOCK)


def _for_review(
    number: int, check: str, reason: str, severity: Severity = Severity.CONCERN
) -> Recipe:
    return Recipe(number, Outcome.REVIEW, check, reason, severity)


RECIPES: Final[dict[int, Recipe]] = {
    recipe.number: recipe
    for recipe in (
        Recipe(0, Outcome.APPROVE, says=Text("立即通过", "Approved at once")),
        Recipe(
            1,
            Outcome.APPROVE,
            "registry",
            UNLISTED,
            Severity.WAIT,
            strength=Strength.STRONG,
            says=Text(
                "附条件通过，14 天后失效",
                "Approved on condition; the approval lapses after 14 days",
            ),
        ),
        Recipe(
            2,
            Outcome.WAIT,
            "registry",
            UNLISTED,
            Severity.WAIT,
            rounds=2,
            says=Text(
                "登记信息尚未公示，两次重试后通过",
                "The register does not list the company yet. Approved at the second retry",
            ),
        ),
        Recipe(
            3,
            Outcome.WAIT,
            "authority",
            "authority_missing",
            Severity.WAIT,
            says=Text("等待招聘者证明其授权", "Waits for the recruiter to prove their authority"),
        ),
        Recipe(
            4,
            Outcome.WAIT,
            "registry",
            "registry_unavailable",
            rounds=1,
            says=Text(
                "企业登记信息查询服务暂时不可用，一分钟后重试并通过",
                "The register is not responding. Approved at the retry a minute later",
            ),
        ),
        _for_review(5, "reading", "check_incomplete", Severity.UNABLE),
        _rejected(10, "registry_revoked"),
        _rejected(11, "registry_deregistered"),
        _rejected(12, "registry_cancelled"),
        _for_review(20, "registry", "registry_not_found", Severity.UNABLE),
        _for_review(21, "registry", "registry_not_active"),
        _for_review(22, "registry", "registry_abnormal_list"),
        _for_review(23, "registry", "registry_serious_violation_list"),
        _for_review(24, "registry", "registry_status_unknown", Severity.UNABLE),
        _for_review(30, "reading", "document_unreadable", Severity.UNABLE),
        _for_review(31, "reading", "document_not_a_licence", Severity.UNABLE),
        _for_review(32, "reading", "document_several_licences", Severity.UNABLE),
        _for_review(33, "forgery", "document_recapture"),
        _for_review(34, "reading", "document_expired"),
        _for_review(35, "scan", "document_infected"),
        _for_review(40, "reading", "uscc_mismatch"),
        _for_review(41, "reading", "uscc_invalid"),
        _for_review(42, "reading", "name_mismatch"),
        _for_review(43, "registry", "legal_representative_mismatch"),
        _for_review(44, "reading", "established_on_mismatch"),
        _for_review(50, "authority", "authority_unproven", Severity.UNABLE),
        _for_review(60, "agency_licence", "agency_licence_missing"),
        _for_review(61, "agency_licence", "agency_licence_expired"),
        _for_review(62, "agency_licence", "agency_licence_mismatch"),
        _for_review(63, "agency_licence", "agency_client_missing"),
        _for_review(70, "duplicates", "duplicate_same_image"),
        _for_review(71, "duplicates", "duplicate_same_uscc_active"),
        _for_review(72, "exclusion", "duplicate_excluded"),
        _for_review(73, "duplicates", "duplicate_device_cluster"),
        _for_review(74, "duplicates", "duplicate_nominee"),
        _for_review(80, "forgery", "forgery_suspected"),
        _for_review(81, "forgery", "forgery_retyped_field"),
        _for_review(82, "forgery", "forgery_copied_patch"),
        _for_review(83, "reading", "qr_not_registry", Severity.UNABLE),
        _for_review(90, "reading", "approval_document_missing"),
    )
}
"""By the last two digits of the region. Never renumber them: platforms' tests contain codes."""


def code_for(number: int, organisation: str | None = None) -> str:
    """Return a valid code for recipe `number`. `organisation` is its 8 characters, random unless
    given.
    """
    body = organisation or f"{secrets.randbelow(10**8):08d}"
    first17 = f"91{TEST_REGION}{number:02d}{body}{organisation_check_character(body)}"
    return first17 + check_character(first17)


def recipe_of(uscc: str) -> Recipe | None:
    """The recipe of a code, or None if it is no test code."""
    found = _CODE.fullmatch(uscc)
    return RECIPES.get(int(found.group(1))) if found else None


@dataclass
class _Scripted:
    """A check that finds what the recipe says."""

    code: str
    recipe: Recipe
    waits: int
    tries: int
    version: str = "test"
    lasting: bool = False

    def observe(self, subject: Subject, earlier: Earlier) -> Observation:
        here = self.code == self.recipe.check
        if (
            here
            and self.recipe.reason == "registry_unavailable"
            and self.tries <= self.recipe.rounds
        ):
            raise ProviderUnavailable("the register of a test", retry_after=SHORTLY)
        return {"recipe": self.recipe.number, "round": self.waits}

    def judge(self, subject: Subject, earlier: Earlier, observation: Observation) -> list[Finding]:
        recipe = self.recipe
        found = []
        if self.code == "authority":
            found.append(
                Finding(self.code, AUTHORITY_PROVEN, Severity.PASS, expected=recipe.strength)
            )
        if (
            self.code == recipe.check
            and recipe.severity > Severity.PASS
            and observation["round"] < recipe.rounds
        ):
            found = [Finding(self.code, recipe.reason, recipe.severity)]
        return found


def scripted_checks(uscc: str, codes: Sequence[str], waits: int, tries: int) -> tuple[Check, ...]:
    """The checks named `codes` for an attempt that has waited `waits` times and is tried for the
    `tries`-th time. Recipe 0 applies if the code names none.
    """
    recipe = recipe_of(uscc) or RECIPES[0]
    return tuple(_Scripted(code, recipe, waits, tries) for code in codes)
