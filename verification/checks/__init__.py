"""The checks, in the order in which they run."""

from __future__ import annotations

from verification.checks import authority, duplicates, exclusion, forgery, reading, registry, scan
from verification.checks.agency.check import AgencyLicence
from verification.checks.base import Check

CHECKS: tuple[Check, ...] = (
    scan.Scan(),
    reading.Reading(),
    registry.Registry(),
    duplicates.Duplicates(),
    exclusion.Excluded(),
    AgencyLicence(),
    forgery.Forgery(),
    authority.Authority(),
)
"""A check may use the observations of the checks before it, never of those after it."""
