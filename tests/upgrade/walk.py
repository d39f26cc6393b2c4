"""Brings the recorded database to the newest version, and walks the main pages on it.

`python -m tests.upgrade.walk RECORDING` works in the database of the settings, which must be empty.
It prints one problem per line, and exits with status 1 if there are any.
"""

# ruff: noqa: E402

from __future__ import annotations

import base64
import hmac
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import django

django.setup()

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.upgrade import store
from tests.words import left_in_latin, misprints

FEWER_ROWS: Final[dict[str, str]] = {}
"""Tables that lose rows on purpose or are gone, each with the migration that does it."""
MOVED: Final[dict[str, str]] = {}
"""Columns (`table.column`) that lose values on purpose, each with the migration."""

NOT_IN_WORDS: Final = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
"""A code without a translation into words."""
NOT_CHINESE: Final = re.compile(r"[A-Za-z][a-z']*(?: [a-z']+){3,}")
"""An English sentence on a page that was requested in Chinese."""
OPENED_ELSEWHERE: Final = {"verification.ClientAuthorisation"}
"""Models whose list links to no page of a row."""


NAMED_IN_LATIN: Final = (
    ("auth.Group", "name"),
    ("downloads.Candidate", "reference"),
    ("downloads.CandidateDefault", "basis"),
    ("downloads.Consent", "evidence"),
    ("downloads.Copy", "number"),
    ("downloads.GateDecision", "candidate"),
    ("downloads.RelayBinding", "provider"),
    ("downloads.RelayCall", "provider"),
    ("downloads.RelayCall", "record_id"),
    ("employers.ApiClient", "name"),
    ("events.WebhookEndpoint", "description"),
    ("verification.CheckRun", "version"),
    ("verification.SavedReply", "code"),
    ("verification.SavedReply", "title_en"),
)
"""Columns that hold names in whatever language people and platforms write them."""


class Problems(list[str]):
    """The problems found."""

    def expect(self, is_so: object, otherwise: str) -> None:
        if not is_so:
            self.append(otherwise)


def main(path: Path) -> int:
    """Print the problems; return whether there are any."""
    recording, problems = store.read(path), Problems()
    _keep_files(recording)
    store.load(recording)
    call_command("migrate", interactive=False, verbosity=0)
    try:
        call_command("check", verbosity=0)
    except SystemCheckError as error:
        problems.append(str(error))
    _look_for_losses(recording, problems)
    try:
        for walk in (_walk_employers, _walk_candidate, _walk_console, _walk_api, _decide):
            walk(recording.about, problems)
    finally:
        sys.stdout.write("\n".join(problems))
    return 1 if problems else 0


def _keep_files(recording: store.Recording) -> None:
    for name, content in recording.files.items():
        path = settings.DOCUMENTS_DIR / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _look_for_losses(recording: store.Recording, problems: Problems) -> None:
    """Check that no table has fewer rows, and no column fewer values, than were recorded."""
    for table in recording.tables:
        if table.name in FEWER_ROWS:
            continue
        rows = list(store.rows_of(table.name))
        if len(rows) < len(table.rows):
            problems.append(
                f"{table.name}: {len(table.rows)} rows were recorded, {len(rows)} are left"
            )
            continue
        for column, filled in table.filled().items():
            left = store.count_filled(row.get(column) for row in rows)
            if left < filled and f"{table.name}.{column}" not in MOVED:
                problems.append(
                    f"{table.name}.{column}: {filled} values were recorded, {left} are left"
                )


# --- Browsers -------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """The visible text of a page except what is marked as English or code, its links, and its
    forms with the values that a browser would send.
    """

    UNSEEN = ("script", "style", "code", "pre", "svg", "template", "textarea")
    NAMED = ("title", "placeholder", "aria-label", "label")
    """Attributes that browsers show or read out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[str] = []
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._unseen = 0
        self._english: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.text.extend(given[name] for name in self.NAMED if given.get(name))
        if tag == "input" and given.get("type") == "submit":
            self.text.append(given.get("value", ""))
        if self._english[:1] == [tag] or (not self._english and given.get("lang") == "en"):
            self._english.append(tag)
        if tag in self.UNSEEN:
            self._unseen += 1
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append((given.get("action", ""), {}))
        elif (
            tag == "input"
            and "name" in given
            and self.forms
            and given.get("type") not in ("checkbox", "radio", "submit", "file")
        ):
            self.forms[-1][1][given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if self._english[:1] == [tag]:
            self._english.pop()
        if tag in self.UNSEEN:
            self._unseen = max(0, self._unseen - 1)

    def handle_data(self, data: str) -> None:
        if not self._unseen and not self._english and data.strip():
            self.text.append(" ".join(data.split()))


class Browser:
    """A person's browser, which records problems."""

    def __init__(
        self, problems: Problems, who: str, language: str = "zh-hans", **headers: str
    ) -> None:
        self.problems, self.who, self.language = problems, who, language
        self.client = Client(
            headers={"accept-language": language} | headers, raise_request_exception=False
        )
        self.client.cookies["django_language"] = language

    def sign_in(self, path: str, email: str, password: str) -> None:
        """Sign in with the page's own form."""
        body = self._form(self.page(f"{path}?by=email"), "password")
        answer = self.client.post(path, body | {"username": email, "password": password})
        self.problems.expect(
            answer.status_code == 302, f"{self.who}: {path}: cannot sign in ({answer.status_code})"
        )

    def get(
        self,
        path: str,
        status: Iterable[int] = (200,),
        *,
        in_words: bool = False,
        names: Iterable[str] | None = None,
        follow: bool = True,
    ) -> Any:
        """Return the answer; its status must be one of these, and with `in_words` its text must
        contain no code. With `names`, it must be in Chinese except for these.
        """
        answer = self.client.get(path, follow=follow)
        if answer.status_code not in status:
            self.problems.append(f"{self.who}: GET {path}: {answer.status_code}{_why(answer)}")
        elif in_words:
            text = _Page(answer.content.decode()).text
            for wrong in (
                (NOT_IN_WORDS, NOT_CHINESE) if self.language.startswith("zh") else (NOT_IN_WORDS,)
            ):
                if found := [line for line in text if wrong.search(line)]:
                    self.problems.append(f"{self.who}: GET {path}: not in words: {found[:3]}")
        if names is not None and "html" in answer.get("Content-Type", ""):
            text = _Page(answer.content.decode()).text
            if found := [*misprints(text), *left_in_latin(text, *names)]:
                self.problems.append(f"{self.who}: GET {path}: not Chinese: {found[:5]}")
        return answer

    def page(
        self, path: str, *, in_words: bool = False, names: Iterable[str] | None = None
    ) -> _Page:
        return _Page(self.get(path, in_words=in_words, names=names).content.decode())

    def send(self, page: str, action: str) -> None:
        """Send the form of `page` that leads to `action`, as a browser does."""
        answer = self.client.post(action, self._form(self.page(page), action), follow=True)
        self.problems.expect(
            answer.status_code == 200,
            f"{self.who}: POST {action}: {answer.status_code}{_why(answer)}",
        )

    def _form(self, page: _Page, wanted: str) -> dict[str, str]:
        """Return the fields of the form that leads to the path `wanted`, or has a field of that
        name.
        """
        for leads_to, fields in page.forms:
            if urlsplit(leads_to).path == wanted or wanted in fields:
                return fields
        self.problems.append(f"{self.who}: no form for {wanted}")
        return {}


def _why(answer: Any) -> str:
    """Return the error, or what the API says about it."""
    if error := getattr(answer, "exc_info", None):
        return f" {error[0].__name__}: {error[1]}"
    return f" {answer.json()}" if "json" in answer.get("Content-Type", "") else ""


# --- The pages ------------------------------------------------------------------------------------

EMPLOYER_PAGES = (
    "verification:status",
    "verification:help",
    "verification:declare",
    "verification:upload",
    "verification:appeal",
    "verification:company_email",
    "verification:bank_deposit",
    "verification:e_licence",
    "verification:vouching",
    "verification:asked_to_vouch",
    "employers:team",
    "employers:account",
    "employers:own_phone",
    "employers:own_password",
    "employers:own_address",
    "employers:second_factor",
    "employers:sessions",
    "employers:leave",
    "employers:delete_account",
    "downloads:restriction",
    "erasures:list",
)


def _walk_employers(about: dict[str, Any], problems: Problems) -> None:
    """Employers open each of their pages, and their case in each state."""
    for name in (
        "employers:welcome",
        "employers:register",
        "employers:sign_in",
        "employers:password_reset",
    ):
        Browser(problems, "a stranger").get(reverse(name), in_words=True)
    owner = Browser(problems, "owner")
    owner.sign_in(reverse("employers:sign_in"), about["owner"], about["password"])
    owner.get(reverse("verification:home"), in_words=True, follow=False)
    stayed = Browser(problems, "who stayed signed in")
    stayed.client.cookies[settings.SESSION_COOKIE_NAME] = about["session"]
    stayed.get(reverse("verification:home"), follow=False)
    users = apps.get_model("employers", "User").objects
    for who in ("draft", "approved", "agency", "proving", "restricted", "owner"):
        for language in ("zh-hans", "en"):
            browser = Browser(problems, f"{who} ({language})", language)
            browser.client.force_login(users.get(email=about[who]))
            browser.get(reverse("verification:home"), in_words=True)
            for name in EMPLOYER_PAGES:
                browser.get(reverse(name), (200, 405), in_words=True)
            if who == "draft":
                browser.get(reverse("verification:page_image", args=[about["document"], 1]))
                browser.get(reverse("verification:reading", args=[about["document"]]))
    Case, Member = apps.get_model("verification", "Case"), apps.get_model("employers", "Member")
    for state in sorted(set(Case.objects.values_list("state", flat=True))):
        for case in Case.objects.filter(state=state, test=False, golden=False)[:2]:
            member = (
                Member.objects.filter(employer=case.employer_id, left_at=None)
                .select_related("user")
                .first()
            )
            browser = Browser(problems, f"employer, {state}")
            browser.client.force_login(member.user)
            browser.get(reverse("verification:home"), in_words=True)
            browser.get(reverse("verification:status"))


def _walk_candidate(about: dict[str, Any], problems: Problems) -> None:
    """Open the ledger and the receipts with the link that a platform hands out."""
    link = _api(about, problems, "post", f"/candidates/{about['candidate']}/link").get("url", "")
    for language in ("zh-hans", "en"):
        browser = Browser(problems, f"candidate ({language})", language)
        browser.get(urlsplit(link).path)
        page = browser.page(reverse("ledger:home"), in_words=True)
        receipts = [
            urljoin(reverse("ledger:home"), link) for link in page.links if "receipts/" in link
        ]
        problems.expect(receipts, "the ledger shows no receipt")
        for receipt in receipts:
            browser.get(receipt)
    Browser(problems, "anybody").get(reverse("receipt_keys"))


def _walk_console(about: dict[str, Any], problems: Problems) -> None:
    """A superuser opens every list, a row of each and every case; others open their queue."""
    browsers = {who: Browser(problems, who) for who in ("root", "reviewer", "two_factor_lead")}
    for who, browser in browsers.items():
        browser.sign_in(reverse("admin:login"), about[who], about["password"])
    root, reviewer, lead = browsers.values()
    lead.client.post(reverse("admin:second_factor"), {"code": _code(about["totp_secret"])})
    names = list(_names())
    root.get(reverse("admin:index"), names=names)
    for model in admin.site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        path = reverse(f"{base}_changelist")
        page = root.page(path, names=names)
        rows = [link for link in page.links if re.search(r"/change/(\?|$)", link)]
        if rows:
            root.get(urljoin(path, rows[0]), names=names)
            root.get(urljoin(path, re.sub(r"/change/.*", "/history/", rows[0])), names=names)
        elif model._meta.label not in OPENED_ELSEWHERE and model._default_manager.exists():
            problems.append(f"root: {path} shows no row that can be opened")
    queue = reverse("admin:verification_case_changelist")
    for browser in browsers.values():
        for asked in ("", "?state=all", "?claim=mine", "?q=%E5%85%AC%E5%8F%B8"):
            browser.get(queue + asked, follow=False)
    for name in ("quality", "quality_mine"):
        lead.get(reverse(name), follow=False)
    Case, Page = (
        apps.get_model("verification", "Case"),
        apps.get_model("verification", "DocumentPage"),
    )
    for case in Case.objects.filter(test=False, golden=False):
        root.get(reverse("admin:verification_case_change", args=[case.pk]))
    page = Page.objects.filter(document__case=about["to_decide"]).first()
    reviewer.get(
        reverse(
            "admin:verification_case_page", args=[about["to_decide"], page.document_id, page.number]
        )
    )


def _names() -> Iterator[str]:
    """Yield the names in the recording that people and platforms typed in Latin letters."""
    for label, field in NAMED_IN_LATIN:
        yield from filter(None, apps.get_model(label).objects.values_list(field, flat=True))


def _code(secret: str) -> str:
    """Return the code that an authenticator app shows now (RFC 6238)."""
    digest = hmac.digest(
        base64.b32decode(secret), (int(time.time()) // 30).to_bytes(8, "big"), "sha1"
    )
    at = digest[-1] & 0x0F
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFF_FFFF) % 10**6:06d}"


def _walk_api(about: dict[str, Any], problems: Problems) -> None:
    """Send a platform's requests with its old key."""
    yes = _gate(about, problems, about["employer"], about["member"])
    problems.expect(yes.get("allowed") is True, f"gate: an approved employer is refused: {yes}")
    problems.expect(yes.get("gate_pass"), "gate: a yes without a pass")
    spent = _api(about, problems, "post", "/gate/passes/spend", {"gate_pass": yes.get("gate_pass")})
    problems.expect(
        spent.get("decision_id") == yes.get("id"), f"gate: the pass is not honoured: {spent}"
    )
    known = {
        "employer_id": about["employer"],
        "member_id": about["member"],
        "decision_id": about["decision"],
        "release_id": about["release"],
        "trace_id": about["trace"],
        "relay_id": about["relay"],
        "reference": about["candidate"],
        "endpoint_id": about["endpoint"],
        "request_id": about["request"],
    }
    document = _api(about, problems, "get", "/openapi.json")
    asked = [
        path
        for path, methods in document.get("paths", {}).items()
        if "get" in methods and "/test/" not in path
    ]
    problems.expect(len(asked) >= 20, f"api: the document lists only {len(asked)} resources")
    for path in asked:
        _api(about, problems, "get", path.format_map(known).removeprefix("/api/v1"))
    for path in ("/employers", "/webhooks", "/releases", "/relays", "/erase-orders"):
        told = _api(about, problems, "get", path)
        problems.expect(
            told if isinstance(told, list) else told.get("data"), f"api: {path} is empty"
        )
    problems.expect(_api(about, problems, "get", "/events").get("events"), "api: the feed is empty")
    _ask_again(about, problems)
    for path in (
        "/test/recipes",
        "/test/clock",
        "/test/mails",
        "/employers",
        f"/employers/{about['test_employer']}",
    ):
        _api(about, problems, "get", path, key=about["test_key"])
    link = _api(about, problems, "post", f"/releases/{about['release']}/links").get("url", "")
    copy = Browser(problems, "recruiter").get(urlsplit(link).path)
    problems.expect(copy.getvalue().startswith(b"%PDF-"), "the copy of a resume does not open")


def _ask_again(about: dict[str, Any], problems: Problems) -> None:
    """Repeat earlier requests with the same idempotency key; the answers must be the same."""
    once = about["said_again"]
    client = Client(
        headers={"authorization": f"Bearer {about['key']}", "idempotency-key": once["key"]},
        raise_request_exception=False,
    )
    answer = client.post(f"/api/v1{once['path']}", once["body"], content_type="application/json")
    again = json.loads(answer.content)
    problems.expect(
        again.get("id") == once["id"],
        f"api: a different answer to the same key: {answer.status_code} {again}",
    )


def _gate(about: dict[str, Any], problems: Problems, employer: str, member: str) -> Any:
    return _api(
        about,
        problems,
        "post",
        "/gate/decisions",
        {"employer_id": employer, "member_id": member, "candidate": "after-upgrade"},
    )


def _api(
    about: dict[str, Any],
    problems: Problems,
    method: str,
    path: str,
    body: Any = None,
    key: str = "",
) -> Any:
    """Return the answer as JSON; any status but success is a problem."""
    client = Client(
        headers={"authorization": f"Bearer {key or about['key']}"}, raise_request_exception=False
    )
    given = {"content_type": "application/json"} if method == "post" else {}
    answer = getattr(client, method)(f"/api/v1{path}", body, **given)
    if answer.status_code >= 300:
        problems.append(f"api: {method} {path}: {answer.status_code}{_why(answer)}")
        return {}
    return answer.json()


def _decide(about: dict[str, Any], problems: Problems) -> None:
    """A reviewer claims a waiting case and approves it; from then on the gate says yes."""
    case = apps.get_model("verification", "Case").objects.get(pk=about["to_decide"])
    member = apps.get_model("employers", "Member").objects.get(employer=case.employer_id)
    asked = str(case.employer_id), str(member.pk)
    no = _gate(about, problems, *asked)
    problems.expect(no.get("allowed") is False, f"gate: a waiting employer is allowed: {no}")
    problems.expect(
        all(each["says"]["zh"] and each["fix"]["zh"] for each in no.get("reasons", [])),
        f"gate: a no without a text: {no}",
    )
    reviewer = Browser(problems, "reviewer")
    reviewer.sign_in(reverse("admin:login"), about["reviewer"], about["password"])
    page, doors = (
        reverse("admin:verification_case_change", args=[case.pk]),
        "admin:verification_case_{}".format,
    )
    reviewer.send(page, reverse(doors("claim"), args=[case.pk]))
    reviewer.send(page, reverse(doors("approve"), args=[case.pk]))
    _run_task("carry_out_rulings")
    apps.get_model("employers", "MemberLink").objects.create(
        member=member,
        employer=member.employer,
        client_id=about["platform"],
        origin="recruiter",
        linked_at=timezone.now(),
    )
    yes = _gate(about, problems, *asked)
    problems.expect(
        yes.get("allowed") is True,
        f"gate: an employer that a reviewer has approved is refused: {yes}",
    )
    reviewer.get(page)


def _run_task(ending: str) -> None:
    """Run the task that the schedule would have run by now."""
    from celery import current_app

    current_app.loader.import_default_modules()
    (name,) = [
        each["task"]
        for each in settings.CELERY_BEAT_SCHEDULE.values()
        if each["task"].endswith(f".{ending}")
    ]
    current_app.tasks[name].apply(throw=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
