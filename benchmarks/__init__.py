"""How fast is it?

`python -m benchmarks.NAME [--seed N] [--json]`: where the README's figures come from.

Each times the thing beside its floor in the same run and quotes medians: a table for people, one
JSON object with `--json`.
"""
