"""The database: the differences between engines, and operations for migrations."""
