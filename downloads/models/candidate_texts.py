"""The models of text messages to candidates, and of the short links in them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from downloads.models.candidates import Candidate


class ShortLink(models.Model):
    """A short link to a candidate's own page. Only a keyed hash of its code is stored."""

    code_hash = models.CharField(max_length=64, primary_key=True)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="short_links", verbose_name=_("candidate")
    )
    link_version = models.PositiveIntegerField()
    """The version of the candidate's links when it was made."""
    made_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"short link of {self.candidate_id}"
