"""What does a licence look like that belongs to nobody? Fictitious companies, their licences, and photographs of them.

Demo, tests and benchmarks take their pictures from here, so that no real company's paper is ever needed.
Pure: a seed goes in, a picture and its truth come out.
"""

from verification.specimens.company import Company, Kind
from verification.specimens.decoys import DECOYS, decoy
from verification.specimens.forgery import FORGERIES
from verification.specimens.photograph import DAMAGES
from verification.specimens.sheet import FORMS
from verification.specimens.specimen import OVERRIDES, Specimen, make

__all__ = ["DAMAGES", "DECOYS", "FORGERIES", "FORMS", "OVERRIDES", "Company", "Kind", "Specimen", "decoy", "make"]
