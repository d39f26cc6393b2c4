"""The versioned numbers and pure decisions of verification."""
