"""Finds contact details on the pages of a resume and removes them."""
