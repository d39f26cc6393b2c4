"""The command `draw_states`, which draws the transitions of `Case` for the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from verification.models import transitions

PAGE = """# The states of a case

Made by `python manage.py draw_states` from the transitions of `Case` (`verification/models/cases.py`), which the guards
and the tests read too. Each arrow names the verb, and the roles that may use it. `owner/recruiter` is the employer,
`system` the machine.

```mermaid
{diagram}
```

Rights are in force while a case is `approved` and its end has not passed; nothing else is asked
(`Case.is_in_force`). A claim by a reviewer is a lease on the case, not a state.
"""  # noqa: E501


class Command(BaseCommand):
    help = "Write docs/how-it-works/states.md from the transitions of a case."

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs/how-it-works/states.md"
        path.write_text(PAGE.format(diagram=transitions.mermaid()), encoding="utf-8")
        self.stdout.write(f"wrote {path.relative_to(settings.BASE_DIR)}")
