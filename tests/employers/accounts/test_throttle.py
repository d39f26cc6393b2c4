"""Tests of the account pages after too many attempts."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import signing
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.edge import Edge
from employers.accounts import invitations
from employers.models import AttemptCount, Invitation, User
from employers.security import throttle
from events.core.errors import Refused
from events.models import Mail
from tests.employers.accounts.account_pages import form, text, verified_owner
from tests.factories import PASSWORD, make_member, make_reviewer

pytestmark = pytest.mark.django_db


class TestTooManyTries:
    """For each entry point: the last attempt allowed, the first refused, and others, who are not
    locked out.
    """

    WRONG = {"username": "hr@example.com", "password": "wrong"}
    RIGHT = {"username": "hr@example.com", "password": PASSWORD}

    def fail(self, times: int, **headers: str) -> list[int]:
        stranger = Client(headers={"accept-language": "en"})
        return [stranger.post("/sign-in/", self.WRONG, **headers).status_code for _ in range(times)]  # type: ignore[arg-type]

    def test_an_address_is_closed_to_strangers_for_a_quarter_of_an_hour(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_member(now, email="hr@example.com")
        monkeypatch.setattr(timezone, "now", lambda: now)
        assert (
            self.fail(throttle.PASSWORDS_OF_ADDRESS.tries + 2)
            == [200] * throttle.PASSWORDS_OF_ADDRESS.tries + [429] * 2
        )
        closed = Client(headers={"accept-language": "en"}).post("/sign-in/", self.RIGHT)
        assert closed.status_code == 429
        assert "Try again after <b>24 November 2026, 18:15</b>" in text(closed)  # Asia/Shanghai
        monkeypatch.setattr(timezone, "now", lambda: now + timedelta(minutes=15))
        assert Client().post("/sign-in/", self.RIGHT).status_code == 302

    def test_another_spelling_is_the_same_address(self, now: datetime) -> None:
        make_member(now, email="hr@example.com")
        self.fail(throttle.PASSWORDS_OF_ADDRESS.tries)
        assert (
            Client().post("/sign-in/", self.RIGHT | {"username": " HR@Example.com "}).status_code
            == 429
        )

    def test_who_signed_in_here_before_is_let_in_whatever_strangers_do(
        self, visitor: Client, now: datetime
    ) -> None:
        make_member(now, email="hr@example.com")
        visitor.post("/sign-in/", self.RIGHT)
        visitor.post("/sign-out/")
        self.fail(throttle.PASSWORDS_OF_ADDRESS.tries + 1)
        assert visitor.post("/sign-in/", self.RIGHT).status_code == 302

    def test_a_known_browser_may_not_guess_either_and_not_at_others(
        self, visitor: Client, now: datetime
    ) -> None:
        for email in ("hr@example.com", "other@example.com"):
            make_member(now, email=email)
        visitor.post("/sign-in/", self.RIGHT | {"username": "other@example.com"})
        visitor.post("/sign-out/")
        self.fail(throttle.PASSWORDS_OF_ADDRESS.tries)
        assert visitor.post("/sign-in/", self.RIGHT).status_code == 429
        for _ in range(throttle.PASSWORDS_OF_ADDRESS.tries):
            assert (
                visitor.post(
                    "/sign-in/", self.WRONG | {"username": "other@example.com"}
                ).status_code
                == 200
            )
        assert (
            visitor.post("/sign-in/", self.RIGHT | {"username": "other@example.com"}).status_code
            == 429
        )

    def test_a_forged_cookie_is_nobodys(self, visitor: Client, now: datetime) -> None:
        make_member(now, email="hr@example.com")
        self.fail(throttle.PASSWORDS_OF_ADDRESS.tries)
        visitor.cookies[throttle.KNOWN_COOKIE] = signing.dumps(["x", "y"], salt="another")
        assert visitor.post("/sign-in/", self.RIGHT).status_code == 429

    def test_a_new_password_is_the_way_out(self, visitor: Client, now: datetime) -> None:
        make_member(now, email="hr@example.com")
        self.fail(throttle.PASSWORDS_OF_ADDRESS.tries)
        visitor.post("/password/", {"email": "hr@example.com"})
        page = visitor.get(
            Mail.objects.get().context["link"].removeprefix(settings.SITE_URL), follow=True
        )
        visitor.post(page.redirect_chain[-1][0], {"password": "another long sentence"})
        assert (
            visitor.post(
                "/sign-in/", {"username": "hr@example.com", "password": "another long sentence"}
            ).status_code
            == 302
        )

    def test_one_network_guessing_at_many(self, now: datetime) -> None:
        make_member(now, email="hr@example.com")
        stranger = Client(REMOTE_ADDR="203.0.113.9")
        for number in range(throttle.PASSWORDS_FROM_NETWORK.tries):
            assert (
                stranger.post(
                    "/sign-in/", self.WRONG | {"username": f"person{number}@example.com"}
                ).status_code
                == 200
            )
        assert stranger.post("/sign-in/", self.RIGHT).status_code == 429
        assert Client(REMOTE_ADDR="203.0.113.10").post("/sign-in/", self.RIGHT).status_code == 302

    def test_an_attacker_in_the_office_locks_no_colleague_out(self, now: datetime) -> None:
        """They share one address. The colleagues' browsers have signed in before."""
        office = {"REMOTE_ADDR": "203.0.113.9"}
        for email in ("hr@example.com", "second@example.com"):
            make_member(now, email=email)
        shared = Client(**office)
        for email in ("hr@example.com", "second@example.com"):
            assert shared.post("/sign-in/", self.RIGHT | {"username": email}).status_code == 302
            shared.post("/sign-out/")
        attacker = Client(**office)
        guesses = [
            attacker.post("/sign-in/", self.WRONG | {"username": f"p{number}@example.com"})
            for number in range(throttle.PASSWORDS_FROM_NETWORK.tries + 1)
        ]
        assert [guesses[-2].status_code, guesses[-1].status_code] == [200, 429]
        counted = list(AttemptCount.objects.order_by("pk").values_list("pk", "count"))
        for email in ("hr@example.com", "second@example.com") * throttle.PASSWORDS_OF_ADDRESS.tries:
            assert shared.post("/sign-in/", self.RIGHT | {"username": email}).status_code == 302
            shared.post("/sign-out/")
        still = AttemptCount.objects.filter(pk__in=[key for key, _ in counted])
        assert list(still.order_by("pk").values_list("pk", "count")) == counted
        assert Client(**office).post("/sign-in/", self.RIGHT).status_code == 429, "a new browser"

    def test_a_browser_is_known_for_a_few_accounts_and_by_an_earlier_cookie(
        self, now: datetime
    ) -> None:
        cookie = ""
        accounts = [f"p{number}@example.com" for number in range(throttle.KNOWN_ACCOUNTS + 1)]
        for account in accounts:
            cookie = throttle.known_browser(account, f"of {account}", before=cookie)
        known = [throttle.known_for(account, cookie) for account in accounts]
        assert known == ["", *(f"of {account}" for account in accounts[1:])]
        digest = hashlib.sha256(b"hr@example.com").hexdigest()
        earlier = signing.dumps([digest, "x"], salt=throttle.KNOWN_SALT)
        assert throttle.known_for("hr@example.com", earlier) == "x"
        both = throttle.known_browser("other@example.com", "y", before=earlier)
        assert throttle.known_for("hr@example.com", both) == "x"
        assert throttle.known_for("other@example.com", earlier) == ""

    def test_right_passwords_are_not_counted(self, now: datetime) -> None:
        make_member(now, email="hr@example.com")
        for _ in range(throttle.PASSWORDS_FROM_NETWORK.tries + 2):
            assert Client().post("/sign-in/", self.RIGHT).status_code == 302

    def test_registration_and_invitation_are_no_way_around(
        self, visitor: Client, now: datetime
    ) -> None:
        owner = verified_owner(now)
        make_member(now, email="hr@example.com")
        for number in range(throttle.PASSWORDS_OF_ADDRESS.tries):
            stranger = Client()
            guess = form(password=f"a wrong sentence {number}")
            mailed = number < throttle.MAILS_TO_ADDRESS.tries
            assert stranger.post("/register/", guess).status_code == (302 if mailed else 429)
            assert throttle.KNOWN_COOKIE not in stranger.cookies, "no guesses of its own"
        answer = visitor.post("/register/", form(password=PASSWORD))
        assert (answer.status_code, "You have tried too many times" in text(answer)) == (429, True)
        invited = Invitation.objects.create(
            employer=owner.employer,
            inviter=owner,
            email="hr@example.com",
            sent_at=timezone.now(),
            expires_at=timezone.now() + invitations.VALID_FOR,
        )
        token = signing.dumps(str(invited.pk), salt=invitations.SALT)
        assert visitor.post(f"/join/{token}/", {"password": PASSWORD}).status_code == 429

    def test_a_form_that_is_refused_tries_no_password(self, now: datetime) -> None:
        """Refused forms are not counted, so they must not tell whether the password was right."""
        make_member(now, email="hr@example.com")
        for changes in ({"password": PASSWORD[:5]}, {"email": "hr@"}):
            visitor = Client()
            sent = visitor.post("/register/", form(password=PASSWORD) | changes)
            assert (sent.status_code, "_auth_user_id" in visitor.session) == (422, False)

    def test_one_network_registers_so_many(self, now: datetime) -> None:
        for number in range(throttle.REGISTRATIONS_FROM_NETWORK.tries):
            assert (
                Client().post("/register/", form(email=f"hr{number}@example.com")).status_code
                == 302
            )
        assert Client().post("/register/", form()).status_code == 429
        assert User.objects.count() == throttle.REGISTRATIONS_FROM_NETWORK.tries

    def test_mistakes_at_registration_are_not_counted(self, visitor: Client) -> None:
        for _ in range(throttle.REGISTRATIONS_FROM_NETWORK.tries + 1):
            assert visitor.post("/register/", form(password="12345")).status_code == 422

    @pytest.mark.parametrize("known", [True, False])
    def test_reset_mails_are_few_and_the_answer_tells_of_no_account(
        self, visitor: Client, now: datetime, known: bool
    ) -> None:
        if known:
            make_member(now, email="hr@example.com")
        codes = [
            visitor.post("/password/", {"email": "hr@example.com"}).status_code
            for _ in range(throttle.MAILS_TO_ADDRESS.tries + 1)
        ]
        assert codes == [302] * throttle.MAILS_TO_ADDRESS.tries + [429]
        assert Mail.objects.count() == throttle.MAILS_TO_ADDRESS.tries

    def test_the_console_counts_too(self, now: datetime) -> None:
        make_reviewer(now, "reviewer@example.com")
        entry = {"username": "reviewer@example.com", "password": "wrong"}
        for _ in range(throttle.PASSWORDS_OF_ADDRESS.tries):
            Client().post("/console/login/", entry)
        refused = Client(headers={"accept-language": "en"}).post(
            "/console/login/", entry | {"password": PASSWORD}
        )
        assert (refused.status_code, "You have tried too many times" in text(refused)) == (
            200,
            True,
        )

    @pytest.mark.parametrize(
        ("remote", "forwarded", "proxy", "network"),
        [
            ("203.0.113.9", "", False, "203.0.113.9"),
            ("203.0.113.9", "198.51.100.7", False, "203.0.113.9"),
            ("127.0.0.1", "10.9.9.9, 198.51.100.7", True, "198.51.100.7"),
            ("2001:db8:1:2:3::4", "", False, "2001:db8:1:2::/64"),
            ("::ffff:203.0.113.9", "", False, "203.0.113.9"),
            ("", "", False, "unknown"),
        ],
    )
    def test_where_a_request_comes_from(
        self, remote: str, forwarded: str, proxy: bool, network: str, settings: Any
    ) -> None:
        settings.PROXIES = int(proxy)
        more = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
        request = RequestFactory().get("/", REMOTE_ADDR=remote, **more)
        Edge(lambda _: HttpResponse())(request)
        assert throttle.client_network(throttle.caller_of(request)) == network

    def test_a_window_is_not_prolonged_by_trying(self) -> None:
        begun = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
        counted = [(throttle.Limit("x", 1), "someone")]
        throttle.count_try(counted, begun)
        for minute in range(15):
            with pytest.raises(Refused, match="too_many_tries"):
                throttle.count_try(counted, begun + timedelta(minutes=minute))
        throttle.count_try(counted, begun + timedelta(minutes=15))

    @pytest.mark.slow
    def test_a_thousand_refused_requests_free_nobodys_counter(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_member(now, email="hr@example.com")
        monkeypatch.setattr(timezone, "now", lambda: now)
        self.fail(throttle.PASSWORDS_OF_ADDRESS.tries)
        stranger = Client()
        codes = [
            stranger.post("/password/", {"email": f"junk{number}@example.com"}).status_code
            for number in range(throttle.RESETS_FROM_NETWORK.tries)
        ]
        assert set(codes) == {302}
        counters = AttemptCount.objects.count()
        for number in range(1000):
            answer = stranger.post("/password/", {"email": f"more{number}@example.com"})
            assert answer.status_code == 429
        assert AttemptCount.objects.count() == counters, "a refused network makes no new counters"
        assert self.fail(1) == [429]

    def test_a_refused_network_adds_no_counter_by_any_way(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(timezone, "now", lambda: now)
        owner = verified_owner(now)
        for limit in (
            throttle.PASSWORDS_FROM_NETWORK,
            throttle.REGISTRATIONS_FROM_NETWORK,
            throttle.RESETS_FROM_NETWORK,
            throttle.INVITATIONS_FROM_NETWORK,
        ):
            for _ in range(limit.tries):
                throttle.count_try([(limit, "127.0.0.1")], now)
        counters = AttemptCount.objects.count()
        member = Client()
        member.force_login(owner.user)
        for number in range(5):
            email = f"junk{number}@example.com"
            invited = Invitation.objects.create(
                employer=owner.employer,
                inviter=owner,
                email=email,
                sent_at=now,
                expires_at=now + invitations.VALID_FOR,
            )
            token = signing.dumps(str(invited.pk), salt=invitations.SALT)
            codes = [
                Client().post("/sign-in/", {"username": email, "password": "x"}).status_code,
                Client().post("/console/login/", {"username": email, "password": "x"}).status_code,
                Client().post("/register/", form(email=email)).status_code,
                Client().post("/password/", {"email": email}).status_code,
                Client().post(f"/join/{token}/", {"password": PASSWORD}).status_code,
                member.post("/team/", {"contact": email}).status_code,
            ]
            assert codes == [429, 200, 429, 429, 429, 429]  # the console's page has no other status
        assert AttemptCount.objects.count() == counters

    def test_counters_are_shared_and_reveal_nothing(self, now: datetime) -> None:
        throttle.count_try([(throttle.MAILS_TO_ADDRESS, "hr@example.com")], now)
        counter = AttemptCount.objects.get()
        assert counter.count == 1 and "hr@" not in counter.key
        AttemptCount.objects.update(count=throttle.MAILS_TO_ADDRESS.tries)  # by another process
        with pytest.raises(Refused, match="too_many_tries"):
            throttle.count_try([(throttle.MAILS_TO_ADDRESS, "hr@example.com")], now)

    def test_past_counters_are_deleted_in_small_steps(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(throttle, "DELETED_AT_ONCE", 2)
        later = now + timedelta(hours=2)
        for number in range(5):
            throttle.count_try([(throttle.MAILS_TO_ADDRESS, f"{number}@example.com")], now)
        throttle.count_try([(throttle.RESETS_TO_ADDRESS, "1@example.com")], now)  # lasts a day
        throttle.count_try([(throttle.MAILS_TO_ADDRESS, "1@example.com")], later)
        with CaptureQueriesContext(connection) as queries:
            assert throttle.delete_old_counters(later) == 5
        deleting = [query["sql"] for query in queries if query["sql"].startswith("DELETE")]
        assert len(deleting) == 3
        assert AttemptCount.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_parallel_attempts_are_all_counted(now: datetime) -> None:
    """Twenty at once: exactly the allowed number passes."""

    def attempt(_: int) -> bool:
        try:
            throttle.count_try([(throttle.PASSWORDS_OF_ADDRESS, "hr@example.com")], now)
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        passed = sum(pool.map(attempt, range(20)))
    assert passed == throttle.PASSWORDS_OF_ADDRESS.tries


@pytest.mark.django_db(transaction=True)
def test_no_transaction_can_take_an_attempt_back(now: datetime) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        throttle.count_try([(throttle.MAILS_TO_ADDRESS, "hr@example.com")], now)
