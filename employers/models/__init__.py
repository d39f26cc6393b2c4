"""The models: users, employers and their members, platforms and their keys."""

from employers.models.employers import (
    AccountClass,
    Employer,
    EmployerQuerySet,
    LinkPurpose,
    Member,
    MemberQuerySet,
    OnboardingLink,
    Sighting,
    SightingKind,
)
from employers.models.platforms import (
    IDEMPOTENCY_PURPOSE,
    KEY_OPENS,
    ApiClient,
    ApiKey,
    ApiKeyQuerySet,
    IdempotentAnswer,
    Scope,
)
from employers.models.staff import SuperuserProposal, SuperuserProposalQuerySet
from employers.models.users import (
    PHONE_PURPOSE,
    AttemptCount,
    Lockout,
    LockoutKind,
    RecoveryCode,
    SecondFactor,
    User,
    UserManager,
    factor_purpose,
)

__all__ = [
    "IDEMPOTENCY_PURPOSE",
    "KEY_OPENS",
    "PHONE_PURPOSE",
    "AccountClass",
    "ApiClient",
    "ApiKey",
    "ApiKeyQuerySet",
    "AttemptCount",
    "Employer",
    "EmployerQuerySet",
    "IdempotentAnswer",
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
    "SuperuserProposal",
    "SuperuserProposalQuerySet",
    "User",
    "UserManager",
    "factor_purpose",
]
