"""The registers that this deployment asks."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from documents.tencent_cloud import account_of
from verification.providers.registries.base import AgreementRegistry, RecordRegistry
from verification.providers.registries.breaker import Pace
from verification.providers.registries.snapshot import SnapshotRegistry
from verification.providers.registries.tencent import REQUESTS_A_SECOND, TencentRegistry


@cache
def chosen_registries(choice: str) -> tuple[RecordRegistry | None, AgreementRegistry | None]:
    """Return the registers that `ZIZHI_REGISTRY` selects, one instance of each per process.

    `choice` is `snapshot`, `tencent`, or `both`, which asks the record first.
    """
    record = SnapshotRegistry() if choice in ("snapshot", "both") else None
    return record, _tencent() if choice in ("tencent", "both") else None


def _tencent() -> TencentRegistry:
    # The service counts over all processes, so each worker gets its share.
    return TencentRegistry(
        account_of(settings),
        pace=Pace(REQUESTS_A_SECOND / max(1, settings.CELERY_WORKER_CONCURRENCY)),
    )
