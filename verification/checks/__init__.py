"""Which checks are there, and in which order do they run?"""

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
"""In the order in which they run: a check may look at the observations of those before it, never
after.
"""
