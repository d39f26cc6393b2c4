"""Which OCR engines are there, and in which order are they asked?

One instance of each serves the process, and is cold until its first page.
"""

from __future__ import annotations

from typing import Final

from verification.readers.base import Reader
from verification.readers.rapid import RapidReader
from verification.readers.tesseract import TesseractReader

READERS: Final[tuple[Reader, ...]] = (RapidReader(), TesseractReader())
"""Best first. The second is asked when the first failed or found too little."""
