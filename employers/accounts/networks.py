"""The networks that an API key may be used from."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final

from events.core.errors import Refused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MOST: Final = 50
"""The maximum number of networks of one key."""


def parse_networks(text: str) -> str:
    """Return the networks in `text`, one per line, as they are stored.

    A single address is a network of one. Raises Refused `network_invalid` with the invalid line.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST:
        raise Refused("network_invalid", "allowed_networks", expected=f"≤ {MOST}")
    networks = []
    for line in lines:
        try:
            networks.append(str(ipaddress.ip_network(line)))
        except ValueError as error:
            raise Refused("network_invalid", "allowed_networks", seen=line[:50]) from error
    return "\n".join(dict.fromkeys(networks))


def is_allowed_network(networks: str, address: str) -> bool:
    """Return whether `address` is in one of the stored `networks`, or there are none.

    Without an address, such as over a Unix socket, only keys without networks are allowed.
    """
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in _parsed(networks))


@lru_cache(maxsize=1024)
def _parsed(networks: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(line) for line in networks.splitlines())
