"""The staff console's pages for verification. Each module registers its own pages.

Every button calls the same operation as the other entry points. No admin form writes a row of this
app.
"""

from verification.admin import (
    bulk,
    client_letters,
    exclusions,
    member_reviews,
    records,
    saved_replies,
)
from verification.admin.case import admin as case

__all__ = [
    "bulk",
    "case",
    "client_letters",
    "exclusions",
    "member_reviews",
    "records",
    "saved_replies",
]
