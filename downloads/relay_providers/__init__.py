"""Who lends the relay numbers?

`ZIZHI_RELAYS` names it; where it is empty, none are lent. A platform's test always has a simulator
of its own. Another provider is another adapter of `relays.base.Relays`, a line here, and a line in
the contract suite of its tests.
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
from events.core.sealing import blind_index

_TEST: Final = "test-"
"""How the names of platforms' tests' simulators begin: each platform has one of its own, in which
no real employer's number stands.
"""


def simulator(name: str = "simulator") -> SimulatedRelays:
    """The simulated provider of this name, whose callbacks are signed with a key that only this
    deployment knows.
    """
    path = Path(settings.VAR_DIR) / "simulators" / f"relays-{name}.sqlite3"
    return SimulatedRelays(path, blind_index(name, "relays.callback"), name=name)


RELAYS: Final[dict[str, Callable[[], Relays]]] = {
    "simulator": simulator,
    "aliyun": lambda: AliyunRelays(account_of(settings)),
}


def relay_provider(name: str) -> Relays:
    """The provider of this name. Raises KeyError for one that is not there."""
    return simulator(name) if name.startswith(_TEST) else RELAYS[name]()


def of_test(client_id: UUID) -> str:
    """The name of the simulator of this platform's test."""
    return f"{_TEST}{client_id.hex[:15]}"


def chosen(client_id: UUID, *, test: bool) -> str:
    """The name of the provider that lends to this platform's employers now; "" where none does."""
    return of_test(client_id) if test else str(settings.RELAYS)
