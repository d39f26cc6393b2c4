"""The reviewers' work: claims, rulings, bulk decisions, the queue's filters and figures."""
