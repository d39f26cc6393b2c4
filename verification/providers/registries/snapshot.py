"""The company register as a snapshot."""

from __future__ import annotations

from django.db import DatabaseError

from events.core.errors import ProviderUnavailable
from verification.models import RegistryRecord
from verification.providers.registries.base import CompanyRecord, status_of


class SnapshotRegistry:
    """A table in our own database, filled by `manage.py import_registry`."""

    name = "snapshot"

    def lookup(self, uscc: str) -> CompanyRecord | None:
        try:
            row = RegistryRecord.objects.filter(pk=uscc).first()
        except DatabaseError as error:
            raise ProviderUnavailable("registry snapshot") from error
        if row is None:
            return None
        return CompanyRecord(
            uscc=row.uscc,
            name=row.name,
            legal_representative=row.legal_representative,
            status=status_of(row.status),
            established_on=row.established_on,
            email_domain=row.email_domain.lower(),
            abnormal_list=row.abnormal_list,
            serious_violation_list=row.serious_violation_list,
            as_of=row.as_of,
            former_names=tuple(row.former_names),
            business_scope=row.business_scope,
        )
