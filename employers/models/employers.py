"""Models of employers, members, their links with platforms, sightings and onboarding links."""

from __future__ import annotations

import uuid
from typing import Final

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from employers.masking import masked_phone
from employers.models.platforms import ApiClient
from employers.models.users import User
from events.core.actor import Actor, Role
from events.core.sealing import unseal_text
from events.db.fields import BlindIndex, SealedText


class AccountClass(models.TextChoices):
    """The three classes of 人社厅发〔2025〕60号."""

    DIRECT_EMPLOYER = "direct_employer", _("We recruit for ourselves")
    COMMERCIAL_AGENCY = "commercial_agency", _("We are an HR service agency")
    PUBLIC_SERVICE = "public_service", _("We are a public employment service")


class EmployerQuerySet(models.QuerySet["Employer"]):
    def real(self) -> EmployerQuerySet:
        """Exclude employers of golden cases and platforms' tests, which do not recruit."""
        return self.filter(made_for=None, test=False)

    def seen_by(self, client: ApiClient) -> EmployerQuerySet:
        """Return the employers that a platform may know: its own and, unless it is a test platform,
        those of the recruiters who linked their accounts with it (`MemberLink`).
        """
        own = Q(platform=client)
        links = MemberLink.objects.in_force().filter(employer=OuterRef("pk"), client=client)
        linked = Q(platform=None) & Exists(links)
        return self.filter(own if client.test else own | linked, made_for=None, test=client.test)

    def shown_to(self, user_id: uuid.UUID) -> EmployerQuerySet:
        """Return the employers that a member of staff may see: the real ones, and those of golden
        cases made for them, which look real.
        """
        return self.filter(Q(made_for=None) | Q(made_for=user_id), test=False)


class Employer(models.Model):
    """A body that recruits (用人单位), as declared. `verification` checks whether that is true."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("company name"), max_length=200)
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    account_class = models.CharField(
        _("type of employer"),
        max_length=20,
        choices=AccountClass.choices,
        default=AccountClass.DIRECT_EMPLOYER,
    )
    registered_at = models.DateTimeField(_("registered"))
    confirmed_at = models.DateTimeField(_("first approved"), null=True, blank=True)
    """When a case of this employer was first approved.

    From then on, the code belongs to this employer alone.
    """
    made_for = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    """Set if this is not a real employer but part of a golden case for this reviewer. It is hidden
    from everyone else.
    """
    platform = models.ForeignKey(
        "ApiClient",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="employers",
        verbose_name=_("platform"),
        db_index=False,
    )
    """The platform that created it. Other platforms cannot see it.

    None: registered on our own pages.
    """
    reference = models.CharField(
        _("platform's reference"), max_length=64, blank=True, default="", db_default=""
    )
    """The platform's reference for it."""
    test = models.BooleanField(_("test data"), default=False, db_default=False)
    """Created by a platform's test: it does not recruit, reviewers do not see it, and it does not
    count towards real quotas.
    """

    objects = EmployerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("employer"), _("employers")
        constraints = [
            models.UniqueConstraint(
                fields=["uscc"],
                condition=Q(confirmed_at__isnull=False, test=False),
                name="employer_confirmed_code_once",
            ),
            models.UniqueConstraint(
                fields=["platform", "reference"],
                condition=~Q(reference=""),
                name="employer_reference_once",
            ),
        ]
        indexes = [
            models.Index(fields=["uscc"], name="employer_uscc"),
            models.Index(
                fields=["made_for"], condition=Q(made_for__isnull=False), name="employer_made_for"
            ),
            models.Index(
                fields=["platform", "registered_at"],
                condition=Q(platform__isnull=False),
                name="employer_platform",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MemberQuerySet(models.QuerySet["Member"]):
    def active(self) -> MemberQuerySet:
        return self.filter(left_at=None)

    def proven(self) -> MemberQuerySet:
        """Return those who have confirmed their address, or proven their number (`PROVEN`)."""
        return self.filter(Q(user__email_verified_at__isnull=False) | ~Q(user__phone_index=""))

    def contact_of(self, member: Member) -> str:
        """Return the confirmed address under which candidates can reach the company: the member's
        own, or else that of an owner; "" if there is none.
        """
        user = member.user
        if member.left_at is None and user.is_active and user.email_verified_at is not None:
            return user.email
        owners = self.active().filter(
            employer=member.employer_id,
            role=Member.MemberRole.OWNER,
            user__is_active=True,
            user__email_verified_at__isnull=False,
        )
        return owners.order_by("joined_at").values_list("user__email", flat=True).first() or ""

    def seen_by(self, client: ApiClient) -> MemberQuerySet:
        """Return the members that a platform may know: all of the employers that it created, and
        those who linked their accounts with it.
        """
        links = MemberLink.objects.in_force().filter(member=OuterRef("pk"), client=client)
        return self.filter(Q(employer__platform=client) | Exists(links))


class Member(models.Model):
    """A recruiter (招聘者) acting for an employer."""

    class MemberRole(models.TextChoices):
        OWNER = "owner", _("Owner")
        RECRUITER = "recruiter", _("Recruiter")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        User, on_delete=models.PROTECT, related_name="member", verbose_name=_("account")
    )
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="members", verbose_name=_("employer")
    )
    role = models.CharField(_("role"), max_length=10, choices=MemberRole.choices)
    joined_at = models.DateTimeField(_("joined"))
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    held_at = models.DateTimeField(_("in review since"), null=True, blank=True)
    """Since when a reviewer is asked whether they may stay
    (`verification.reviewing.member_reviews`). The gate refuses them meanwhile.
    """
    reference = models.CharField(
        _("platform's reference"), max_length=64, blank=True, default="", db_default=""
    )
    """The platform's reference for them."""

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("recruiter"), _("recruiters")
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "reference"],
                condition=~Q(reference=""),
                name="member_reference_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    def as_actor(self) -> Actor:
        return Actor(
            Role.OWNER if self.role == self.MemberRole.OWNER else Role.RECRUITER, str(self.user_id)
        )


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        """Invitations that were neither accepted nor cancelled. They may have ended otherwise."""
        return self.filter(accepted_at=None, withdrawn_at=None)


INVITED_PURPOSE: Final = "invitation.phone"
"""The purpose for which invited numbers are sealed and indexed."""


class Invitation(models.Model):
    """An owner's invitation of an address or a number to recruit for their employer.

    `employers.accounts.invitations` tells whether it can still be accepted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="invitations", verbose_name=_("employer")
    )
    inviter = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("invited by")
    )
    """The owner who sent it last."""
    email = models.EmailField(_("email"), max_length=254, blank=True)
    """Empty if a number was invited."""
    phone_sealed = SealedText(
        blank=True, db_default="", default="", purpose=lambda _: INVITED_PURPOSE
    )
    phone_index = BlindIndex(blank=True, db_default="", default="")
    """The invited number, sealed and indexed. Empty if an address was invited."""
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("valid until"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("invitation"), _("invitations")
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None) & ~Q(email=""),
                name="invitation_of_address_open_once",
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="invitation_end")]

    def __str__(self) -> str:
        return f"invitation {self.pk}"

    @property
    def phone(self) -> str:
        """The invited number, or ""."""
        return unseal_text(self.phone_sealed, INVITED_PURPOSE) if self.phone_sealed else ""

    @property
    def contact(self) -> str:
        """What the owner knows the person by: the address, or else the masked number."""
        return self.email or masked_phone(self.phone)


class MemberLinkQuerySet(models.QuerySet["MemberLink"]):
    def in_force(self) -> MemberLinkQuerySet:
        return self.filter(ended_at=None)


class MemberLink(models.Model):
    """A recruiter of an employer that registered on our own pages lets a platform act for them.

    Without one, the platform is answered as if neither existed. The members of an employer that a
    platform created are linked with that platform, and with no other, without a row. Made and ended
    by `employers.member_links`; ended with the membership.
    """

    class Origin(models.TextChoices):
        RECRUITER = "recruiter", _("linked by the recruiter")
        ASKED_BEFORE = "asked_before", _("used before links were required")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="links",
        verbose_name=_("recruiter"),
        db_index=False,
    )
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="links", verbose_name=_("employer")
    )
    """The member's employer, so that the gate finds its other platforms by one index."""
    client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    origin = models.CharField(_("how it was linked"), max_length=20, choices=Origin.choices)
    linked_at = models.DateTimeField(_("linked"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    first_asked_at = models.DateTimeField(_("first asked about"), null=True, blank=True)
    """When a round found that the platform had asked the gate for the member."""
    code_hash = models.CharField(max_length=64, blank=True, editable=False)
    """The hash of the code that the recruiter brings back to the platform, until it is redeemed."""
    code_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = MemberLinkQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("linked recruiter"), _("linked recruiters")
        constraints = [
            models.UniqueConstraint(
                fields=["member", "client"], condition=Q(ended_at=None), name="link_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["employer", "client"], condition=Q(ended_at=None), name="link_in_force"
            ),
            models.Index(
                fields=["linked_at"],
                condition=Q(ended_at=None, first_asked_at=None),
                name="link_not_asked",
            ),
            models.Index(fields=["code_hash"], condition=~Q(code_hash=""), name="link_code"),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"


class SightingKind(models.TextChoices):
    DEVICE = "device", _("Device")
    PHONE = "phone", _("Phone")
    NETWORK = "network", _("Network")


class Sighting(models.Model):
    """A user was seen with something that many accounts may share.

    Only the thing's blind index is stored.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="sightings", verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=SightingKind.choices)
    digest = BlindIndex()
    first_at = models.DateTimeField(_("first seen"))
    last_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name, verbose_name_plural = _("sighting"), _("sightings")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "digest"], name="sighting_once")
        ]
        indexes = [models.Index(fields=["kind", "digest"], name="sighting_shared")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"

    def merge_into(self, other: Sighting) -> None:
        """Add this sighting to `other`, which is of the same thing, and delete it."""
        other.first_at = min(self.first_at, other.first_at)
        other.last_at = max(self.last_at, other.last_at)
        other.save(update_fields=["first_at", "last_at"])
        self.delete()


class LinkPurpose(models.TextChoices):
    """The purposes for which a platform sends a recruiter to our pages."""

    VERIFY = "verify"
    RENEW = "renew"
    APPEAL = "appeal"


class OnboardingLink(models.Model):
    """A single-use link from a platform to our pages, for one member, valid for minutes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("recruiter")
    )
    purpose = models.CharField(max_length=10, choices=LinkPurpose.choices)
    return_url = models.CharField(max_length=500)
    language = models.CharField(max_length=10)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.purpose} link of {self.member_id}"
