"""Which picture shows the states?

Writes docs/how-it-works/states.md from the table in `verification.rules.states`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from verification.rules import states

PAGE = """# The states of a case

Made by `python manage.py draw_states` from the table in `verification/rules/states.py`, which is also what the model,
the guards and the tests are made from. Each arrow names the verb, and who may use it. `owner/recruiter` is the
employer, `system` the machine.

```mermaid
{diagram}
```

Rights are in force while a case is `approved` and its end has not passed; nothing else is asked
(`Case.holds_rights`). A claim by a reviewer is a lease on the case, not a state.
"""  # noqa: E501


class Command(BaseCommand):
    help = "Write docs/how-it-works/states.md from the table of transitions."

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs/how-it-works/states.md"
        path.write_text(PAGE.format(diagram=states.mermaid()), encoding="utf-8")
        self.stdout.write(f"wrote {path.relative_to(settings.BASE_DIR)}")
