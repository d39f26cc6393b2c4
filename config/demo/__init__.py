"""The demo: fictitious employers from registration to a download."""
