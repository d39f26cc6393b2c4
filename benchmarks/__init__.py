"""The benchmarks behind `docs/figures.md`: `python -m benchmarks.NAME [--seed N] [--json]`.

Each measures the product and its floor in the same run and reports medians, in a table or, with
`--json`, as one JSON object.

A command names the module without its folder: `python -m benchmarks.gate` runs `service/gate.py`.
Imports name the folder.
"""

from pathlib import Path

FOLDERS = ("documents", "resumes", "service")
__path__ += [str(Path(__file__).parent / folder) for folder in FOLDERS]
