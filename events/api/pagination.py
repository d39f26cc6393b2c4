"""Cursor pagination for lists in the API.

A page starts after a row, not at an offset: rows added or removed meanwhile are neither repeated
nor skipped. Each cursor is signed for its list and cannot be forged.
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
    """The query parameters of a page."""

    limit: int = Field(20, ge=1, le=100, description="Maximum number of items to return.")
    after: str | None = Field(None, max_length=400, description="The `next` of the previous page.")


class Page(Schema, Generic[T]):
    """One page of a list."""

    data: list[T] = Field(description="The items on this page.")
    next: str | None = Field(
        description=("Pass this as `after` to get the next page; null on the last page.")
    )


def page_of(
    rows: QuerySet[M], asked: PageQuery, what: str, by: str = "id", *, newest_first: bool = False
) -> tuple[list[M], str | None]:
    """Return the rows of the requested page, and the cursor of the next page.

    Rows are ordered by the field `by`, then by primary key. `what` names the list. Raises Refused
    `cursor_invalid`.
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
