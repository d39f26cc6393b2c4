"""The words for events in the console's list."""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from downloads.admin.answers import TIERS
from verification.cases import wording

EVENTS: Final[dict[str, Promise]] = wording.HAPPENED_FOR_STAFF | {
    "register": _("Account registered"),
    "open_account": _("Account opened"),
    "prove_phone": _("Phone number verified"),
    "lose_phone": _("Verified phone number lost"),
    "remind_idle_owner": _("Owner reminded to sign in"),
    "photograph_licence": _("Photo of the licence taken"),
    "drop_licence_photo": _("Photo of the licence removed"),
    "refuse_licence_photo": _("Photo of another paper refused"),
    "erase_licence_photo": _("Photo of the licence erased"),
    "look_up_company": _("Company name looked up"),
    "nearly_use_sms_budget": _("Budget for text messages nearly used"),
    "verify_email": _("Email address verified"),
    "invite": _("Colleague invited"),
    "join": _("Colleague joined"),
    "add_member": _("Recruiter added by the platform"),
    "remove_member": _("Recruiter removed"),
    "hold_member": _("Recruiter held for review"),
    "let_member_in": _("Recruiter allowed to download by a reviewer"),
    "make_owner": _("Colleague made an owner"),
    "delete_account": _("Account deleted by its owner"),
    "erase_address": _("Address of a deleted account erased"),
    "link_member": _("Recruitment site linked"),
    "unlink_member": _("Link with a recruitment site ended"),
    "first_asking": _("Recruitment site asked about the company for the first time"),
    "ask_unlinked": _("Platform asked too often about recruiters who have not linked it"),
    "release_address": _("Unverified account closed to free its email address"),
    "take_back": _("Phone number and devices of an unverified account forgotten"),
    "set_phone": _("Phone number saved"),
    "ask_address_change": _("Change of email address requested"),
    "cancel_address_change": _("Change of email address cancelled"),
    "change_address": _("Email address changed"),
    "stop_address_change": _("Change of email address stopped from the old address"),
    "end_sign_in": _("Session ended by its owner"),
    "end_sign_ins": _("All other sessions ended by their owner"),
    "warn_owners": _("Owner warned that another account claims the company"),
    "make_onboarding_link": _("Link from the platform created"),
    "onboard": _("Arrived through the platform's link"),
    "enter_console": _("Signed in to the console"),
    "shut_console": _("Signed out of the console for safety"),
    "look": _("Console page opened"),
    "search": _("Console searched"),
    "look_quality": _("Decision quality viewed"),
    "lock": _("Sign-in locked"),
    "enrol_second_factor": _("Two-step verification set up"),
    "reset_second_factor": _("Two-step verification reset"),
    "add_passkey": _("Passkey added"),
    "remove_passkey": _("Passkey removed"),
    "turn_off_second_factor": _("Two-step verification turned off"),
    "renew_recovery_codes": _("Recovery codes replaced"),
    "require_second_factor": _("Two-step verification made required or optional"),
    "use_recovery_code": _("Recovery code used"),
    "view_page": _("Document page viewed"),
    "exclude": _("Added to the exclusion list"),
    "lift_exclusion": _("Removed from the exclusion list"),
    "keep_golden": _("Golden case saved"),
    "retire_golden": _("Golden case retired"),
    # Staff and accounts
    "invite_staff": _("Colleague invited to the console"),
    "send_password_link": _("Link to choose a password sent"),
    "set_password": _("Password chosen"),
    "change_groups": _("Groups of a colleague changed"),
    "change_group": _("Permissions of a group changed"),
    "propose_superuser": _("Superuser proposed"),
    "make_superuser": _("Superuser confirmed"),
    "drop_superuser": _("Superuser proposal dropped"),
    "end_superuser": _("Superuser rights ended"),
    "read": _("Record about people opened"),
    "many_reads": _("Many records opened within an hour"),
    "withdraw_invitation": _("Invitation cancelled"),
    "lapse_address": _("Closed account no longer holds its address"),
    "tell_holder": _("Owner of the address notified of a registration"),
    "limit_key": _("API key limited"),
    "keep_reply": _("Reply saved"),
    "create_api_client": _("Platform created"),
    "revoke_api_client": _("Platform revoked"),
    "add_key": _("API key created"),
    "rotate_key": _("API key replaced"),
    "revoke_key": _("API key revoked"),
    "set_contact": _("Contact address changed"),
    "set_return_urls": _("Return addresses changed"),
    "set_candidate_settings_url": _("Address of candidates' settings changed"),
    "text_candidates": _("Text messages to candidates switched on or off"),
    "copy_candidate": _("Candidate saved a copy of their data"),
    "create_alert_channel": _("Alert channel created"),
    "change_alert_channel": _("Alert channel changed"),
    "test_alert_channel": _("Test message sent to an alert channel"),
    "create_webhook": _("Webhook endpoint created"),
    "change_webhook": _("Webhook endpoint changed"),
    "delete_webhook": _("Webhook endpoint deleted"),
    "rotate_webhook_secret": _("Webhook secret replaced"),
    "pause_webhook": _("Webhook endpoint paused"),
    "resume_webhook": _("Webhook endpoint resumed"),
    "replay_webhook": _("Events sent again"),
    "propose_ladder": _("Ladder version proposed"),
    "activate_ladder": _("Ladder version activated"),
    "drop_ladder": _("Ladder version dropped"),
    "propose_stop": _("Download stop proposed"),
    "stop_releases": _("All downloads stopped"),
    "propose_resume": _("End of the download stop proposed"),
    "resume_releases": _("Downloads allowed again"),
    "drop_stop": _("Proposal about a download stop dropped"),
    "propose_move": _("Tier change proposed"),
    "confirm_move": _("Tier change confirmed"),
    "drop_move": _("Tier change dropped"),
    "promote": _("Moved to a higher tier"),
    "demote": _("Moved to a lower tier"),
    "restrict": _("Downloads restricted"),
    "step_up": _("Asked to prove authority again"),
    "release": _("Restriction lifted"),
    "plant_canary": _("Canary planted"),
    "ring_canary": _("Canary called"),
    "settle_canary": _("Canary call settled"),
    "ask_trace": _("Leak trace requested"),
    "trace_copy": _("Leak traced to this copy"),
    "put_candidate": _("Candidate saved by the platform"),
    "declare_default": _("Platform's default settings declared"),
    "erase_candidate": _("Candidate erased"),
    "block_employer": _("Employer blocked by the candidate"),
    "unblock_employer": _("Employer unblocked by the candidate"),
    "rotate_link": _("Link to the candidate's page replaced"),
    "ask_consent": _("Candidate asked for consent"),
    "give_consent": _("Consent given"),
    "refuse_consent": _("Consent refused"),
    "revoke_consent": _("Consent withdrawn"),
    "release_resume": _("Resume released"),
    "tell_candidate": _("Candidate notified"),
    "miss_candidate": _("Candidate could not be reached"),
    "report_misuse": _("Misuse reported"),
    "settle_report": _("Misuse report settled"),
    "order_erasure": _("Erasure requested"),
    "answer_erasure": _("Erasure request answered"),
    "withdraw_erasure": _("Erasure request withdrawn"),
    "miss_erasure": _("Erasure overdue"),
    "request_copy": _("Resume copy requested"),
    "ready_copy": _("Resume copy ready"),
    "fail_copy": _("Resume copy failed"),
    "open_copy": _("Resume copy opened"),
    "open_copy_again": _("Resume copy opened again"),
    "request_relay": _("Relay number requested"),
    "wait_relay": _("Relay number delayed"),
    "bind_relay": _("Relay number assigned"),
    "extend_relay": _("Relay number extended"),
    "remind_relay": _("Reminded that the relay number ends soon"),
    "call_relay": _("Call to the relay number"),
    "mute_relay": _("Relay number muted by the candidate"),
    "unmute_relay": _("Relay number unmuted by the candidate"),
    "end_relay": _("Relay number ended"),
    "fail_relay": _("No relay number available"),
    "ask_contact": _("Candidate asked whether they may be reached again"),
    "answer_contact": _("Candidate answered whether they may be reached again"),
    "state_values": _("Licence details checked by the recruiter"),
}
"""What happened, by the verb that is stored."""

_MODELS: Final = {model._meta.model_name: model for model in apps.get_models()}
_TIERS: Final[dict[str, Promise]] = {tier.value: words for tier, words in TIERS.items()}
_KINDS: Final = {"goldencase": _("golden case")}
"""Kinds of subjects whose model has no name in words."""

WITH_STATES: Final = ("case", "copy", "relaybinding", "candidate", "standing")
"""The kinds of subjects that change their state."""


def kind_in_words(subject_type: str) -> wording.Word:
    """Return the kind of an event's subject, in the language of the page."""
    model = _MODELS.get(subject_type)
    return _KINDS.get(subject_type) or (model._meta.verbose_name if model else "") or subject_type


def state_in_words(subject_type: str, state: str) -> wording.Word:
    """Return a state of an event's subject, in the language of the page."""
    if subject_type == "case" and state in wording.STATES:
        return wording.STATES[state].staff
    model = _MODELS.get(subject_type)
    for field in model._meta.fields if model else ():
        words: dict[Any, Any] = dict(field.flatchoices)
        if field.name in ("state", "mode") and state in words:
            return str(words[state])
    return _TIERS.get(state, state)
