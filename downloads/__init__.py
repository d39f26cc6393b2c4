"""What may they? The ladder of rights, and the gate that answers before every download."""
