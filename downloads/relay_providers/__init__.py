"""The providers of relay numbers.

`ZIZHI_RELAYS` names the provider; if it is empty, no numbers are lent. A platform's test mode
always uses a simulator of its own. To add a provider, write an adapter of
`relay_providers.base.Relays`, and add a line here and a line in the contract tests.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

from downloads.relay_providers.aliyun import AliyunRelays, account_of
from downloads.relay_providers.base import Relays
from downloads.relay_providers.simulator import SimulatedRelays
from events.core.sealing import keyed_hash

_TEST: Final = "test-"
"""The prefix of the simulators of platforms' tests. Each platform has its own, and no real
employer's number is in it.
"""


def simulated_relays(name: str = "simulator") -> SimulatedRelays:
    """Return the simulated provider of this name.

    Only this deployment knows the key that signs its callbacks.
    """
    path = Path(settings.VAR_DIR) / "simulators" / f"relays-{name}.sqlite3"
    return SimulatedRelays(path, keyed_hash(name, "relays.callback"), name=name)


RELAYS: Final[dict[str, Callable[[], Relays]]] = {
    "simulator": simulated_relays,
    "aliyun": lambda: AliyunRelays(account_of(settings)),
}


def relay_provider(name: str) -> Relays:
    """Return the provider of this name. Raises KeyError if there is none."""
    return simulated_relays(name) if name.startswith(_TEST) else RELAYS[name]()


def of_test(client_id: UUID) -> str:
    """Return the name of the simulator of this platform's test."""
    return f"{_TEST}{client_id.hex[:15]}"


def relay_provider_name(client_id: UUID, *, test: bool) -> str:
    """Return the name of the provider that serves this platform's employers, or "" for none."""
    return of_test(client_id) if test else str(settings.RELAYS)
