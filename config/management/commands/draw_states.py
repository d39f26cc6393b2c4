"""`manage.py draw_states`: draws the states of a case for the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

from config.management import drawing
from events.core.actor import Role
from verification.models import transitions
from verification.rules.states import FINAL, State

FOLDER: Final = Path(settings.BASE_DIR) / "docs/how-it-works"
PAGE: Final = """# The states of a case

`python manage.py draw_states` writes this page and its picture from the transitions of `Case` (`verification/models/cases.py`). The guards and the
tests read the same transitions.

![The states of a case](states.svg)

Solid arrows are steps of the machine or the employer, dashed arrows are a reviewer's, and dotted arrows lead to `withdrawn`.

| from | transition | to | who |
| --- | --- | --- | --- |
{rows}

Owners and recruiters are the employer's people; `system` is the machine. An employer has rights while a case is `approved` and its end has not passed
(`Case.is_in_force`). A reviewer's claim is a lease on the case, not a state.
"""  # noqa: E501
_BOX_WIDTH: Final = 136
_BOX_HEIGHT: Final = 52
CENTRES: Final = {
    State.DRAFT: (305, 50),
    State.WITHDRAWN: (80, 160),
    State.SUBMITTED: (305, 160),
    State.CHECKING: (305, 275),
    State.REJECTED: (525, 275),
    State.CHANGES_REQUESTED: (80, 420),
    State.IN_REVIEW: (525, 420),
    State.EXPIRED: (80, 560),
    State.APPROVED: (305, 560),
    State.SUSPENDED: (305, 690),
    State.REVOKED: (305, 820),
}
"""The position of each state."""
Edge = tuple[State, State]
ROUTES: Final[dict[Edge, tuple[str, float, float]]] = {
    (State.DRAFT, State.SUBMITTED): ("M305 76V134", 305, 111),
    (State.DRAFT, State.WITHDRAWN): ("M237 56C150 66 95 90 82 134", 135, 93),
    (State.DRAFT, State.IN_REVIEW): (
        "M373 45C560 45 624 150 624 290C624 370 620 400 593 415",
        570,
        130,
    ),
    (State.SUBMITTED, State.CHECKING): ("M305 186V249", 305, 223),
    (State.SUBMITTED, State.WITHDRAWN): ("M237 154H148", 192, 146),
    (State.CHECKING, State.APPROVED): ("M305 301V534", 305, 510),
    (State.CHECKING, State.IN_REVIEW): ("M350 301C365 360 400 395 457 406", 388, 386),
    (State.CHECKING, State.REJECTED): ("M373 275H457", 415, 266),
    (State.CHECKING, State.WITHDRAWN): ("M237 268C170 262 118 240 106 186", 165, 247),
    (State.CHANGES_REQUESTED, State.SUBMITTED): ("M110 394C125 310 165 190 237 172", 150, 305),
    (State.CHANGES_REQUESTED, State.WITHDRAWN): ("M40 394V186", 50, 275),
    (State.CHANGES_REQUESTED, State.IN_REVIEW): ("M148 412H457", 222, 384),
    (State.IN_REVIEW, State.APPROVED): ("M500 446C480 520 430 550 373 556", 452, 525),
    (State.IN_REVIEW, State.CHANGES_REQUESTED): ("M457 430H148", 222, 453),
    (State.IN_REVIEW, State.REJECTED): ("M505 394V301", 478, 352),
    (State.REJECTED, State.IN_REVIEW): ("M545 301V394", 580, 342),
    (State.APPROVED, State.EXPIRED): ("M237 560H148", 192, 551),
    (State.APPROVED, State.SUSPENDED): ("M285 586V664", 248, 630),
    (State.SUSPENDED, State.APPROVED): ("M325 664V586", 368, 630),
    (State.SUSPENDED, State.REVOKED): ("M305 716V794", 305, 760),
    (State.SUSPENDED, State.SUSPENDED): ("M237 680C175 665 175 715 237 700", 148, 686),
    (State.REVOKED, State.APPROVED): ("M373 820C500 790 500 600 373 570", 466, 700),
    (State.REVOKED, State.REVOKED): ("M237 810C175 795 175 845 237 830", 148, 816),
}
"""The path of each arrow, and the centre of its text."""


def transition_names() -> dict[Edge, list[str]]:
    """Return the names of the transitions between each pair of states."""
    found: dict[Edge, list[str]] = {}
    for each in transitions.all_transitions():
        source = State(str(each.source))
        found.setdefault((source, transitions.target_state(each.name, source)), []).append(
            each.name
        )
    return found


def states_page() -> str:
    """Return the text of `states.md`."""
    rows = (
        f"| `{each.source}` | `{each.name}` | "
        f"`{transitions.target_state(each.name, State(str(each.source)))}` | "
        f"{', '.join(transitions.permitted_roles(each))} |"
        for each in transitions.all_transitions()
    )
    return PAGE.format(rows="\n".join(rows))


def draw_states() -> str:
    """Return the picture of the states."""
    parts, words = [], []
    for edge, verbs in transition_names().items():
        path, x, y = ROUTES[edge]
        parts.append(drawing.arrow_path(path, _style(edge)))
        words += [
            drawing.text_line(x, y + 20 * row, verb.replace("_", " "), "middle halo")
            for row, verb in enumerate(verbs)
        ]
    for state, (x, y) in CENTRES.items():
        style = "yes" if state == State.APPROVED else "no" if state in _STOPS else "box"
        left, top = x - _BOX_WIDTH / 2, y - _BOX_HEIGHT / 2
        words_of = [state.replace("_", " ")] if len(state) < 14 else state.split("_")
        parts.append(drawing.text_box(left, top, _BOX_WIDTH, _BOX_HEIGHT, words_of, style))
    description = "; ".join(
        f"{source} to {target}: {', '.join(verbs)}"
        for (source, target), verbs in transition_names().items()
    )
    return drawing.whole_picture("The states of a case", description, 862, parts + words)


_STOPS: Final = {State.REJECTED, State.SUSPENDED, State.REVOKED, *FINAL}


def _style(edge: Edge) -> str:
    if edge[1] == State.WITHDRAWN:
        return "back"
    steps = (each for each in transitions.all_transitions() if each.source == edge[0])
    by = {
        role
        for each in steps
        if transitions.target_state(each.name, edge[0]) == edge[1]
        for role in transitions.permitted_roles(each)
    }
    return "person" if Role.REVIEWER in by and Role.SYSTEM not in by else ""


class Command(BaseCommand):
    help = "Write docs/how-it-works/states.md and states.svg from the transitions of a case."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, text in (("states.md", states_page()), ("states.svg", draw_states())):
            (FOLDER / name).write_text(text, encoding="utf-8")
            self.stdout.write(f"wrote docs/how-it-works/{name}")
