"""The employer's pages of verification."""
