"""The models: users, employers and their members, platforms and their keys."""

from employers.models.employers import (
    AccountClass,
    Employer,
    EmployerQuerySet,
    Invitation,
    InvitationQuerySet,
    LinkPurpose,
    Member,
    MemberQuerySet,
    OnboardingLink,
    Sighting,
    SightingKind,
)
from employers.models.platforms import (
    KEY_OPENS,
    ApiClient,
    ApiKey,
    ApiKeyQuerySet,
    IdempotentAnswer,
    Scope,
)
from employers.models.users import (
    Lockout,
    LockoutKind,
    RecoveryCode,
    SecondFactor,
    User,
    UserManager,
)

__all__ = [
    "KEY_OPENS",
    "AccountClass",
    "ApiClient",
    "ApiKey",
    "ApiKeyQuerySet",
    "Employer",
    "EmployerQuerySet",
    "IdempotentAnswer",
    "Invitation",
    "InvitationQuerySet",
    "LinkPurpose",
    "Lockout",
    "LockoutKind",
    "Member",
    "MemberQuerySet",
    "OnboardingLink",
    "RecoveryCode",
    "Scope",
    "SecondFactor",
    "Sighting",
    "SightingKind",
    "User",
    "UserManager",
]
