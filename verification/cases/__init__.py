"""The operations on a case, who may use them, and what its employer learns."""
