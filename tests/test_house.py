"""Tests of the house rules that a machine can check."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest
from django.conf import settings
from django.test import TransactionTestCase
from django.urls import URLResolver, get_resolver

from config.celery import app
from tests.databases import flush, groups

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("config", "downloads", "verification", "employers", "resumes", "documents", "events")

MEASURED = (*ROOMS, "benchmarks", "clients/python/zizhi_client")
TABLES = {
    "config/settings.py",  # one entry per setting
    "events/core/reasons.py",  # queried and not read
    "clients/python/zizhi_client/answers.py",  # generated
}


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from (path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)


def lengths(*roots: str) -> dict[str, int]:
    """Return the number of lines of each module below `roots`, without migrations."""
    return {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for root in roots
        for path in (ROOT / root).rglob("*.py")
        if "migrations" not in path.parts
    }


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_every_module_says_what_it_contains() -> None:
    for path in modules():
        source = path.read_text(encoding="utf-8")
        assert not source.strip() or ast.get_docstring(ast.parse(source)), path


def test_no_state_is_written_past_the_machine() -> None:
    """Constructors and `.update()` bypass a protected field, so they must not set it."""
    for path in modules():
        for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
            name = (
                call.func.attr
                if isinstance(call.func, ast.Attribute)
                else getattr(call.func, "id", "")
            )
            if name in {"update", "bulk_update", "Case"} or (
                name == "create" and "Case.objects" in ast.unparse(call.func)
            ):
                assert "state" not in {keyword.arg for keyword in call.keywords}, (
                    f"{path}:{call.lineno}"
                )


def test_nothing_is_sent_before_the_commit() -> None:
    """Only the doorbell sends tasks, and the sweepers, which have nothing to commit."""
    for path in modules():
        if path.name not in {"tasks.py", "doorbell.py", "queue.py"}:
            source = path.read_text(encoding="utf-8")
            assert not re.search(r"\b\w+\.delay\(|\bsend_task\(", source), path


def test_every_task_that_is_named_exists_and_takes_that_key() -> None:
    app.loader.import_default_modules()
    named = 0
    for path in modules():
        for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
            if getattr(call.func, "id", "") == "notify_worker":
                task, *key = call.args
                assert isinstance(task, ast.Constant), (
                    f"{path}:{call.lineno}: the name is a literal"
                )
                inspect.signature(app.tasks[task.value].run).bind(*key)
                named += 1
    assert named >= 13


def test_no_import_circle() -> None:
    """Of any length, including imports in functions and for type checking."""
    graph = grimp.build_graph(*ROOMS, cache_dir=None)
    edges = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    tuple(TopologicalSorter(edges).static_order())


def test_no_countdowns() -> None:
    """Some brokers lose or repeat tasks with an ETA. Use `due_at` and the sweeper instead."""
    for path in modules():
        assert not re.search(
            r"\bapply_async\(|countdown=|\beta=", path.read_text(encoding="utf-8")
        ), path


def test_one_module_asks_which_database_engine_is_in_use() -> None:
    asking = [path for path in modules() if ".vendor" in path.read_text(encoding="utf-8")]
    assert asking == [ROOT / "events" / "db" / "dialect.py"]


def is_door(path: Path) -> bool:
    """Return whether `path` is an entry point: for people, platforms, workers or the clock."""
    layers = set(path.relative_to(ROOT).parts[:-1])
    return (
        path.relative_to(ROOT).parts[0] == "config"
        or bool(layers & {"api", "pages", "admin", "commands"})
        or path.name in {"forms.py", "api.py", "tasks.py", "console_site.py", "clock.py"}
        or path.name.startswith("api_")
        or path.name.endswith("views.py")
    )


def test_no_domain_work_in_save_or_signals() -> None:
    for path in modules():
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"(post|pre)_(save|delete)\b", source), path
        of_form = path.name == "forms.py" or "admin" in path.parts
        assert not re.search(r"def save\(self", source) or of_form, path


def test_the_heart_does_not_ask_the_clock() -> None:
    """`now` is an argument, which entry points pass."""
    for path in modules():
        assert is_door(path) or "timezone.now()" not in path.read_text(encoding="utf-8"), path


def test_no_drawers() -> None:
    """No module or package has a name that says nothing about its contents."""
    for path in modules():
        assert path.stem not in {
            "utils",
            "helpers",
            "common",
            "manager",
            "misc",
            "services",
            "selectors",
        }, path


def test_no_module_outgrows_one_sitting() -> None:
    lines = {name: count for name, count in lengths(*MEASURED).items() if name not in TABLES}
    assert {name: count for name, count in lines.items() if count > 500} == {}
    assert {name: count for name, count in lengths("tests").items() if count > 600} == {}


LONGEST_FUNCTION = 70
"""Lines. More do not fit on one screen."""
LONGER = {"benchmarks/service/console.py::measured": 81}
"""Functions from before this limit, which do not grow."""


def functions(*roots: str) -> Iterator[tuple[str, int]]:
    """Yield the name of each function below `roots` and its number of lines, without migrations."""
    for name in lengths(*roots):
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                yield f"{name}::{node.name}", node.end_lineno - node.lineno + 1


def test_no_function_outgrows_one_screen() -> None:
    found = [
        (name, lines)
        for name, lines in functions(*MEASURED)
        if lines > LONGER.get(name, LONGEST_FUNCTION)
    ]
    assert found == []


def test_no_folder_outgrows_one_look() -> None:
    folders = Counter(
        path.parent
        for root in (*MEASURED, "tests")
        for path in (ROOT / root).rglob("*.py")
        if path.name != "__init__.py" and path.parent.name not in {"migrations", "commands"}
    )
    found = {str(path.relative_to(ROOT)): count for path, count in folders.items() if count > 15}
    assert found == {}


def test_no_line_is_longer_than_the_formatter_makes_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "E501", "--no-cache", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.django_db
def test_each_round_is_a_task_and_is_let_go_before_the_next() -> None:
    app.loader.import_default_modules()
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["task"] in app.tasks, name
        assert entry["options"]["expires"] == entry["schedule"], name


@pytest.mark.django_db(transaction=True)
def test_the_groups_of_staff_outlive_a_test_that_empties_the_tables() -> None:
    """Otherwise the results would depend on the order of tests, and so on the number of
    processes.
    """
    before = groups()
    assert before["Auditors"] and before["Leads"] > before["Seniors"]
    flush(TransactionTestCase())
    assert groups() == before


WHOLE_WORDS = {
    "documents.similarity.perceptual_hash.fingerprint": "what the field calls such a hash",
    "documents.upload.antivirus.scan": "what the field calls it",
    "events.core.sealing.seal": "the pair of verbs of sealed storage",
    "events.core.sealing.unseal": "the pair of verbs of sealed storage",
    "events.db.locking.quickly": "reads as an adverb at the head of a migration",
    "events.models.events.record": "the one way to write an event, used everywhere",
    "resumes.redaction.redact.redact": "what the package is for",
    "resumes.tracing.trace.trace": "what the package is for",
    "verification.quality.kappa.kappa": "the statistic's own name",
}
"""Public functions of one word that says it all, and why."""
ROUTES = {"get", "post", "put", "patch", "delete", "filter", "simple_tag", "shared_task"}
"""Decorators that publish a function under its name: routes, template tags and filters, tasks."""


def views(resolver: URLResolver) -> Iterator[str]:
    """Yield the full name of each view that an address leads to."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from views(entry)
        else:
            view = inspect.unwrap(entry.callback)
            yield f"{view.__module__}.{getattr(view, '__name__', '')}"


def is_published(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    decorators = (
        each.func if isinstance(each, ast.Call) else each for each in function.decorator_list
    )
    return any(ast.unparse(each).rpartition(".")[2] in ROUTES for each in decorators)


def test_the_name_of_a_public_function_carries_its_noun() -> None:
    """A search for `sweep` finds a hundred places, one for `delete_old_codes` the right one.
    A page's address, an API's operation and a task have the name of their function, so these are
    free, and so is `main` of a child process.
    """
    free, found = {*views(get_resolver())}, set()
    for path in modules():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                and not is_published(node)
                and "_" not in node.name
                and node.name != "main"
                and f"{name}.{node.name}" not in free
            ):
                found.add(f"{name}.{node.name}")
    assert found == set(WHOLE_WORDS)
