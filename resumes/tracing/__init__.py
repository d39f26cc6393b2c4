"""Traces a leaked picture to the release that it is a copy of.

The picture is aligned with the clean page, and the differences are compared with the secret of each
release. Pure: takes pictures and keys, returns ranked releases with the evidence for them. A
release is named only if chance would name a wrong one less than once in a million traces
(`scoring`); otherwise none is.
"""

from resumes.tracing.clean import CleanPage
from resumes.tracing.scoring import MAX_CHANCE, Score
from resumes.tracing.showing import side_by_side
from resumes.tracing.trace import Found, Release, Trace, trace

__all__ = ["MAX_CHANCE", "CleanPage", "Found", "Release", "Score", "Trace", "side_by_side", "trace"]
