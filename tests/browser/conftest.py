"""Fixtures for browser tests: a real Chromium, a running site, and a watch on the console."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

from config.messages import compile_all
from documents.specimens import Company, make_specimen
from employers.models import User
from tests.conftest import require
from tests.words import misprints
from verification.models import RegistryRecord

# Playwright's synchronous API runs an event loop in this thread, so Django would refuse to use the
# database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

for _folder in django_settings.LOCALE_PATHS:
    compile_all(Path(_folder))

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Console messages that are no errors: a refusal's own status, such as 422, and a status poll that
# was under way when its page was left. For an aborted poll htmx logs two messages; a failed request
# would log `htmx:sendError`.
HARMLESS = ("the server responded with a status of 4", "htmx:sendAbort", "htmx:afterRequest")
PHONE: dict[str, Any] = {
    "viewport": {"width": 375, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests here. Of the screens, languages and other variants of one test, `make test`
    runs one, another for each test, and leaves the others to `make test-all`.
    """
    here = Path(__file__).parent
    variants: dict[str, list[pytest.Item]] = {}
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not item.get_closest_marker("sampled"):
                variants.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for test, several in variants.items():
        chosen = several[crc32(test.encode()) % len(several)]
        for item in several:
            if item is not chosen:
                item.add_marker("accuracy")


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    own = playwright.chromium.executable_path
    path = (
        shutil.which("chromium-headless-shell")
        or shutil.which("chromium")
        or shutil.which("google-chrome")
        or (own if Path(own).exists() else None)
    )
    require("Chromium", path is not None)
    browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
    yield browser
    browser.close()


class Visit:
    """A page of the running site in a browser of its own, and everything that its console
    complained of.
    """

    def __init__(self, context: BrowserContext, base: str, scripted: bool) -> None:
        self.context, self.base, self.scripted, self.complaints = (
            context,
            base,
            scripted,
            list[str](),
        )
        context.set_default_timeout(20_000)
        self.page: Page = context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(
            harmless in message.text for harmless in HARMLESS
        ):
            self.complaints.append(message.text)

    def go(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def goes_on(self, path: str) -> None:
        """Load the page at `path` again, for what a script would have shown."""
        if not self.scripted:
            self.go(path)

    def sign_in(self, user: User) -> None:
        client = Client()
        client.force_login(user)
        self.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": self.base}]
        )

    def is_calm(self) -> None:
        """Check that nothing broke, nothing is wider than the screen, and Chinese is set well."""
        self.page.wait_for_load_state()
        assert self.complaints == []
        beyond = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert beyond <= 0, f"{self.page.url} is {beyond} px too wide"
        if self.page.evaluate("document.documentElement.lang").startswith("zh"):
            english = "\n".join(self.page.locator("body [lang=en]").all_inner_texts()).splitlines()
            lines = self.page.inner_text("body").splitlines()
            assert misprints(line for line in lines if line not in english) == []


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(chromium: Browser, live_server: Any) -> Iterator[Visitor]:
    """Return a function that opens a browser: `visit(**options of a browser context)`."""
    contexts = []

    def opened(**options: Any) -> Visit:
        context = chromium.new_context(**{"locale": "zh-CN", **DESK, **options})
        contexts.append(context)
        return Visit(context, live_server.url, bool(options.get("java_script_enabled", True)))

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def no_text_messages(settings: Any) -> None:
    """A deployment without a provider of text messages offers e-mail alone, in Chinese too. Tests
    of phones choose one.
    """
    settings.SMS_PROVIDER = ""


@pytest.fixture
def company() -> Company:
    """A company that the register lists."""
    company = Company.fictitious(301)
    RegistryRecord.objects.create(
        uscc=company.uscc,
        name=company.name,
        legal_representative=company.legal_representative,
        status="存续",
        established_on=company.established_on,
        email_domain=company.domain,
        as_of=timezone.localdate(),
    )
    return company


@pytest.fixture
def photo(company: Company, tmp_path: Path) -> Path:
    """A photograph of its licence."""
    path = tmp_path / "执照.jpg"
    path.write_bytes(make_specimen(301, company=company, damage="light").jpeg())
    return path


@pytest.fixture(autouse=True)
def nobody_has_tried_before() -> None:
    cache.clear()


@pytest.fixture
def now() -> datetime:
    """The browser and the site use the real clock, so these tests do too."""
    return datetime.now().astimezone()
