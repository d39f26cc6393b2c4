"""Passkeys (WebAuthn) of employers' people, which answer for the second factor in place of a code.

They are added to a second factor that is set up already. So whoever loses the device has the app
and the recovery codes left. The challenge is kept in the session and used once.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from employers.models import Passkey, SecondFactor, User
from employers.security import devices, second_factor
from events.core.errors import Refused

CHALLENGE: Final = "passkey_challenge"
"""Session key of the challenge that waits for its answer."""
LONGEST_ANSWER: Final = 20_000
AT_MOST: Final = 10
"""Passkeys of one account."""

Session = MutableMapping[str, Any]


@dataclass(frozen=True)
class Site:
    """The address that browsers bind passkeys to: that of the deployment, without a path."""

    url: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


def _known(user: User) -> list[PublicKeyCredentialDescriptor]:
    ids = user.passkeys.values_list("credential_id", flat=True)
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in ids]


def options_to_add(user: User, site: Site, session: Session) -> dict[str, Any]:
    """Return the browser's options for a new passkey, and keep their challenge."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=second_factor.ISSUER,
        user_id=user.pk.bytes,
        user_name=user.contact,
        exclude_credentials=_known(user),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    session[CHALLENGE] = bytes_to_base64url(options.challenge)
    return options_to_json_dict(options)


def options_to_answer(user: User, site: Site, session: Session) -> dict[str, Any] | None:
    """Return the browser's options for an answer with one of the account's passkeys, and keep their
    challenge. None if it has no passkey.
    """
    if not (known := _known(user)):
        return None
    options = generate_authentication_options(
        rp_id=site.host,
        allow_credentials=known,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    session[CHALLENGE] = bytes_to_base64url(options.challenge)
    return options_to_json_dict(options)


def _expected(typed: str, site: Site, session: Session) -> dict[str, Any]:
    """Return what every answer has to match. The challenge is used up."""
    challenge = session.pop(CHALLENGE, "")
    if not challenge or len(typed) > LONGEST_ANSWER:
        raise Refused("passkey_wrong")
    return {
        "credential": typed,
        "expected_challenge": base64url_to_bytes(challenge),
        "expected_rp_id": site.host,
        "expected_origin": site.url,
    }


def register_passkey(
    user: User, typed: str, site: Site, session: Session, agent: str, now: datetime
) -> Passkey:
    """Add the passkey in the browser's answer. `agent` is the `User-Agent` header.

    Raises Refused: `passkey_wrong`, also for one that an account has already; and
    `second_factor_missing`.
    """
    try:
        checked = verify_registration_response(**_expected(typed, site, session))
    except (WebAuthnException, ValueError) as error:
        raise Refused("passkey_wrong") from error
    browser, system = devices.named_in(agent)
    try:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            if second_factor.second_factor_of(user) is None:
                raise Refused("second_factor_missing")
            if user.passkeys.count() >= AT_MOST:
                raise Refused("passkey_wrong", expected=f"≤ {AT_MOST}")
            passkey = Passkey.objects.create(
                user=user,
                credential_id=bytes_to_base64url(checked.credential_id),
                public_key=bytes_to_base64url(checked.credential_public_key),
                uses=checked.sign_count,
                browser=browser,
                system=system,
                added_at=now,
            )
            second_factor.record_own("add_passkey", user, now)
            second_factor.tell_owner(user, "passkey_added", now)
    except IntegrityError as error:
        raise Refused("passkey_wrong") from error
    return passkey


def answer_with_passkey(
    user: User, typed: str, site: Site, session: Session, now: datetime
) -> SecondFactor:
    """Accept the browser's answer with one of the account's passkeys, in place of a code. Return
    the factor that it answers for.

    Raises Refused `passkey_wrong`.
    """
    expected = _expected(typed, site, session)
    with transaction.atomic():
        for passkey in user.passkeys.select_for_update().order_by("pk"):
            try:
                checked = verify_authentication_response(
                    **expected,
                    credential_public_key=base64url_to_bytes(passkey.public_key),
                    credential_current_sign_count=passkey.uses,
                )
            except (WebAuthnException, ValueError):
                continue
            if bytes_to_base64url(checked.credential_id) != passkey.credential_id:
                continue
            factor = second_factor.second_factor_of(user)
            if factor is None:
                break
            passkey.uses, passkey.used_at = checked.new_sign_count, now
            passkey.save(update_fields=["uses", "used_at"])
            return factor
    raise Refused("passkey_wrong")


def delete_passkey(user: User, passkey_id: UUID, now: datetime) -> None:
    """Remove one of the account's passkeys. Removing it again has no effect."""
    with transaction.atomic():
        if user.passkeys.filter(pk=passkey_id).delete()[0]:
            second_factor.record_own("remove_passkey", user, now)
            second_factor.tell_owner(user, "passkey_removed", now)
