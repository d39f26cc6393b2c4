"""What does a resume look like that belongs to nobody?

Fictitious people, their resumes as PDF, and where each contact stands.

Tests and benchmarks take their resumes from here, so that no real person's is ever needed. Pure: a
seed goes in, a file and the truth about it come out, the same for the same seed.
"""

from resumes.specimens.person import LANGUAGES, Contact, Language, Person, id_number, person
from resumes.specimens.resume import LAYOUTS, Item, Layout, Part, Resume, make

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
    "make",
    "person",
]
