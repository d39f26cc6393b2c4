"""Lists that checks consult: snapshots of the company register and of licensed agencies, and the
exclusion list.
"""

from __future__ import annotations

import uuid
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from employers.models import User
from events.db.fields import BlindIndex
from verification.models.cases import Case


class ExclusionKind(models.TextChoices):
    USCC = "uscc", _("Unified social credit code")
    PERSON = "person", _("Legal representative")
    PHONE = "phone", _("Phone")
    DEVICE = "device", _("Device")
    EMAIL = "email", _("Email")
    IMAGE = "image", _("Picture")


INDEXED: Final = (
    ExclusionKind.PERSON,
    ExclusionKind.PHONE,
    ExclusionKind.DEVICE,
    ExclusionKind.EMAIL,
)
"""Kinds that are stored only as a blind index."""


class ExclusionQuerySet(models.QuerySet["Exclusion"]):
    def shown_to(self, user_id: str) -> ExclusionQuerySet:
        """The entries that a member of staff may see: those of cases that they may see, and those
        added by hand.
        """
        cases = Case.objects.shown_to(user_id)
        return self.filter(Q(case=None) | Q(case__in=cases.values("pk")))


class Exclusion(models.Model):
    """An identifier of an excluded party: an entry of the exclusion list (异常名录,
    人社厅发〔2025〕60号).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=ExclusionKind.choices)
    value = BlindIndex(_("value"), max_length=256, among=Q(kind__in=INDEXED))
    """The code itself; for phones, devices, addresses and names the blind index; for pictures the
    fingerprint.
    """
    shown = models.CharField(_("shown as"), max_length=100)
    """Masked, for reviewers."""
    case = models.ForeignKey(
        Case,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="exclusions",
        verbose_name=_("from the case"),
    )
    why = models.TextField(_("why"))
    added_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("added by")
    )
    added_at = models.DateTimeField(_("added"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    objects = ExclusionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("exclusion"), _("exclusions")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value"], condition=Q(lifted_at=None), name="exclusion_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.shown}"

    def merge_into(self, other: Exclusion) -> None:
        """Take this entry off the list from the moment when both were on it: `other` lists the same
        identifier.
        """
        self.lifted_at = max(self.added_at, other.added_at)
        self.save(update_fields=["lifted_at"])


class RegistryRecord(models.Model):
    """One company in a snapshot of the company register (`manage.py import_registry`)."""

    uscc = models.CharField(_("unified social credit code"), max_length=18, primary_key=True)
    name = models.CharField(_("company name"), max_length=200)
    legal_representative = models.CharField(_("legal representative"), max_length=100, blank=True)
    status = models.CharField(_("status"), max_length=30)
    established_on = models.DateField(_("established"), null=True, blank=True)
    email_domain = models.CharField(_("email domain"), max_length=200, blank=True)
    former_names = models.JSONField(_("former names"), default=list, blank=True)
    business_scope = models.TextField(_("business scope"), blank=True)
    abnormal_list = models.BooleanField(_("on the abnormal list"), default=False)
    serious_violation_list = models.BooleanField(_("on the serious violation list"), default=False)
    as_of = models.DateField(_("as of"))

    class Meta:
        verbose_name, verbose_name_plural = _("register entry"), _("register entries")
        indexes = [
            models.Index(
                fields=["legal_representative", "established_on"], name="registry_person_since"
            ),
            models.Index(
                fields=["email_domain"], condition=~Q(email_domain=""), name="registry_domain"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.name}"


class HrLicenceRecord(models.Model):
    """One licensed agency on a province's published list (`manage.py import_hr_licences`)."""

    number = models.CharField(_("licence number"), max_length=60, primary_key=True)
    """Normalised for comparison (`licence.hr_service.number_key`)."""
    name = models.CharField(_("company name"), max_length=200, blank=True)
    uscc = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    """Null if it has no end, or the list does not state it."""
    as_of = models.DateField(_("as of"))

    class Meta:
        verbose_name, verbose_name_plural = _("licensed agency"), _("licensed agencies")
        constraints = [
            models.CheckConstraint(condition=~Q(name="", uscc=""), name="hr_licence_is_somebodys")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name or self.uscc}"


class HrLicenceShown(models.Model):
    """An HR service licence number that a case has shown. It reveals the same number at another
    employer.
    """

    number = models.CharField(max_length=60)
    """Normalised for comparison (`licence.hr_service.number_key`)."""
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="hr_licences_shown")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number", "case"], name="hr_licence_shown_once")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.case_id}"
