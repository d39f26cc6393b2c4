"""How is a long list handed out? In pages, each of which names where the next one begins.

A page begins after a row, not at a number: what is added or taken away meanwhile neither repeats
nor hides another row. The cursor is signed for its own list, so nobody makes one up.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet
from ninja import Field, Schema

from events.core.errors import Refused

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class PageQuery(Schema):
    """Which part of a list is asked for."""

    limit: int = Field(20, ge=1, le=100, description="How many at most.")
    after: str | None = Field(None, max_length=400, description="The `next` of the page before.")


class Page(Schema, Generic[T]):
    """A part of a list."""

    data: list[T] = Field(description="What is in this page.")
    next: str | None = Field(
        description=(
            "Hand it back as `after` for the page that follows; null where this is the last one."
        )
    )


def page_of(
    rows: QuerySet[M], asked: PageQuery, what: str, by: str = "id", *, newest_first: bool = False
) -> tuple[list[M], str | None]:
    """The rows of the page that is `asked` for, and the cursor of the next one.

    Rows are ordered by the field `by`, and by their keys where that is equal. `what` names the
    list. Raises Refused `cursor_invalid`.
    """
    salt, beyond = f"page.{what}", "lt" if newest_first else "gt"
    if asked.after:
        try:
            value, pk = signing.loads(asked.after, salt=salt)
        except (signing.BadSignature, ValueError) as error:
            raise Refused("cursor_invalid", "after") from error
        field = rows.model._meta.get_field(by)
        at = field.to_python(value)  # type: ignore[union-attr]
        rows = rows.filter(Q(**{f"{by}__{beyond}": at}) | Q(**{by: at, f"pk__{beyond}": pk}))
    sign = "-" if newest_first else ""
    found = list(rows.order_by(f"{sign}{by}", f"{sign}pk")[: asked.limit + 1])
    if len(found) <= asked.limit:
        return found, None
    last: Any = found[asked.limit - 1]
    value = getattr(last, by)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return found[: asked.limit], signing.dumps([text, str(last.pk)], salt=salt, compress=True)
