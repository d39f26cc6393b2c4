"""Text messages: the texts, the numbers they go to, and the providers that send them.

`ZIZHI_SMS_PROVIDER` names the provider; if it is empty, no messages are sent. To add one, write an
adapter of `events.sms.base.SmsProvider`, and add a line here and a line in the contract tests.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings

from events.core.sealing import keyed_hash
from events.sms.account import Account
from events.sms.aliyun import AliyunSms
from events.sms.base import NotInService, SmsProvider
from events.sms.simulator import SimulatedSms
from events.sms.tencent import TencentSms


def simulated_sms() -> SimulatedSms:
    """Return the simulated provider. Only this deployment knows the key that signs its
    callbacks.
    """
    path = Path(settings.VAR_DIR) / "simulators" / "sms.sqlite3"
    return SimulatedSms(path, keyed_hash("simulator", "sms.callback"))


def _account() -> Account:
    return Account(
        settings.SMS_KEY_ID,
        settings.SMS_KEY_SECRET,
        settings.SMS_CALLBACK_SECRET,
        settings.SMS_ENDPOINT,
        settings.SMS_APP_ID,
        settings.SMS_REGION,
    )


PROVIDERS: Final[dict[str, Callable[[], SmsProvider]]] = {
    "simulator": simulated_sms,
    "aliyun": lambda: AliyunSms(_account()),
    "tencent": lambda: TencentSms(_account()),
}


def sms_provider(name: str) -> SmsProvider:
    """Return the provider of this name. Raises NotInService if it is not the one in the settings:
    the account there is not its account.
    """
    if name != settings.SMS_PROVIDER:
        raise NotInService(f"{name} is no longer the provider")
    return PROVIDERS[name]()
