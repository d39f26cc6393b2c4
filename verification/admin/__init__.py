"""What the console shows of verification. Each module registers its own pages.

Every button calls the operation that any other door would call. No form of the admin writes a row
of this app.
"""

from verification.admin import bulk, client_letters, exclusions, records, saved_replies
from verification.admin.case import admin as case

__all__ = ["bulk", "case", "client_letters", "exclusions", "records", "saved_replies"]
