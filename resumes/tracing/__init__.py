"""Whose copy is this leaked picture?

It is laid over the clean page, and what differs is compared with each release's secret.

Pure: pictures and keys go in, ranked releases with what speaks for them come out. A release is
named only where chance would name a wrong one less than once in a million traces (`scoring`);
otherwise nobody is.
"""

from resumes.tracing.clean import CleanPage
from resumes.tracing.scoring import MAX_CHANCE, Score
from resumes.tracing.showing import side_by_side
from resumes.tracing.trace import Found, Release, Trace, trace

__all__ = ["MAX_CHANCE", "CleanPage", "Found", "Release", "Score", "Trace", "side_by_side", "trace"]
