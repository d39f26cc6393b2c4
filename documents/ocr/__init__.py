"""Which OCR engines are there, and in which order are they asked?

One instance of each serves the process, and is cold until its first page.
"""

from __future__ import annotations

import os
from typing import Final

from documents.ocr.base import Reader
from documents.ocr.rapid import RapidReader
from documents.ocr.tesseract import TesseractReader

_RAPID: Final = RapidReader()
READERS: Final[tuple[Reader, ...]] = (_RAPID, TesseractReader())
"""Best first. The second is asked when the first failed or found too little."""


def share_cores(processes: int) -> None:
    """Let this process's readers take their part of the cores, where `processes` read at once.

    To be said before the first page.
    """
    _RAPID.threads = min(_RAPID.threads, max(1, (os.cpu_count() or 1) // processes))
