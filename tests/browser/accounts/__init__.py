"""Browser tests of accounts."""
