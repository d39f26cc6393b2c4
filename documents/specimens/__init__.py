"""What does a licence look like that belongs to nobody?

Fictitious companies, their licences, and photographs of them.

Demo, tests and benchmarks take their pictures from here, so that no real company's paper is ever
needed. Pure: a seed goes in, a picture and its truth come out.
"""

from documents.specimens.company import Company, Kind
from documents.specimens.decoys import DECOYS, decoy
from documents.specimens.forgery import FORGERIES
from documents.specimens.photograph import DAMAGES
from documents.specimens.sheet import EDITIONS
from documents.specimens.specimen import OVERRIDES, Specimen, make

__all__ = [
    "DAMAGES",
    "DECOYS",
    "EDITIONS",
    "FORGERIES",
    "OVERRIDES",
    "Company",
    "Kind",
    "Specimen",
    "decoy",
    "make",
]
