"""Fictitious people and their resumes as PDF, with the place of each contact.

Tests and benchmarks use these resumes, so they never need a real person's. Pure: takes a seed,
returns a file and the ground truth, always the same for the same seed.
"""

from resumes.specimens.person import LANGUAGES, Contact, Language, Person, id_number, make_person
from resumes.specimens.resume import LAYOUTS, Item, Layout, Part, Resume, make_resume

__all__ = [
    "LANGUAGES",
    "LAYOUTS",
    "Contact",
    "Item",
    "Language",
    "Layout",
    "Part",
    "Person",
    "Resume",
    "id_number",
    "make_person",
    "make_resume",
]
