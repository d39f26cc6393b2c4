"""Platforms as API clients, and their keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from employers.accounts import networks
from employers.accounts.return_urls import check_return_url, parse_return_urls
from employers.models import ApiClient, ApiKey, Scope
from events.core.actor import SYSTEM, Actor
from events.core.errors import Refused
from events.delivery import webhooks
from events.models import record


def create_api_client(
    name: str,
    scopes: Sequence[Scope],
    now: datetime,
    actor: Actor = SYSTEM,
    *,
    test: bool = False,
    return_urls: str = "",
    contact_email: str = "",
    contact_language: str = "zh-hans",
    expires_at: datetime | None = None,
    allowed_networks: str = "",
) -> tuple[ApiClient, str]:
    """Create a platform and its first key. The key is not stored and cannot be shown again.

    `return_urls` has one address per line, `allowed_networks` one network. Raises Refused:
    `return_url_invalid`, and those of `add_key`.
    """
    limits = _Limits.checked(expires_at, allowed_networks, now)
    of_it = {
        "return_urls": "\n".join(parse_return_urls(return_urls, local=test)),
        "contact_email": contact_email,
    }
    with transaction.atomic():
        client = ApiClient.objects.create(
            name=name, test=test, contact_language=contact_language, created_at=now, **of_it
        )
        _, text = _new_key(client, scopes, limits, now)
        record(
            "create_api_client",
            client,
            actor,
            now,
            data={"scopes": [str(scope) for scope in scopes]},
        )
    return client, text


@dataclass(frozen=True)
class _Limits:
    """When and where a key may be used."""

    expires_at: datetime | None
    allowed_networks: str

    @classmethod
    def checked(cls, expires_at: datetime | None, allowed_networks: str, now: datetime) -> _Limits:
        if expires_at is not None and expires_at <= now:
            raise Refused("key_end_past", "expires_at")
        return cls(expires_at, networks.parse_networks(allowed_networks))


def _new_key(
    client: ApiClient, scopes: Sequence[str], limits: _Limits, now: datetime
) -> tuple[ApiKey, str]:
    text = ApiKey.new_key(test=client.test)
    key = ApiKey.objects.create(
        client=client,
        key_hash=ApiKey.hash_key(text),
        key_start=text[:8],
        scopes=[str(scope) for scope in scopes],
        created_at=now,
        expires_at=limits.expires_at,
        allowed_networks=limits.allowed_networks,
    )
    return key, text


def rotate_key(
    key: ApiKey,
    overlap: timedelta,
    actor: Actor,
    now: datetime,
    *,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Replace `key` by a new one with the same scopes and networks, which ends at `expires_at`. The
    old key works for another `overlap`, which may be zero.

    If a key is rotated twice, the old one ends at the earlier time. Raises Refused:
    `state_conflict` if the key is no longer in force, `key_end_past`.
    """
    with transaction.atomic():
        old = (
            ApiKey.objects.select_for_update(of=("self",))
            .live(now)
            .select_related("client")
            .filter(pk=key.pk)
            .first()
        )
        if old is None:
            raise Refused("state_conflict", "key")
        limits = _Limits.checked(expires_at, old.allowed_networks, now)
        new, text = _new_key(old.client, old.scopes, limits, now)
        old.expires_at = min(old.expires_at or now + overlap, now + overlap)
        old.save(update_fields=["expires_at"])
        data = {"old": str(old.pk), "new": str(new.pk), "until": old.expires_at.isoformat()}
        record("rotate_key", old.client, actor, now, data=data)
    return new, text


def set_return_urls(client: ApiClient, text: str, actor: Actor, now: datetime) -> None:
    """Register the addresses, one per line, under which recruiters may be sent back.

    Raises Refused `return_url_invalid`.
    """
    addresses = parse_return_urls(text, local=client.test)
    with transaction.atomic():
        changed = ApiClient.objects.filter(pk=client.pk).exclude(return_urls="\n".join(addresses))
        if changed.update(return_urls="\n".join(addresses)):
            record("set_return_urls", client, actor, now, data={"return_urls": addresses})


def set_contact(client: ApiClient, email: str, language: str, actor: Actor, now: datetime) -> None:
    """Set the address and language for mails about the platform's webhooks. With an empty address,
    no mails are sent.
    """
    given = {"contact_email": email, "contact_language": language}
    with transaction.atomic():
        if ApiClient.objects.filter(pk=client.pk).exclude(**given).update(**given):
            record("set_contact", client, actor, now)


def require_second_factor(client: ApiClient, required: bool, actor: Actor, now: datetime) -> None:
    """Set whether the recruiters of the platform's employers need a second factor to sign in."""
    with transaction.atomic():
        changed = ApiClient.objects.filter(pk=client.pk).exclude(second_factor_required=required)
        if changed.update(second_factor_required=required):
            record("require_second_factor", client, actor, now, data={"required": required})


def set_candidate_settings_url(client: ApiClient, text: str, actor: Actor, now: datetime) -> str:
    """Set where the platform's candidates change their settings; return the stored address.

    Raises Refused `return_url_invalid`.
    """
    url = check_return_url(text, "settings_url", local=client.test)
    with transaction.atomic():
        changed = ApiClient.objects.filter(pk=client.pk).exclude(candidate_settings_url=url)
        if changed.update(candidate_settings_url=url):
            record("set_candidate_settings_url", client, actor, now, data={"settings_url": url})
    return url


def text_candidates(client: ApiClient, texts: bool, actor: Actor, now: datetime) -> None:
    """Set whether the platform's candidates without an address get text messages, which it pays."""
    with transaction.atomic():
        changed = ApiClient.objects.filter(pk=client.pk).exclude(texts_candidates=texts)
        if changed.update(texts_candidates=texts):
            record("text_candidates", client, actor, now, data={"texts": texts})


def add_key(
    client: ApiClient,
    scopes: Sequence[Scope],
    actor: Actor,
    now: datetime,
    *,
    expires_at: datetime | None = None,
    allowed_networks: str = "",
) -> tuple[ApiKey, str]:
    """Create an additional key for a platform, which ends at `expires_at` and works only from the
    `allowed_networks`.

    Raises Refused: `state_conflict` if the platform is revoked, `key_end_past`, `network_invalid`.
    """
    limits = _Limits.checked(expires_at, allowed_networks, now)
    with transaction.atomic():
        found = ApiClient.objects.select_for_update().filter(pk=client.pk, revoked_at=None).first()
        if found is None:
            raise Refused("state_conflict", "client")
        key, text = _new_key(found, scopes, limits, now)
        record("add_key", found, actor, now, data={"key": str(key.pk), "scopes": key.scopes})
    return key, text


def limit_key(
    key: ApiKey, expires_at: datetime | None, allowed_networks: str, actor: Actor, now: datetime
) -> None:
    """Change when a key ends and where it may be used. This takes effect with the next request.

    Raises Refused: `state_conflict` if the key is no longer in force, `key_end_past`,
    `network_invalid`.
    """
    limits = _Limits.checked(expires_at, allowed_networks, now)
    with transaction.atomic():
        found = (
            ApiKey.objects.select_for_update(of=("self",))
            .live(now)
            .select_related("client")
            .filter(pk=key.pk)
            .first()
        )
        if found is None:
            raise Refused("state_conflict", "key")
        if _Limits(found.expires_at, found.allowed_networks) == limits:
            return
        found.expires_at, found.allowed_networks = limits.expires_at, limits.allowed_networks
        found.save(update_fields=["expires_at", "allowed_networks"])
        data = {
            "key": str(key.pk),
            "until": limits.expires_at.isoformat() if limits.expires_at else None,
            "networks": limits.allowed_networks.splitlines(),
        }
        record("limit_key", found.client, actor, now, data=data)


def revoke_key(key: ApiKey, actor: Actor, now: datetime) -> None:
    """Revoke this one key. The platform's other keys stay in force."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            record("revoke_key", key.client, actor, now, data={"key": str(key.pk)})


def note_key_use(key: ApiKey, now: datetime) -> None:
    """Record that `key` was used, at most once an hour."""
    if key.last_used_at is None or now - key.last_used_at >= timedelta(hours=1):
        unused = Q(last_used_at=None) | Q(last_used_at__lte=now - timedelta(hours=1))
        ApiKey.objects.live(now).filter(unused, pk=key.pk).update(last_used_at=now)
        key.last_used_at = now


def revoke_api_client(client: ApiClient, actor: Actor, now: datetime) -> None:
    """Revoke the platform: all of its keys end, and it receives no more events."""
    with transaction.atomic():
        if ApiClient.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=now):
            record("revoke_api_client", client, actor, now)
            webhooks.delete_all(client.pk, actor, now)
