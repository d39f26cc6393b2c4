"""The queues of tasks, and the intervals of periodic tasks.

A worker takes from all queues unless it is started for some of them. Readings take seconds each and
anyone can cause them, so they have a queue of their own: a flood of them delays neither decisions
nor what is prompt, such as closing relays and sending mails.
"""

from __future__ import annotations

from typing import Any, Final

READINGS: Final = "readings"
DECISIONS: Final = "decisions"
PROMPT: Final = "prompt"
QUEUES: Final = (PROMPT, DECISIONS, READINGS)
ROUTES: Final = {
    "verification.tasks.read_document": {"queue": READINGS},
    "verification.tasks.open_held_upload": {"queue": READINGS},
    "verification.tasks.read_licence_photo": {"queue": READINGS},
    "verification.tasks.look_for_strays": {"queue": READINGS},
    "verification.tasks.check_attempt": {"queue": DECISIONS},
    "verification.tasks.check_proof": {"queue": DECISIONS},
    "verification.tasks.watch_register": {"queue": DECISIONS},
    "verification.tasks.find_excluded_members": {"queue": DECISIONS},
    "verification.tasks.confirm_conditional": {"queue": DECISIONS},
    "downloads.tasks.prepare_copy": {"queue": DECISIONS},
    "downloads.tasks.look_at_leak": {"queue": DECISIONS},
}
"""The tasks that may take long. All others are prompt."""


def beat_schedule(sweep_seconds: int, watch_downloads_seconds: int) -> dict[str, dict[str, Any]]:
    """Return the schedule of Celery's beat.

    A task that no worker takes before the next one is due expires, so a busy worker finds one
    instead of a hundred.
    """
    every: dict[str, float] = {
        "verification.tasks.sweep": sweep_seconds,
        "verification.tasks.remind_to_renew": 3600,
        "verification.tasks.end_clients": 3600,
        "verification.tasks.watch_register": 3600,
        "verification.tasks.find_excluded_members": 3600,
        "verification.tasks.watch_service": 60,
        "verification.tasks.sweep_readings": sweep_seconds,
        "verification.tasks.sweep_held_uploads": sweep_seconds,
        "verification.tasks.sweep_licence_photos": sweep_seconds,
        "verification.tasks.erase_withdrawn": 3600,
        "verification.tasks.sweep_proofs": sweep_seconds,
        "verification.tasks.confirm_conditional": 3600,
        "verification.tasks.carry_out_rulings": 5,
        "verification.tasks.place_queue": sweep_seconds,
        "verification.tasks.give_golden": sweep_seconds,
        "verification.tasks.end_golden": 3600,
        "verification.tasks.look_for_strays": 6 * 3600,
        "downloads.tasks.lift_step_ups": sweep_seconds,
        "downloads.tasks.watch_downloads": watch_downloads_seconds,
        "downloads.tasks.tell_first_askings": sweep_seconds,
        "downloads.tasks.retire_answers": 3600,
        "downloads.tasks.watch_services": 60,
        "downloads.tasks.send_digest": 300,
        "downloads.tasks.sweep_copies": 5,
        "downloads.tasks.sweep_leaks": sweep_seconds,
        "downloads.tasks.sweep_canaries": sweep_seconds,
        "downloads.tasks.retire_copies": 600,
        "downloads.tasks.remind_erasures": 3600,
        "downloads.tasks.sweep_candidate_texts": sweep_seconds,
        "downloads.tasks.forget_short_links": 6 * 3600,
        "downloads.tasks.close_relays": 5,
        "downloads.tasks.sweep_relays": sweep_seconds,
        "downloads.tasks.sweep_teams": 5,
        "downloads.tasks.poll_calls": 300,
        "events.tasks.sweep_mail": sweep_seconds,
        "events.tasks.sweep_sms": sweep_seconds,
        "events.tasks.pull_sms_reports": 60,
        "events.tasks.forget_sms": 3600,
        "events.tasks.sweep_outgoing": sweep_seconds,
        "events.tasks.sweep_webhooks": 5,
        "events.tasks.sweep_alerts": 5,
        "events.tasks.forget_alerts": 3600,
        "events.tasks.forget_webhooks": 3600,
        "employers.tasks.sweep_answers": 3600,
        "employers.tasks.sweep_links": 3600,
        "employers.tasks.sweep_attempts": 600,
        "employers.tasks.sweep_accounts": 3600,
        "employers.tasks.remind_idle_owners": 6 * 3600,
        "events.tasks.forget_mail": 3600,
    }
    return {
        task: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
        for task, seconds in every.items()
    }
