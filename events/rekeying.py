"""Moves what depends on a data key to the current one, while the service runs (`manage.py rekey`).

The columns are those of the classes in `events.db.fields`, in all models. A few rows are locked at
a time; rows that somebody else has locked are left for the next pass. Rows that are done are
skipped, so a run can be interrupted and repeated.

The rows of `KeyCheck` record which keys belong to this database. They are moved last.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Left, Substr

from events.core import sealing
from events.core.sealing import Damaged, KeyMissing, data_keys, key_id
from events.db.fields import BlindIndex, SealedBytes, SealedText, WithBlindIndexes
from events.models import KEY_CHECK, KeyCheck

log = structlog.get_logger(__name__)
AT_ONCE: Final = 500
"""How many rows are locked at a time: a fraction of a second."""
UNKNOWN: Final = "unknown"
"""Stands for keys that are not in the settings."""
_NONE: Final = "none"
_BARE: Final = "bare"


@dataclass(frozen=True)
class Column:
    """A column, or a name in a JSON column, whose values depend on a data key."""

    model: type[models.Model]
    field: models.Field[Any, Any]
    name_in_json: str = ""

    def __str__(self) -> str:
        inner = f".{self.name_in_json}" if self.name_in_json else ""
        return f"{self.model._meta.label}.{self.field.name}{inner}"

    def by_key(self) -> Counter[str]:
        """Return the number of rows by the id of their key."""
        heads = self._rows().order_by().values_list("head").annotate(rows=Count("pk"))
        found: Counter[str] = Counter()
        for head, rows in heads:
            if (named := self._key_of(head)) != _NONE:
                found[named] += rows
        return found

    def stale(self) -> Any:
        """Return the rows that need another key than the current one."""
        current = self._head_of(data_keys()[0])
        done = [current] if isinstance(self.field, SealedBytes) else [current, _NONE]
        return self._rows().exclude(head__in=done)

    def has_seals(self, *of: bytes) -> bool:
        """Return whether a row has a seal, made with one of the keys `of` if there are any."""
        if not isinstance(self.field, (SealedText, SealedBytes)):
            return False
        rows = self._rows().exclude(head=None).exclude(head__in=self._nothing())
        if of:
            rows = rows.filter(head__in=[self._head_of(key) for key in of])
        return bool(rows.exists())

    def indexes(self, *, bare: bool = False) -> Any:
        """Return the rows with an index, or those with a bare one."""
        if isinstance(self.field, (SealedText, SealedBytes)):
            return self.model._base_manager.none()
        return self._rows().filter(head=_BARE) if bare else self._rows().exclude(head=_NONE)

    def moved(self, row: Any) -> Any:
        """Return the row's value under the current key. Raises Damaged or KeyMissing."""
        value = getattr(row, self.field.attname)
        if isinstance(self.field, SealedText):
            assert self.field.purpose is not None
            return sealing.reseal_text(value, self.field.purpose(row))
        if isinstance(self.field, SealedBytes):
            assert self.field.purpose is not None
            purpose = self.field.purpose(row)
            plain = sealing.unseal(bytes(value), data_keys(), purpose)
            return sealing.seal(plain, data_keys()[0], purpose)
        if self.name_in_json:
            index = sealing.current_form(value[self.name_in_json])
            return value | {self.name_in_json: index}
        return sealing.current_form(value)

    def _rows(self) -> Any:
        """Return the rows with `head`, which shows the key: `_NONE`, `_BARE` or the first
        characters.
        """
        name = self.field.name
        rows: Any = self.model._base_manager.all()
        if isinstance(self.field, SealedBytes):
            return rows.annotate(
                head=Substr(name, 1, sealing.SEAL_HEAD_BYTES, output_field=models.BinaryField())
            )
        if isinstance(self.field, SealedText):
            head = Case(
                When(**{name: ""}, then=Value(_NONE)), default=Left(name, sealing.HEAD_CHARACTERS)
            )
            return rows.annotate(head=head)
        if isinstance(self.field, BlindIndex) and self.field.among is not None:
            rows = rows.filter(self.field.among)
        text: Any = F(name)
        if self.name_in_json:
            inner = KeyTextTransform(self.name_in_json, name)
            text = Coalesce(inner, Value(""), output_field=models.TextField())
        rows = rows.annotate(index_text=text)
        head = Case(
            When(index_text="", then=Value(_NONE)),
            When(index_text__startswith="k", then=Left("index_text", sealing.HEAD_CHARACTERS)),
            default=Value(_BARE),
        )
        return rows.annotate(head=head)

    def _nothing(self) -> list[Any]:
        return [b""] if isinstance(self.field, SealedBytes) else [_NONE]

    def _head_of(self, key: bytes) -> Any:
        if isinstance(self.field, SealedBytes):
            return sealing.seal_head(key)
        if isinstance(self.field, SealedText):
            return sealing.text_head(key)
        return sealing.index_head(key) or _BARE

    def _key_of(self, head: Any) -> str:
        if head in (_NONE, _BARE):
            return key_id(sealing.index_key()).hex() if head == _BARE else _NONE
        head = head if isinstance(head, str) else bytes(head)
        named = (key_id(key).hex() for key in data_keys() if self._head_of(key) == head)
        return next(named, UNKNOWN)


def sealed_columns() -> list[Column]:
    """Return every column that depends on a data key, except those of `KeyCheck`."""
    return [
        column
        for model in apps.get_models(include_auto_created=True)
        if model is not KeyCheck
        for field in model._meta.concrete_fields
        for column in _columns_of(model, field)
    ]


def _columns_of(model: type[models.Model], field: models.Field[Any, Any]) -> Iterator[Column]:
    if isinstance(field, WithBlindIndexes):
        for name in field.indexes:
            yield Column(model, field, name)
    elif isinstance(field, (SealedText, SealedBytes, BlindIndex)):
        yield Column(model, field)


# --- Moving ---------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """How many rows a run has moved, and how many it cannot read."""

    moved: int = 0
    unreadable: int = 0


def rekey_column(column: Column, each_time: Callable[[], None] = lambda: None) -> Outcome:
    """Move the rows of a column, in as many passes as it takes. Calls `each_time` after each few
    rows.
    """
    done = Outcome()
    while True:
        in_pass = _pass(column, each_time)
        done.moved += in_pass.moved
        done.unreadable = in_pass.unreadable
        if not in_pass.moved:
            return done


def _pass(column: Column, each_time: Callable[[], None]) -> Outcome:
    done, last = Outcome(), None
    while True:
        with transaction.atomic():
            stale = column.stale().order_by("pk")
            if last is not None:
                stale = stale.filter(pk__gt=last)
            locked = stale.only(column.field.name).select_for_update(skip_locked=True, of=("self",))
            rows = list(locked[:AT_ONCE])
            if not rows:
                return done
            last = rows[-1].pk
            _move(column, rows, done)
        each_time()


def _move(column: Column, rows: list[Any], done: Outcome) -> None:
    readable = []
    for row in rows:
        try:
            setattr(row, column.field.attname, column.moved(row))
        except (Damaged, KeyMissing) as error:
            log.error("rekey_unreadable", column=str(column), row=str(row.pk), why=str(error))
            done.unreadable += 1
        else:
            readable.append(row)
    try:
        with transaction.atomic():
            _write(column, readable)
    except IntegrityError:  # an equal row is there already
        for row in readable:
            _move_one(column, row)
    done.moved += len(readable)


def _write(column: Column, rows: list[Any]) -> None:
    """Write the column of these rows. `bulk_update` would take ten times as long."""
    field, key = column.field, column.model._meta.pk
    names = (column.model._meta.db_table, field.column, key.column)
    table, value, row_key = (connection.ops.quote_name(str(name)) for name in names)
    # The text contains only our own names; values are parameters.
    statement = f"UPDATE {table} SET {value} = %s WHERE {row_key} = %s"  # noqa: S608
    values = [
        (
            field.get_db_prep_save(getattr(row, field.attname), connection),
            key.get_db_prep_value(row.pk, connection),
        )
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def _move_one(column: Column, row: Any) -> None:
    value = {column.field.attname: getattr(row, column.field.attname)}
    try:
        with transaction.atomic():
            column.model._base_manager.filter(pk=row.pk).update(**value)
    except IntegrityError:
        row.merge_into(_twin_of(column, row))


def _twin_of(column: Column, row: Any) -> Any:
    """Return the row that has the current form of this row's index already."""
    for constraint in column.model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and (
            column.field.name in constraint.fields
        ):
            same = {name: getattr(row, name) for name in constraint.fields}
            among = column.model._base_manager.filter(constraint.condition or Q(), **same)
            return among.exclude(pk=row.pk).select_for_update().get()
    raise LookupError(f"{column} has no unique constraint")


# --- Which keys belong to this database -----------------------------------------------------------


DATA_KEY_MISSING: Final = (
    "This database needs a key that ZIZHI_DATA_KEY and ZIZHI_DATA_KEYS_RETIRED do not contain. Put"
    " it back, and run manage.py rekey before you remove it"
)
OTHER_INDEX_KEY: Final = (
    "The blind indexes in this database were made with another ZIZHI_INDEX_KEY, so excluded"
    " people would not be recognised. Set it to the earlier key. If it was not set before,"
    " that is the first ZIZHI_DATA_KEY of this database."
)
INDEX_KEY_TOO_NEW: Final = (
    "The blind indexes in this database are older than ZIZHI_INDEX_KEY, so excluded people would"
    " not be recognised with it. Set ZIZHI_INDEX_KEY to the first ZIZHI_DATA_KEY of this database,"
    " and keep that key in ZIZHI_DATA_KEY or ZIZHI_DATA_KEYS_RETIRED until manage.py rekey is done"
    " (docs/operating/keys.md)."
)
FORMER_MISSING: Final = (
    "Blind indexes in this database were made with an earlier ZIZHI_DATA_KEY, so some excluded"
    " people would not be recognised without it. Add it to ZIZHI_INDEX_KEYS_FORMER"
    " (docs/operating/keys.md)."
)
NOT_COMPARED: Final = (
    "The keys could not be compared with the database ({}). Start again when it answers. If it is"
    " new, run manage.py migrate first."
)
PATIENCE_SECONDS: Final = 30
"""How long the start of a process waits for the database. gunicorn would wait for 60 seconds."""


def key_problem() -> str:
    """Return why the settings' keys do not belong to this database, or "". The first process that
    asks a new database records its keys. Raises DatabaseError.
    """
    if not KeyCheck.objects.filter(pk=1).exists():
        if problem := _problem_of_earlier_rows():
            return problem
        _record_keys()
    first, *former = KeyCheck.objects.order_by("pk")
    try:
        for row in (first, *former):
            sealing.unseal_text(row.sealed, KEY_CHECK)
        is_same = sealing.current_form(first.index) == sealing.blind_index(KEY_CHECK, KEY_CHECK)
        has_former = all(
            sealing.current_form(row.index) in sealing.blind_indexes(KEY_CHECK, KEY_CHECK)
            for row in former
        )
    except (Damaged, KeyMissing) as error:
        return f"{DATA_KEY_MISSING} ({error})."
    if not is_same:
        return OTHER_INDEX_KEY
    return "" if has_former else FORMER_MISSING


def _problem_of_earlier_rows() -> str:
    """Return why the keys do not fit the rows of a database whose keys were never recorded."""
    found = sealed_columns()
    if any(each.has_seals() for each in found) and not any(
        each.has_seals(*data_keys()) for each in found
    ):
        return f"{DATA_KEY_MISSING}."
    # With an index key that is no data key, indexes are never bare.
    too_new = sealing.index_key() not in data_keys()
    if too_new and any(each.indexes(bare=True).exists() for each in found):
        return INDEX_KEY_TOO_NEW
    return ""


def _record_keys() -> None:
    """Record the keys. In a database that has indexes already, each data key may have made some,
    unless there was an index key then.
    """
    made = [sealing.index_key()]
    if any(column.indexes().exists() for column in sealed_columns()):
        made = sealing.index_keys()
    rows = [
        KeyCheck(
            pk=number,
            sealed=sealing.seal_text(KEY_CHECK, KEY_CHECK),
            index=sealing.index_made_with(key, KEY_CHECK, KEY_CHECK),
        )
        for number, key in enumerate(made, 1)
    ]
    KeyCheck.objects.bulk_create(rows, ignore_conflicts=True)  # another process does the same


def unnamed_former() -> list[str]:
    """Return the ids of data keys that indexes were made with and that are not in
    INDEX_KEYS_FORMER. Their indexes move to another data key, but are found only with them.
    """
    told = {sealing.index_key(), *sealing.former_index_keys()}
    recorded = {sealing.current_form(row.index) for row in KeyCheck.objects.all()}
    return [
        key_id(key).hex()
        for key in data_keys()
        if key not in told and sealing.index_made_with(key, KEY_CHECK, KEY_CHECK) in recorded
    ]


def require_keys(patience: float = PATIENCE_SECONDS) -> None:
    """Raise ImproperlyConfigured if the settings' keys do not belong to this database, or if that
    cannot be found out: a process that nothing has compared must neither decide nor record.

    For the start of a process. Closes the connection, because the process may fork.
    """
    until = time.monotonic() + patience
    try:
        while True:
            try:
                problem = key_problem()
            except DatabaseError as error:
                problem = NOT_COMPARED.format(type(error).__name__)
                if not _answers() and time.monotonic() < until:
                    time.sleep(1)
                    continue
            break
    finally:
        connection.close()
    if problem:
        raise ImproperlyConfigured(problem)


def _answers() -> bool:
    connection.close()
    try:
        connection.ensure_connection()
    except DatabaseError:
        return False
    return True


@register(Tags.database)
def check_keys(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check the keys for `manage.py migrate` and `manage.py check --database default`.

    Other commands name no database, and may run without one.
    """
    try:
        with transaction.atomic():
            problem = key_problem() if databases else ""
    except DatabaseError:  # not migrated yet, or not there, which the command itself reports
        return []
    return [Error(problem, id="zizhi.E001")] if problem else []


def move_key_check() -> None:
    """Record that only the current keys are needed. Call it when nothing is left under others."""
    for row in KeyCheck.objects.all():
        row.sealed = sealing.seal_text(KEY_CHECK, KEY_CHECK)
        row.index = sealing.current_form(row.index)
        row.save()
