"""What all pages of the console share: its navigation, its start page and its search."""
