"""The ladder of tiers, the gate that decides before every download, releases, relay numbers,
candidates and leaks.
"""
