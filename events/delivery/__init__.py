"""Outgoing messages: mail, platforms' feeds, webhooks, and an HTTP client that checks addresses
first.
"""
