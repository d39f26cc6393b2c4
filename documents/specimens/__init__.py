"""Specimens: fictitious companies, their licences and other documents, and photographs of them.

Demo, tests and benchmarks take their pictures from here, so that no real company's documents are
ever needed. A seed goes in; a picture and its true fields come out.
"""

from documents.specimens.company import Company, Kind
from documents.specimens.decoys import DECOYS, make_decoy
from documents.specimens.forgery import FORGERIES
from documents.specimens.photograph import DAMAGES
from documents.specimens.sheet import EDITIONS
from documents.specimens.specimen import OVERRIDES, Specimen, make_specimen

__all__ = [
    "DAMAGES",
    "DECOYS",
    "EDITIONS",
    "FORGERIES",
    "OVERRIDES",
    "Company",
    "Kind",
    "Specimen",
    "make_decoy",
    "make_specimen",
]
