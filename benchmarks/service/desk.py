"""Benchmark of the case page: cases decided an hour by keys alone, keys a case, and the time from
key to next case.

It runs Chromium against the web server. Each case is shown for `--look` seconds and then decided by
keys. A person looks longer, so the result is the cost of the page and not the speed of a person. At
the end the rulings are carried out, and each case is compared with the intended ruling.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import stage

MEANT = {
    ("d", "1", "Enter"): "changes_requested",
    ("a", "Enter"): "approved",
    ("r", "1", "Enter"): "rejected",
}
"""The rulings to enter, in turn."""
FIRST_KEY = "c"
PASSWORD = "correct horse battery staple"
LOADED = (
    "() => document.querySelector('.viewport:not([hidden]) img')?.naturalWidth > 0 &&"
    " document.querySelector('.decision-approve')"
)
MEASURE = """
const log = JSON.parse(sessionStorage.log || '{"clicks": 0, "heading": [], "picture": []}');
const save = () => { sessionStorage.log = JSON.stringify(log); };
const clock = (time) => performance.timeOrigin + time;
addEventListener('click', (event) => { if (event.detail) { log.clicks += 1; save(); } }, true);
addEventListener('keydown', (event) => {
  if (event.key === 'Enter') { log.pressed = clock(event.timeStamp); save(); }
}, true);
const shown = (what, since) => requestAnimationFrame((time) => {
  log[what].push(clock(performance.now()) - since);
  save();
});
addEventListener('DOMContentLoaded', async () => {
  const { pressed } = log;
  if (!pressed || !document.querySelector('.decision-approve')) return;
  delete log.pressed;
  shown('heading', pressed);
  await document.querySelector('.viewport img').decode();
  shown('picture', pressed);
});
"""
"""Stored across pages: mouse clicks (a click that a key causes has no `detail`), and the
milliseconds from the key of a decision to the frame that shows the next case's heading and picture.
"""


def main() -> None:
    options = stage.arguments(__doc__ or "", cases=20, look=1.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.update(
        ZIZHI_SITE_URL=f"http://localhost:{port}",
        ZIZHI_STAFF_SECOND_FACTOR="optional",
        ZIZHI_HTTPS="false",
    )
    with stage.fresh() as folder:
        result = measure(options.cases, options.look, options.seed, port, folder)
    if options.json:
        stage.tell(result)
    else:
        stage.show(list(result), [list(result.values())])


def measure(count: int, look: float, seed: int, port: int, folder: Path) -> dict[str, Any]:
    """Measure `count` cases decided by keys alone, each shown for `look` seconds."""
    from django.core.management import call_command
    from django.utils import timezone

    from config.trying_out import processes
    from employers.models import User
    from verification.models import Case
    from verification.reviewing import rulings

    call_command("collectstatic", interactive=False, verbosity=0)
    now = timezone.now()
    reviewer = User.objects.create_superuser("reviewer@zizhi.example", PASSWORD)
    cases = [
        waiting(now - timedelta(hours=count - number), seed + number) for number in range(count)
    ]
    with processes.running_process(processes.web_command("127.0.0.1", port), folder / "web.log"):
        listening(port)
        page = run(f"http://localhost:{port}", reviewer.email, cases, look)
    rulings.carry_out_due(timezone.now() + timedelta(minutes=1))
    meant = {
        case.pk: state for case, state in zip(cases, _repeated(MEANT.values(), count), strict=True)
    }
    states = dict(Case.objects.values_list("pk", "state"))
    heading, picture = page["heading"], page["picture"]
    return {
        "cases": count,
        "as_meant": sum(states[pk] == state for pk, state in meant.items()),
        "cases_per_hour": round(3600 * count / page["seconds"]),
        "look_s": look,
        "keys_per_case": round(page["keys"] / count, 2),
        "clicks_per_case": round(page["clicks"] / count, 2),
        "next_case_median_ms": round(stage.median(heading)),
        "next_case_p95_ms": round(stage.p95(heading)),
        "its_picture_median_ms": round(stage.median(picture)),
    }


def run(base: str, email: str, cases: list[Any], look: float) -> dict[str, Any]:
    """Sign in, open the first case and decide all cases; return the counts and times."""
    from playwright.sync_api import expect, sync_playwright

    # Playwright's event loop runs in this thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    keys = 0
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(locale="zh-CN", viewport={"width": 1280, "height": 800})
        page.add_init_script(f"(() => {{{MEASURE}}})()")
        page.goto(f"{base}/console/")
        page.locator("#id_username").fill(email)
        page.locator("#id_password").fill(PASSWORD)
        page.locator("#content [type=submit]").click()
        page.evaluate("sessionStorage.clear()")
        page.goto(f"{base}/console/verification/case/{cases[0].pk}/change/")
        started = time.monotonic()
        page.keyboard.press(FIRST_KEY)
        keys += 1
        for case, pressed in zip(cases, _repeated(MEANT, len(cases)), strict=True):
            expect(page.locator("h1")).to_have_text(case.declared_name)
            page.wait_for_function(LOADED)
            page.wait_for_timeout(1000 * look)
            for key in pressed:
                page.keyboard.press(key)
            keys += len(pressed)
        expect(page.locator("body.console-queue")).to_be_attached()
        seconds = time.monotonic() - started
        log = json.loads(page.evaluate("sessionStorage.log"))
        browser.close()
    return {"seconds": seconds, "keys": keys, **log}


def _repeated(what: Any, count: int) -> list[Any]:
    each = list(what)
    return [each[number % len(each)] for number in range(count)]


def listening(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit("The web server did not start.") from None
            time.sleep(0.1)
        else:
            return


def waiting(at: datetime, seed: int) -> Any:
    """Queue a case whose declared name differs from the one on its licence."""
    from documents.specimens import Company, make_specimen
    from documents.upload.intake import open_upload
    from employers.models import Employer, Member, User
    from events.core.actor import SYSTEM
    from verification.cases import decisions, documents, operations
    from verification.models import CheckRun, DocumentKind
    from verification.rules.findings import Finding, Severity

    company, specimen = Company.fictitious(seed), make_specimen(seed)
    employer = Employer.objects.create(
        name=f"第{seed}号申报名称有限公司", uscc=company.uscc, registered_at=at
    )
    user = User.objects.create_user(f"hr{seed}@{company.domain}", None, email_verified_at=at)
    member = Member.objects.create(user=user, employer=employer, role="owner", joined_at=at)
    case = operations.open_case(employer, member.as_actor(), at)
    document = documents.add_document(
        case.pk,
        DocumentKind.BUSINESS_LICENCE,
        open_upload(specimen.jpeg()),
        {"clean": None},
        user,
        member.as_actor(),
        at,
    )
    attempt = operations.submit_case(case.pk, user, member.as_actor(), at)
    width, height = specimen.image.size
    reading = {
        "document": str(document.pk),
        "page": 1,
        "turn": 0,
        "looks_like_licence": True,
        "qr_uscc": company.uscc,
        "fields": {"name": company.name, "uscc": company.uscc},
        "regions": {"name": [width * 0.17, height * 0.455, width * 0.43, height * 0.485]},
    }
    finding = Finding(
        "reading", "name_mismatch", Severity.CONCERN, "name", company.name, employer.name
    )
    CheckRun.objects.create(
        attempt=attempt,
        code="reading",
        version="1",
        observation=reading,
        findings=[finding.as_json()],
        started_at=at,
        finished_at=at,
    )
    why = decisions.Why([finding.as_reason()])
    with operations.moving_case(case.pk, "start_checks", SYSTEM, at):
        pass
    with operations.moving_case(case.pk, "hold_for_review", SYSTEM, at, why=why) as move:
        decisions.put_on_record(move.case, "hold_for_review", why, SYSTEM, at)
    attempt.finished_at = at
    attempt.save()
    case.refresh_from_db()
    return case


if __name__ == "__main__":
    main()
