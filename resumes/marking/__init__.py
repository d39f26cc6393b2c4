"""How is every copy of a resume made unique, visibly and beyond what an eye sees?

A page and a key go in, a marked page comes out.

Only pixels survive every script that takes marks out of PDF files, so the marks are mixed into the
pixels of the rendered page: a visible one to be read by people (`visible`), pale cells under the
ink (`underprint`), and words set a hair aside (`wordshift`). The two forensic marks carry no number
that could be read or written by somebody else: each page of each release has its own secret
sequence, and a leaked picture is compared with the sequences of that resume's releases
(`resumes.tracing`). Pure: no Django, no clock, no files but the fonts that come with the code.
"""

from resumes.marking.key import MarkKey
from resumes.marking.page import DPI, Picture, Words, marked

__all__ = ["DPI", "MarkKey", "Picture", "Words", "marked"]
