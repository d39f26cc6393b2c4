"""Are they who they say? Cases, documents, checks, the policy and the reviewers' console."""
