"""What is looked at again after approval: expiry, conditions, the register."""
