"""Marks each copy of a resume, visibly and invisibly, so that no two copies are the same.

Takes a page and a key, and returns the marked page.

Scripts that remove watermarks from PDF files cannot touch the pixels, so the marks are mixed into
the pixels of the rendered page: a visible mark that people can read (`visible`), pale cells under
the ink (`underprint`), and words shifted by a pixel (`wordshift`). The two forensic marks contain
no number that others could read or write. Each page of each release has its own secret sequence,
and a leaked picture is compared with the sequences of the releases of that resume
(`resumes.tracing`). The code is pure: no Django, no clock, and no files except the bundled fonts.
"""

from resumes.marking.key import MarkKey
from resumes.marking.page import DPI, Picture, Words, mark_page

__all__ = ["DPI", "MarkKey", "Picture", "Words", "mark_page"]
