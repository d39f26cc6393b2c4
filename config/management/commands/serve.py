"""Runs web, workers and beat in the foreground until Ctrl-C.

With `--prepare`, prepares database and static files first. Missing parts of the demo are created in
the background once the pages answer. Without it, both must have been prepared.
"""

from __future__ import annotations

import errno
import os
import shlex
import socket
import subprocess
import sys
import time
import unicodedata
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config.demo import record as demo_record
from config.rounds import DECISIONS, PROMPT, READINGS
from config.trying_out import processes
from config.trying_out.language import in_terminal_language
from config.trying_out.terminal import Lines, Supervisor, Task

KEPT_MAIL: Final = "keptmail://"
MANAGE: Final = processes.ROOT / "manage.py"
MANIFEST: Final = "staticfiles.json"
"""The file that `collectstatic` writes last."""
OF_CELERY: Final = "You're running the worker with superuser privileges"
"""The start of a four-line warning for deployments, not needed when trying this out in a
container.
"""
EVERYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104  (an option of the user, not the default)


class Command(BaseCommand):
    help = "Run web, worker and beat in the foreground with one command."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--host",
            default="127.0.0.1",
            help=(
                "the address to listen on; another than 127.0.0.1 shows this machine's service"
                " to the network without TLS, for trying out in a container only"
            ),
        )
        parser.add_argument(
            "--prepare",
            action="store_true",
            help=(
                "first migrate and collect static files; create missing parts of the demo in the"
                " background"
            ),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        check_port(host, port)
        check_folder()
        given = process_environment(port)
        made, not_made = None, ""
        if options["prepare"]:
            self.tell(
                in_terminal_language(
                    "正在准备数据库和页面…", "Starting the database and the pages …"
                )
            )
            try:
                make_ready()
                made, not_made = demo_to_make(given)
            except KeyboardInterrupt:
                raise SystemExit(130) from None
        else:
            check_prepared()
        self.tell(where_to_go(port, given, made, not_made))
        raise SystemExit(
            supervise_processes(
                host,
                port,
                given,
                has_demo_to_make=made is not None and bool(demo_record.missing_steps(made)),
            )
        )

    def tell(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def check_port(host: str, port: int) -> None:
    """Raise CommandError if the port is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            in_use = error.errno == errno.EADDRINUSE
            raise CommandError(
                in_terminal_language(
                    f"端口 {port} {'已被占用' if in_use else f'无法使用（{error.strerror}）'}。"
                    f"请停止占用它的程序，或换一个端口：make run PORT={port + 1}",
                    f"Port {port}"
                    f" {'is in use' if in_use else f'cannot be used ({error.strerror})'}."
                    f" Stop the process that uses it, or choose another: make run PORT={port + 1}",
                )
            ) from error


def check_folder() -> None:
    """Raise CommandError if the deployment's folder is not writable."""
    try:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        probe = settings.VAR_DIR / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CommandError(
            in_terminal_language(
                f"无法写入 {settings.VAR_DIR}（{error.strerror}）。"
                "请将 ZIZHI_VAR_DIR 设为可写入的目录。",
                f"Cannot write to {settings.VAR_DIR} ({error.strerror}). Set ZIZHI_VAR_DIR to a"
                " writable folder.",
            )
        ) from error


def check_prepared() -> None:
    """Raise CommandError if tables or static files are missing, without which pages fail."""
    executor = MigrationExecutor(connection)
    tables_are_missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if tables_are_missing or not (settings.STATIC_ROOT / MANIFEST).exists():
        raise CommandError(
            in_terminal_language(
                "数据库或静态文件尚未准备好。请运行 manage.py serve --prepare，"
                "或先运行 manage.py migrate 和 manage.py collectstatic。",
                "The database or the static files are not ready. Run manage.py serve --prepare, or"
                " first manage.py migrate and manage.py collectstatic.",
            )
        )


def make_ready() -> None:
    """Migrate, and collect the static files in another process at the same time.

    Raises CommandError.
    """
    command = [sys.executable, str(MANAGE), "collectstatic", "--no-input", "--verbosity", "0"]
    with subprocess.Popen(command, start_new_session=True) as collecting:
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except BaseException:
            collecting.kill()
            raise
    if collecting.returncode:
        raise CommandError(
            in_terminal_language("静态文件收集失败。", "The static files could not be collected.")
        )


def demo_to_make(given: Mapping[str, str]) -> tuple[demo_record.Record | None, str]:
    """Return the demo's record, creating it if needed; or None, and why there is no demo."""
    if urlsplit(given["ZIZHI_SITE_URL"]).hostname not in settings.LOCAL_HOSTS:
        return (
            None,
            in_terminal_language(
                "示例企业均为虚构，ZIZHI_SITE_URL 须为本机地址"
                f"（当前为 {given['ZIZHI_SITE_URL']}）",
                "its companies are fictitious, so it needs a local ZIZHI_SITE_URL (now"
                f" {given['ZIZHI_SITE_URL']})",
            ),
        )
    if given.get("ZIZHI_EMAIL_URL") != KEPT_MAIL:
        return None, in_terminal_language(
            f"示例要打开邮件中的链接，ZIZHI_EMAIL_URL 须为 {KEPT_MAIL}",
            f"it opens links in emails, so it needs ZIZHI_EMAIL_URL={KEPT_MAIL}",
        )
    try:
        return demo_record.load_record(settings.VAR_DIR / demo_record.SIGN_IN), ""
    except CommandError as error:
        return None, str(error)


def where_to_go(
    port: int, given: Mapping[str, str], made: demo_record.Record | None, not_made: str
) -> str:
    """Return what a user needs to start: addresses, the demo's sign-ins if there are any, and how
    staff sign in.
    """
    site = f"http://localhost:{port}"
    kept = in_terminal_language(
        " （邮件和短信在此查看，不会发出）",
        "   (emails and text messages are shown there, not sent)",
    )
    lines = [
        "",
        _row("Zizhi 资质", "Zizhi 资质", site),
        _row("审核台", "Reviewers", f"{site}/console/"),
        _row("接口", "API", f"{site}/api/v1/openapi.json"),
    ]
    if given.get("ZIZHI_EMAIL_URL") == KEPT_MAIL:
        lines.append(_row("邮件和短信", "Messages", f"{site}/try/{kept}"))
    lines.append("")
    if made is not None:
        password = f"{in_terminal_language('密码', 'password')} {made['password']}"
        soon = in_terminal_language("约一分钟后就绪，见下文", "ready in a minute, see below")
        employer = f"{made['employer']}   {password}" if "employer" in made else soon
        lines += [
            _row("企业", "Employer", employer),
            _row("审核员", "Reviewer", f"{made['reviewer']}   {password}"),
            _row("API 密钥", "API key", made["api_key"]),
        ]
        if "employer_id" in made:
            lines.append(_row("查询放行", "Ask the gate", demo_record.gate_question(made, site)))
        path = settings.VAR_DIR / demo_record.SIGN_IN
        shown = (
            path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path
        )
        lines.append(
            in_terminal_language(
                f"  （由本机生成，保存在 {shown}）",
                f"  (created on this machine, stored in {shown})",
            )
        )
    elif not_made:
        no_demo = in_terminal_language(f"  没有示例：{not_made}。", f"  No demo: {not_made}.")
        lines.append(no_demo.replace("..", ".").replace("。。", "。"))
    lines.append(f"  {second_factor(given)}")
    return "\n".join(
        [*lines, "", in_terminal_language("  按 Ctrl-C 停止。", "  Press Ctrl-C to stop."), ""]
    )


def _row(zh: str, en: str, value: str) -> str:
    """Return a label and its value, in columns. A Chinese character takes two of them."""
    label = in_terminal_language(zh, en)
    taken = sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in label)
    return f"  {label}{' ' * (13 - taken)}{value}"


def second_factor(given: Mapping[str, str]) -> str:
    """Return what staff need to sign in."""
    asked = given.get("ZIZHI_STAFF_SECOND_FACTOR", settings.STAFF_SECOND_FACTOR)
    if asked == "optional":
        return in_terminal_language(
            "（登录审核台只需密码，在右上角设置两步验证之后才需要验证码）",
            "(the console asks only for a password until you set up two-step verification at the"
            " top right)",
        )
    return in_terminal_language(
        "（工作人员首次登录审核台时设置两步验证）",
        "(staff set up two-step verification when they first sign in to the console)",
    )


def process_environment(port: int) -> dict[str, str]:
    """Return the environment of the processes.

    Links in mails lead to this port unless the deployment's address is configured. On a local
    address, mails are kept and shown instead of sent, and staff need no second factor, unless
    configured otherwise.
    """
    unless_named = {"ZIZHI_LOG_READABLE": "1", "ZIZHI_SITE_URL": f"http://localhost:{port}"}
    given = {**unless_named, **os.environ, **processes.STOPS_AT_ONCE, "PYTHONUNBUFFERED": "1"}
    if urlsplit(given["ZIZHI_SITE_URL"]).hostname in settings.LOCAL_HOSTS:
        given.setdefault(
            "ZIZHI_STAFF_SECOND_FACTOR", "optional"
        )  # to try it out, two commands must do, without an app on a phone
        given.setdefault("ZIZHI_EMAIL_URL", KEPT_MAIL)
        given.setdefault("PYTHONWARNINGS", f"ignore:{OF_CELERY}")
    return given


def supervise_processes(
    host: str, port: int, given: Mapping[str, str], *, has_demo_to_make: bool = False
) -> int:
    """Run the processes until one ends or a signal comes. Return the exit status."""
    lines = Lines(sys.stdout)
    at = f"http://{'127.0.0.1' if host in EVERYWHERE else host}:{port}"
    begun = time.monotonic()

    def is_due() -> bool:
        if not is_answering(at):
            return False
        took, site = f"{time.monotonic() - begun:.0f}", given["ZIZHI_SITE_URL"]
        lines.say(
            "web",
            in_terminal_language(f"已就绪（{took} 秒）：{site}", f"ready after {took} s: {site}"),
        )
        return True

    demo = [sys.executable, str(MANAGE), "demo", "--served", at] if has_demo_to_make else []
    failed = in_terminal_language(
        "页面仍可使用。要继续准备其余示例，请按 Ctrl-C，再次运行 make run",
        "the pages still work. To create the rest, press Ctrl-C and run make run again",
    )
    quiet = {**given, "ZIZHI_LOG_LEVEL": "WARNING"}  # the demo reports what it has created
    manager = Supervisor(lines, Task("demo", demo, quiet, lines, is_due, failed))
    for name, command in (
        ("web", processes.web_command(host, port)),
        ("worker", processes.worker_command(1, PROMPT)),
        ("decider", processes.worker_command(1, DECISIONS)),
        ("reader", processes.worker_command(settings.CELERY_WORKER_CONCURRENCY, READINGS)),
        ("beat", processes.beat_command()),
    ):
        manager.add_process(name, shlex.join(command), env=dict(given))
    manager.loop()
    # Ctrl-C and signals are clean ends. A process that fails is not.
    code = manager.returncode or 0
    return 0 if code in (-2, -15, 130, 143) else code


def is_answering(at: str) -> bool:
    """Return whether a web process answers at `at`, whatever the status."""
    try:
        with urllib.request.urlopen(f"{at}/healthz", timeout=5):  # noqa: S310  (our own web process)
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
