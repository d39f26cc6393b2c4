"""The rules of verification: versioned numbers, tables and pure decisions."""
