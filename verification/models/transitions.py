"""The transitions of `Case`, as django-fsm defines them."""

from __future__ import annotations

from functools import cache
from typing import Any

from django_fsm import Transition, has_transition_perm

from events.core.actor import Actor, Role
from verification.models.cases import Case
from verification.rules.states import State


@cache
def all_transitions() -> tuple[Transition, ...]:
    """All transitions, one for each source, in the order of the methods and of `State`."""
    methods, states = list(vars(Case)), list(State)
    return tuple(
        sorted(
            Case.state.field.get_all_transitions(Case),
            key=lambda each: (methods.index(each.name), states.index(each.source)),
        )
    )


def transition_verbs() -> tuple[str, ...]:
    """The names of all transitions."""
    return tuple(dict.fromkeys(each.name for each in all_transitions()))


def transitions_of(verb: str) -> list[Transition]:
    """The transitions of one verb; none if there is no such verb."""
    return [each for each in all_transitions() if each.name == verb]


def source_states(verb: str) -> list[State]:
    """The states that `verb` leads out of."""
    return [State(str(each.source)) for each in transitions_of(verb)]


def target_state(verb: str, source: State) -> State:
    """The state that `verb` leads to from `source`. django-fsm's `None` means the same state."""
    (each,) = (each for each in transitions_of(verb) if each.source == source)
    return source if each.target is None else State(str(each.target))


def permitted_roles(transition: Transition) -> list[Role]:
    """The roles that have permission for a transition."""
    case = Case()
    return sorted(role for role in Role if is_permitted(transition, case, Actor(role)))


def is_permitted(transition: Transition, case: Case, actor: Actor) -> bool:
    """Whether `actor` has permission for a transition, whatever the case's state."""
    return transition.has_perm(case, _as_user(actor))


def is_possible(verb: str, case: Case, actor: Actor) -> bool:
    """Whether `verb` is possible in the case's state and `actor` has permission for it."""
    return has_transition_perm(getattr(case, verb), _as_user(actor))


def _as_user(actor: Actor) -> Any:
    """django-fsm passes its user to the permissions unchanged; ours take an actor."""
    return actor
