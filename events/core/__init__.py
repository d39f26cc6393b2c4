"""What every room uses and what needs no database: actors, errors, reasons, sealing."""
