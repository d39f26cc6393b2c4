"""The page of one case, and the buttons of its reviewers."""
