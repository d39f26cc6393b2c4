"""Where the README's figures come from: `python -m benchmarks.NAME [--seed N] [--json]`.

Each times the thing beside its floor in the same run and quotes medians: a table for people, one
JSON object with `--json`.

A command names the module without its folder: `python -m benchmarks.gate` runs `service/gate.py`.
Imports name the folder.
"""

from pathlib import Path

FOLDERS = ("documents", "resumes", "service")
__path__ += [str(Path(__file__).parent / folder) for folder in FOLDERS]
