"""What does a reviewer see, and press? The queue, the case page with its buttons, and everything else to look at.

Every button calls the operation that any other door would call. No form of the admin writes a row of this app.
"""

from __future__ import annotations

from django.contrib import admin

from verification.clients_admin import ClientAuthorisationAdmin as ClientAuthorisationAdmin  # registered by being imported
from verification.clusters_admin import BulkAdmin as BulkAdmin  # registered by being imported
from verification.desk_admin import DeskAdmin
from verification.evidence_admin import DecisionAdmin as DecisionAdmin  # registered, with its neighbours, by being imported
from verification.exclusions_admin import ExclusionAdmin as ExclusionAdmin  # registered by being imported
from verification.models import Case
from verification.queue_admin import QueueAdmin
from verification.replies_admin import SavedReplyAdmin as SavedReplyAdmin  # registered by being imported


@admin.register(Case)
class CaseAdmin(DeskAdmin, QueueAdmin):
    """The queue; each of its cases opens at the desk."""
