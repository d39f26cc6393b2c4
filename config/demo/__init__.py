"""The demo: fictitious employers on their way from registration to a download."""
