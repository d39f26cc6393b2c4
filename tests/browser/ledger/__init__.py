"""Browser tests of the candidate's page."""
