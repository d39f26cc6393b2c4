"""How well reviewers decide: golden cases, who gets which, and the figures."""
