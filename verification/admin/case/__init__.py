"""The page of one case, and its reviewers' buttons."""
