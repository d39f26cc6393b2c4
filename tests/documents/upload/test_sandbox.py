"""Tests of a sandbox child that the upload has taken over."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from documents.upload import confinement, sandbox
from documents.upload.intake import Intake, Limits, open_upload
from events.core.errors import ProviderBroken, Refused
from tests.conftest import require
from tests.documents.upload.made_files import DEFAULT, encoded, picture, refusal

TAKEN_OVER_IMPORTS = """
import os, signal, socket, subprocess, sys, time
from documents.upload import sandbox_child
from documents.upload.sandbox_child import Page, Refusal
"""
TAKEN_OVER_START = """
sandbox_child.TASKS["png"] = sandbox_child.TASKS["png"]._replace(work=work)
sandbox_child.main()
"""
CHILD_FILES = (
    "__init__.py",
    "upload/__init__.py",
    "upload/sandbox_child.py",
    "upload/confinement.py",
    "similarity/__init__.py",
    "similarity/perceptual_hash.py",
)


@pytest.fixture
def taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replaces the child's work by a given body of `work(data, limits)`, with the real limits."""
    room = tmp_path / "documents"
    for name in CHILD_FILES:
        (room / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sandbox.CHILD.parents[1] / name, room / name)

    def put(body: str) -> None:
        work = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        script = (
            f"import sys\nsys.path.append({str(tmp_path)!r})\n{TAKEN_OVER_IMPORTS}\ndef work(data,"
            f" limits):\n{work}\n{TAKEN_OVER_START}"
        )
        (room / "child.py").write_text(script)
        monkeypatch.setattr(sandbox, "CHILD", room / "child.py")

    sandbox.best_isolation(required=False)
    return put


GOOD = "return None, [Page(data, 400, 400, '0' * 64)]"
PNG = encoded(picture(400, 400), "PNG")


def answer_of(isolation: sandbox.Isolation = "rlimits", limits: Limits = DEFAULT) -> Intake:
    return open_upload(PNG, limits, isolation)


def require_isolation(isolation: sandbox.Isolation) -> None:
    if isolation == "bubblewrap":
        require("a working bubblewrap", sandbox.best_isolation(required=False) == "bubblewrap")
    if isolation == "landlock":
        require("a kernel with Landlock", confinement.is_available())


@pytest.mark.parametrize("isolation", ["rlimits", "landlock", "bubblewrap"])
def test_it_can_open_nothing(
    taken_over: Callable[[str], None], isolation: sandbox.Isolation
) -> None:
    require_isolation(isolation)
    taken_over("""
        done = []
        for name, deed in {
            "read": lambda: open("/etc/passwd").read(1),
            "write": lambda: open("/tmp/left-behind", "w"),
            "connect": lambda: socket.create_connection(("127.0.0.1", 9), 1),
            "socket": lambda: socket.socket(),
            "environment": lambda: os.environ["PATH"],
        }.items():
            try:
                deed()
                done.append(name)
            except (OSError, KeyError):
                pass
        raise Refusal("document_broken", "could: " + ",".join(done))
        """)
    with pytest.raises(Refused) as caught:
        answer_of(isolation)
    assert caught.value.seen == "could: "


DEEDS = """
sandbox_child.TASKS["png"] = sandbox_child.TASKS["png"]._replace(open_files=16)
def work(data, limits):
    secret, home = {secret!r}, {home!r}
    deeds = {{
        "read": lambda: open(secret).read(1),
        "read by link": lambda: (os.symlink(secret, "/tmp/link-of-the-child"), open("/tmp/link-of-the-child").read()),
        "append": lambda: open(secret, "a"),
        "truncate": lambda: os.truncate(secret, 0),
        "chmod": lambda: os.chmod(secret, 0o644),
        "remove": lambda: os.remove(secret),
        "rename": lambda: os.rename(secret, secret + "2"),
        "list": lambda: os.listdir(home),
        "list root": lambda: os.listdir("/"),
        "make": lambda: open(home + "/made", "w"),
        "tcp": lambda: socket.create_connection(("127.0.0.1", {port}), 1),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {port})),
        "unix": lambda: socket.socket(socket.AF_UNIX).connect(secret),
        "pair": lambda: socket.socketpair(),
        "program": lambda: subprocess.run(["/bin/true"], check=True),
        "fork": lambda: os.fork() or os._exit(0),
        "kill": lambda: os.kill({parent}, 0),
        "parent": lambda: open("/proc/{parent}/environ").read(1),
        "memory": lambda: open("/proc/{parent}/mem", "rb"),
    }}
    done = []
    for name, deed in deeds.items():
        try:
            deed()
            done.append(name)
        except Exception:
            pass
    raise Refusal("document_broken", "could: " + ",".join(done))
"""  # noqa: E501


@pytest.fixture
def tried(
    taken_over: Callable[[str], None], tmp_path: Path
) -> Iterator[Callable[[sandbox.Isolation], set[str]]]:
    """Returns what a child can do that may open files, as that of a PDF may."""
    secret = tmp_path / ".env"
    secret.write_text("ZIZHI_DATA_KEY=x")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def attempt(isolation: sandbox.Isolation) -> set[str]:
            taken_over("return None, []")
            script = sandbox.CHILD.read_text()
            deeds = DEEDS.format(
                secret=str(secret),
                home=str(tmp_path),
                port=server.getsockname()[1],
                parent=os.getpid(),
            )
            start = script.index("def work(")
            end = script.index("sandbox_child.TASKS", start)
            sandbox.CHILD.write_text(script[:start] + deeds + script[end:])
            with pytest.raises(Refused) as caught:
                answer_of(isolation)
            (tmp_path / "link-of-the-child").unlink(missing_ok=True)
            return set(caught.value.seen.removeprefix("could: ").split(",")) - {""}

        yield attempt
    assert secret.read_text() == "ZIZHI_DATA_KEY=x"


@pytest.mark.parametrize("isolation", ["landlock", "bubblewrap"])
def test_a_child_that_may_open_files_reaches_nothing(
    tried: Callable[[sandbox.Isolation], set[str]], isolation: sandbox.Isolation
) -> None:
    require_isolation(isolation)
    assert tried(isolation) == set()


def test_bubblewrap_alone_reaches_nothing_either(
    tried: Callable[[sandbox.Isolation], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a kernel without Landlock and seccomp. It starts processes, sends to a network of its own,
    and lists the empty folders above its code.
    """
    require_isolation("bubblewrap")
    monkeypatch.setattr(sandbox, "_KERNEL", dict.fromkeys(sandbox._KERNEL, 0))
    assert tried("bubblewrap") <= {"pair", "fork", "program", "udp", "list", "list root"}


def test_the_limits_alone_do_not_stop_it(
    tried: Callable[[sandbox.Isolation], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the deeds above can succeed, and what refuses them is the sandbox."""
    monkeypatch.setitem(
        globals(), "DEEDS", re.sub(r'(?m)^ +"(truncate|remove|rename|append)".*\n', "", DEEDS)
    )
    assert tried("rlimits") >= {"read", "list", "tcp", "udp", "chmod", "parent"}


def test_a_kernel_that_cannot_confine_starts_no_child(
    taken_over: Callable[[str], None], tmp_path: Path
) -> None:
    taken_over(GOOD)
    confining = tmp_path / "documents/upload/confinement.py"
    confining.write_text(
        confining.read_text().replace(
            "_CREATE_RULESET: Final = 444", "_CREATE_RULESET: Final = 9999"
        )
    )
    with pytest.raises(ProviderBroken, match="did not start"):
        answer_of("landlock")


# --- The choice -----------------------------------------------------------------------------------


@pytest.fixture
def nothing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_works", set())
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: None)
    monkeypatch.setattr(sandbox.confinement, "is_available", lambda: False)


def test_without_a_sandbox_nothing_is_opened(nothing_works: None) -> None:
    with pytest.raises(sandbox.NoSandbox):
        open_upload(PNG)
    assert open_upload(PNG, required=False).isolation == "rlimits"


def test_without_bubblewrap_the_kernel_confines(monkeypatch: pytest.MonkeyPatch) -> None:
    require_isolation("landlock")
    monkeypatch.setattr(sandbox, "_works", set())
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: None)
    assert open_upload(PNG).isolation == "landlock"


def test_a_test_that_fails_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that was out of processes for a moment gets its sandbox back."""
    require_isolation("bubblewrap")
    monkeypatch.setattr(sandbox, "_works", set())
    monkeypatch.setattr(sandbox.confinement, "is_available", lambda: False)
    with monkeypatch.context() as broken:
        broken.setattr(sandbox.shutil, "which", lambda _: "/bin/false")
        assert sandbox.best_isolation(required=False) == "rlimits"
        with pytest.raises(sandbox.NoSandbox):
            sandbox.best_isolation()
    assert sandbox.best_isolation(required=False) == "bubblewrap"


@pytest.mark.parametrize(
    "body",
    [
        "held = [bytes(1 << 20) for _ in range(400)]; [os.fork() for _ in range(2)]; held[0] = bytearray(b'x' * (300 << 20)); time.sleep(60)",  # noqa: E501
        "while True:\n    if os.fork() == 0: time.sleep(60)",
    ],
)
def test_all_processes_of_a_child_have_one_limit(
    taken_over: Callable[[str], None], body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_isolation("bubblewrap")
    monkeypatch.setattr(sandbox, "_KERNEL", dict.fromkeys(sandbox._KERNEL, 0))
    taken_over("resource.setrlimit = None")
    script = sandbox.CHILD.read_text().replace(
        "sandbox_child.main()",
        "sandbox_child.resource.setrlimit = lambda *_: None\nsandbox_child.main()",
    )
    sandbox.CHILD.write_text(
        script.replace("resource.setrlimit = None", body.replace("\n", "\n    "))
    )
    began = time.monotonic()
    with pytest.raises(sandbox.Died) as died:
        sandbox.run_child(
            "png",
            PNG,
            {},
            seconds=30,
            memory_bytes=1 << 32,
            output_bytes=1 << 16,
            isolation="bubblewrap",
            total=sandbox.Total(memory_bytes=700 << 20, processes=20),
        )
    assert died.value.how == "total"
    assert time.monotonic() - began < 25


def test_it_cannot_start_processes(taken_over: Callable[[str], None]) -> None:
    """Linux exempts root from the limit on processes, so as root the test drops privileges."""
    taken_over("if os.getuid() == 0:\n    os.setuid(65534)\nos.fork()")
    with pytest.raises(Refused) as caught:
        answer_of()
    assert caught.value.details["error"].startswith("BlockingIOError")


def test_bubblewrap_hides_files_even_where_a_pdf_may_open_some(
    taken_over: Callable[[str], None],
) -> None:
    """A PDF's child may open files, for fonts, but may see none of ours except its own code."""
    require_isolation("bubblewrap")
    taken_over(f"""
        hidden = [{__file__!r}, "/etc/passwd", "/proc/self/environ", "/home", "/root/.ssh", "/var", "/sys"]
        raise Refusal("document_broken", "sees: " + ",".join(path for path in hidden if os.path.exists(path)))
        """)  # noqa: E501
    with pytest.raises(Refused) as caught:
        open_upload(PNG, isolation="bubblewrap")
    assert caught.value.seen == "sees: "


@pytest.mark.parametrize(
    "body",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "os.abort()",
        "os._exit(0)",
        "os._exit(3)",
        "sys.stdout.buffer.write(b'\\xff' * 1000); sys.stdout.flush(); os._exit(0)",
        "sys.stdout.buffer.write((1 << 31).to_bytes(4, 'big')); sys.stdout.flush(); os._exit(0)",
        "while True: sys.stdout.buffer.write(bytes(1 << 20))",
        "return None, [Page(data, 400, 400, '0' * 64)]",
        "return None, []",
        "return None, [Page(b'', 1, 1, '')] * 9",
        "raise Refusal('employer_suspended')",
        "raise Refusal(['document_broken'])",
        "import ctypes; ctypes.string_at(0)",
        "bytearray(4 << 30)",
        "work(data, limits)",
    ],
)
def test_a_child_gone_wrong_is_a_broken_document(
    taken_over: Callable[[str], None], body: str
) -> None:
    taken_over(body)
    with pytest.raises(Refused) as caught:
        answer_of(limits=Limits(pages=2))
    assert caught.value.code == "document_broken"
    assert caught.value.seen


@pytest.mark.parametrize(
    "lie",
    [
        "page._replace(width=page.width + 1)",
        "page._replace(width='400')",
        "page._replace(width=True)",
        "page._replace(fingerprint='0' * 63 + 'g')",
        "page._replace(fingerprint=None)",
        "page._replace(jpeg=page.jpeg + b'PK')",
        "page._replace(jpeg=b'\\xff\\xd8\\xff\\xe1' + page.jpeg[4:])",
        "page._replace(jpeg=page.jpeg[:200])",
    ],
)
def test_a_page_that_lies_is_not_believed(taken_over: Callable[[str], None], lie: str) -> None:
    opens = "sandbox_child.pages_of_picture('PIL.PngImagePlugin:PngImageFile')"
    honest = f"page = {opens}(data, limits)[1][0]\n"
    taken_over(honest + "return None, [page]")
    assert len(answer_of().pages) == 1
    taken_over(honest + f"return None, [{lie}]")
    with pytest.raises(Refused, match="document_broken"):
        answer_of()


@pytest.mark.parametrize("isolation", ["rlimits", "bubblewrap"])
@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(60)",
        "while True: pass",
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
    ],
)
@pytest.mark.sampled(1)
def test_a_child_that_hangs_is_ended(
    taken_over: Callable[[str], None], body: str, isolation: sandbox.Isolation
) -> None:
    require_isolation(isolation)
    taken_over(body)
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        answer_of(isolation, Limits(seconds=3))  # a busy machine needs one of them to start it
    assert caught.value.code == "document_broken"
    assert time.monotonic() - began < 20


def test_what_it_says_is_shortened(taken_over: Callable[[str], None]) -> None:
    taken_over("raise Refusal('document_broken', 'x\\x1b[31m\\u202e' + 'y' * 5000)")
    with pytest.raises(Refused) as caught:
        answer_of()
    assert len(caught.value.seen) == 120
    assert caught.value.seen.isprintable()


def test_a_sandbox_that_does_not_start_blames_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "child.py").write_text("import no_such_library")
    monkeypatch.setattr(sandbox, "CHILD", tmp_path / "child.py")
    with pytest.raises(ProviderBroken, match="did not start"):
        open_upload(PNG, isolation="rlimits")


def test_no_descriptor_is_left_open() -> None:
    open_upload(PNG)
    before = len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0
    for _ in range(3):
        open_upload(PNG)
        refusal(b"\xff\xd8\xff\xe0")
    assert (len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0) == before


def test_the_limits_reach_the_child() -> None:
    assert refusal(PNG, Limits(pixels=100_000)).code == "document_too_many_pixels"
