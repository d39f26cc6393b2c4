"""The HTTP API of downloads: the gate, releases, candidates, relay numbers and traces."""
