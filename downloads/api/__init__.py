"""The HTTP API of downloads: the gate, releases, candidates, relays and traces."""
