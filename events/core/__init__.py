"""Actors, errors, reasons and sealing: what all packages use, without a database."""
