"""Reads JSON into a dataclass, with strict types. Unknown fields of later versions are ignored."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


class YesOrNo:
    """An answer that is true only if it allows."""

    allowed: bool

    def __bool__(self) -> bool:
        return self.allowed is True


@cache
def _types_of(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def read(kind: type[T], value: Any) -> T:
    """Return the JSON `value` as a `kind`. Raises KeyError, TypeError or ValueError if it does not
    fit.
    """
    return cast(T, _read(kind, value))


def _read(kind: Any, value: Any) -> Any:
    if is_dataclass(kind):
        return _read_dataclass(cast(type, kind), value)
    origin = get_origin(kind)
    if origin is list:
        (inner,) = get_args(kind)
        return [_read(inner, each) for each in _is(list, value)]
    if origin in (Union, types.UnionType):
        (inner,) = (each for each in get_args(kind) if each is not type(None))
        return None if value is None else _read(inner, value)
    if kind is datetime:
        return datetime.fromisoformat(_is(str, value).replace("Z", "+00:00"))
    return _is(origin or kind, value)


def _read_dataclass(kind: type, value: Any) -> Any:
    told, types_of = _is(dict, value), _types_of(kind)
    return kind(
        **{field.name: _read(types_of[field.name], told[field.name]) for field in fields(kind)}
    )


def _is(kind: Any, value: Any) -> Any:
    """Strict, so that "false" does not count as a yes."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{value!r} is not a {kind.__name__}")
    return value
