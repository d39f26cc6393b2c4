"""The OCR engines, in the order in which they are asked.

There is one instance of each per process. It loads its models at the first page.
"""

from __future__ import annotations

import os
from typing import Final

from documents.ocr.base import Reader
from documents.ocr.rapid import RapidReader
from documents.ocr.tesseract import TesseractReader

_RAPID: Final = RapidReader()
READERS: Final[tuple[Reader, ...]] = (_RAPID, TesseractReader())
"""Best first. The second is asked if the first failed or found too little."""


def share_cores(processes: int) -> None:
    """Limit this process's readers to their share of the cores, if `processes` read at once.

    Call it before the first page.
    """
    _RAPID.threads = min(_RAPID.threads, max(1, (os.cpu_count() or 1) // processes))
