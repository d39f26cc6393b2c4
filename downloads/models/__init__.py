"""The models of downloads: gate decisions and tiers, relay numbers, copies, leaks, and candidates'
settings.
"""

from downloads.models.candidate_texts import CandidateText, ShortLink, TextOutcome
from downloads.models.candidates import (
    BlockedEmployer,
    Candidate,
    CandidateDefault,
    Consent,
    ConsentRequest,
    EraseOrder,
    MisuseReport,
    Mode,
    Release,
)
from downloads.models.copies import CleanResume, Copy, CopyLink, CopyState
from downloads.models.gate import (
    Contact,
    GateDecision,
    GateDecisionQuerySet,
    LadderVersion,
    Move,
    MoveAppeal,
    MoveAppealQuerySet,
    Outcome,
    PassUse,
    ReleaseStop,
    Standing,
    StandingQuerySet,
)
from downloads.models.relays import RelayBinding, RelayCall, RelayPoll, RelayTeam
from downloads.models.traces import Canary, CanaryRing, Trace

__all__ = [
    "BlockedEmployer",
    "Canary",
    "CanaryRing",
    "Candidate",
    "CandidateDefault",
    "CandidateText",
    "CleanResume",
    "Consent",
    "ConsentRequest",
    "Contact",
    "Copy",
    "CopyLink",
    "CopyState",
    "EraseOrder",
    "GateDecision",
    "GateDecisionQuerySet",
    "LadderVersion",
    "MisuseReport",
    "Mode",
    "Move",
    "MoveAppeal",
    "MoveAppealQuerySet",
    "Outcome",
    "PassUse",
    "RelayBinding",
    "RelayCall",
    "RelayPoll",
    "RelayTeam",
    "Release",
    "ReleaseStop",
    "ShortLink",
    "Standing",
    "StandingQuerySet",
    "TextOutcome",
    "Trace",
]
