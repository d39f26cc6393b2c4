"""The life of a case: its verbs, who may use them, what its employer is told."""
