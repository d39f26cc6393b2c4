"""Tests of the account pages: registration, sign-in, passwords, mails and phone numbers."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.core import signing
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone, translation

from employers.accounts import membership, registration
from employers.accounts.views import site_links
from employers.models import Employer, User
from events.core.errors import Refused
from events.delivery.mail import paths_of
from events.models import Event, Mail
from tests.employers.accounts.account_pages import form, text
from tests.employers.accounts.phone_codes import code_to
from tests.factories import PASSWORD, make_case, make_member, make_reviewer, make_uscc, sign_in

pytestmark = pytest.mark.django_db
PHONE_PAGE = "/account/phone/"


class TestRegister:
    def test_makes_a_signed_in_account_and_mails_a_code_and_a_link(self, visitor: Client) -> None:
        response = visitor.post("/register/", form())
        assert (response.status_code, response["Location"]) == (302, "/case/")
        user = User.objects.get()
        assert (user.email, user.language, user.email_verified_at) == ("hr@example.com", "en", None)
        assert visitor.session["_auth_user_id"] == str(user.pk)
        mail = Mail.objects.get()
        assert mail.context["link"].startswith(settings.SITE_URL + "/verify-email/")
        assert re.fullmatch("[0-9]{6}", mail.context["code"])
        assert not Employer.objects.exists()

    def test_the_same_form_twice_is_one_account(self, visitor: Client) -> None:
        sent = form()
        assert visitor.post("/register/", sent).status_code == 302
        assert Client().post("/register/", sent).status_code == 302
        assert User.objects.count() == 1

    def test_weak_password_and_empty_fields(self, visitor: Client) -> None:
        page = text(visitor.post("/register/", form(password="12345", email="")))
        assert "This password is too short" in page
        assert "This field is required." in page

    def test_in_chinese(self) -> None:
        page = text(
            Client(headers={"accept-language": "zh-CN"}).post("/register/", form(email="hr@"))
        )
        assert "提交未成功" in page
        assert '<html lang="zh-Hans">' in page

    def test_an_oversized_form_is_refused(self, visitor: Client) -> None:
        response = visitor.post(
            "/register/", form(company="x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))
        )
        assert response.status_code == 413
        assert "Your upload is too large" in text(response)


class TestCodeInMail:
    """The six digits in the mail confirm the address, as its link does."""

    WAIT = "/register/address/"

    @pytest.fixture
    def user(self, visitor: Client) -> User:
        visitor.post("/register/", form())
        return User.objects.get()

    def test_confirms_and_leads_to_the_company(self, visitor: Client, user: User) -> None:
        assert visitor.get("/case/")["Location"] == self.WAIT
        assert 'autocomplete="one-time-code"' in text(visitor.get(self.WAIT))
        code = Mail.objects.get().context["code"]
        assert visitor.post(self.WAIT, {"code": f" {code[:3]} {code[3:]}"})["Location"] == "/case/"
        user.refresh_from_db()
        assert user.email_verified_at is not None
        assert Event.objects.filter(verb="verify_email").count() == 1
        assert visitor.get("/case/")["Location"] == "/register/company/"
        assert visitor.get(self.WAIT)["Location"] == "/case/"

    def test_a_wrong_code_confirms_nothing(self, visitor: Client, user: User) -> None:
        code = Mail.objects.get().context["code"]
        wrong = visitor.post(self.WAIT, {"code": f"{(int(code) + 1) % 10**6:06d}"})
        assert wrong.status_code == 422
        user.refresh_from_db()
        assert user.email_verified_at is None

    def test_the_code_of_another_account_with_this_address_confirms_nothing(
        self, visitor: Client, user: User
    ) -> None:
        """A thief who registers with the address cannot use the code that its reader asked for."""
        thief = Client()
        thief.post("/register/", form(password="a thief's sentence"))
        codes = {mail.context["code"] for mail in Mail.objects.filter(template="verify_email")}
        assert len(codes) == 2
        mine = Mail.objects.order_by("pk")[0].context["code"]
        assert thief.post(self.WAIT, {"code": mine}).status_code == 422
        assert not User.objects.filter(email_verified_at__isnull=False).exists()

    def test_no_code_is_mailed_for_a_taken_address(self, visitor: Client, now: datetime) -> None:
        make_member(now, email="hr@example.com", email_verified_at=now)
        visitor.post("/register/", form(password="quite another sentence"))
        assert [mail.template for mail in Mail.objects.all()] == ["address_taken"]
        assert visitor.get("/case/")["Location"] == self.WAIT

    def test_after_too_many_wrong_codes_the_link_still_works(
        self, visitor: Client, user: User
    ) -> None:
        for number in range(25):
            visitor.post(self.WAIT, {"code": f"{number:06d}"})
        link = Mail.objects.get().context["link"].removeprefix(settings.SITE_URL)
        assert visitor.post(link)["Location"] == "/case/"

    def test_the_page_that_waits_goes_on_once_the_link_was_opened_elsewhere(
        self, visitor: Client, user: User
    ) -> None:
        waiting = {"headers": {"HX-Request": "true"}}
        answer = visitor.get(self.WAIT, **waiting)
        assert (answer.status_code, answer.get("HX-Redirect")) == (204, None)
        elsewhere = Client()
        elsewhere.post("/sign-in/", {"username": user.email, "password": form()["password"]})
        elsewhere.post(Mail.objects.get().context["link"].removeprefix(settings.SITE_URL))
        assert visitor.get(self.WAIT, **waiting)["HX-Redirect"] == "/case/"


class TestCodeWhileTyping:
    @pytest.mark.parametrize(
        ("typed", "says"), [("", ""), ("9199", "4 of 18 characters"), ("91" * 9, "not valid")]
    )
    def test_says(self, visitor: Client, typed: str, says: str) -> None:
        assert says in text(visitor.get("/register/code/", {"uscc": typed}))

    def test_right_and_respelt(self, visitor: Client) -> None:
        code = make_uscc(1)
        page = text(
            visitor.get(
                "/register/code/", {"uscc": f" {code[:2]}-{code[2:].lower()}".replace("0", "o")}
            )
        )
        assert "18 characters, check character correct" in page
        assert code in page

    def test_it_does_not_break_out_of_its_place(self, visitor: Client) -> None:
        assert "<script" not in text(
            visitor.get("/register/code/", {"uscc": "<script>alert(1)</script>"})
        )


class TestSignIn:
    def test_wrong_password(self, visitor: Client, now: datetime) -> None:
        make_member(now, email="hr@example.com")
        page = text(visitor.post("/sign-in/", {"username": "hr@example.com", "password": "wrong"}))
        assert "email address or password is incorrect" in page
        assert 'value="hr@example.com"' in page

    def test_takes_on_the_accounts_language_unless_one_was_chosen_here(self, now: datetime) -> None:
        make_member(now, email="hr@example.com", language="en")
        entry = {"username": "HR@example.com", "password": PASSWORD}
        fresh, chosen = Client(), Client()
        chosen.post("/language/", {"language": "zh-hans"})
        for visitor in (fresh, chosen):
            assert visitor.post("/sign-in/", entry)["Location"] == "/case/"
        assert fresh.cookies["django_language"].value == "en"
        assert chosen.cookies["django_language"].value == "zh-hans"

    def test_someone_who_was_removed(self, visitor: Client, now: datetime) -> None:
        owner = make_member(now)
        colleague = make_member(now, owner.employer, role="recruiter", email="gone@example.com")
        visitor.force_login(colleague.user)
        membership.remove_member(owner, colleague.pk, now)
        assert visitor.get("/case/")["Location"].startswith("/sign-in/")
        assert [(mail.to, mail.template) for mail in Mail.objects.all()] == [
            ("gone@example.com", "member_removed")
        ]

    def test_sign_out_needs_a_form(self, visitor: Client, now: datetime) -> None:
        visitor.force_login(make_member(now).user)
        assert visitor.get("/sign-out/").status_code == 405
        assert visitor.post("/sign-out/")["Location"] == "/"
        assert "_auth_user_id" not in visitor.session


class TestLanguage:
    def test_is_kept_in_the_browser_and_on_the_user(self, visitor: Client, now: datetime) -> None:
        user = make_member(now).user
        visitor.force_login(user)
        assert (
            visitor.post("/language/", {"language": "en", "next": "/team/"})["Location"] == "/team/"
        )
        user.refresh_from_db()
        assert (user.language, visitor.cookies["django_language"].value) == ("en", "en")

    @pytest.mark.parametrize(
        "following", ["https://example.org/", "//example.org", "javascript:alert(1)"]
    )
    def test_leads_nowhere_else(self, visitor: Client, following: str) -> None:
        assert visitor.post("/language/", {"language": "en", "next": following})["Location"] == "/"

    def test_an_unknown_one_changes_nothing(self, visitor: Client) -> None:
        visitor.post("/language/", {"language": "xx"})
        assert "django_language" not in visitor.cookies


class TestVerifyEmail:
    def token(self, user: User) -> str:
        return signing.dumps([str(user.pk), user.email], salt=registration.VERIFY_SALT)

    def test_the_signed_in_person_confirms_and_opening_the_link_is_not_enough(
        self, visitor: Client, now: datetime
    ) -> None:
        member = make_member(now, email_verified_at=None)
        user, address = member.user, f"/verify-email/{self.token(member.user)}/"
        visitor.force_login(user)
        page = text(visitor.get(address))
        for said in (
            "Yes, confirm my email address",
            user.email,
            member.employer.name,
            "can act for",
        ):
            assert said in page
        user.refresh_from_db()
        assert user.email_verified_at is None
        for _ in range(2):
            assert visitor.post(address).status_code == 302
        user.refresh_from_db()
        assert user.email_verified_at is not None
        assert Event.objects.filter(verb="verify_email").count() == 1

    def test_whoever_reads_the_mail_of_an_account_that_another_made_confirms_nothing(
        self, now: datetime
    ) -> None:
        thief, owner_of_address = Client(), Client(headers={"accept-language": "en"})
        thief.post("/register/", form(email="hr@victim.example"))
        user = User.objects.get()
        address = Mail.objects.get().context["link"].removeprefix(settings.SITE_URL)
        for answer in (owner_of_address.get(address), owner_of_address.post(address)):
            page = text(answer)
            assert "Yes, confirm my email address" not in page
            assert "hr@victim.example" in page
            assert f"/sign-in/?next={address.replace(':', '%3A')}" in page
            assert "If you did not register here, ignore it" in page
        user.refresh_from_db()
        assert user.email_verified_at is None

    def test_the_address_own_reader_takes_the_account_over_by_a_new_password(
        self, visitor: Client
    ) -> None:
        thief = Client()
        thief.post("/register/", form(email="hr@victim.example"))
        address = Mail.objects.get().context["link"].removeprefix(settings.SITE_URL)
        visitor.post("/password/", {"email": "hr@victim.example"})
        link = (
            Mail.objects.get(template="password_reset")
            .context["link"]
            .removeprefix(settings.SITE_URL)
        )
        page = visitor.get(link, follow=True)
        visitor.post(page.redirect_chain[-1][0], {"password": "another long sentence"})
        visitor.post(
            "/sign-in/", {"username": "hr@victim.example", "password": "another long sentence"}
        )
        assert visitor.post(address)["Location"] == "/case/"
        assert User.objects.get().email_verified_at is not None
        assert thief.get("/case/")["Location"].startswith("/sign-in/")

    def test_somebody_else_who_is_signed_in_confirms_nothing(
        self, visitor: Client, now: datetime
    ) -> None:
        user, other = (
            make_member(now, email_verified_at=None).user,
            make_member(now, email_verified_at=None).user,
        )
        visitor.force_login(other)
        for answer in (
            visitor.get(f"/verify-email/{self.token(user)}/"),
            visitor.post(f"/verify-email/{self.token(user)}/"),
        ):
            assert (answer.status_code, "belongs to another account" in text(answer)) == (410, True)
            assert 'action="/sign-out/"' in text(answer)
        with pytest.raises(Refused, match="link_of_other_account"):
            registration.verify_email(self.token(user), other, 60, now)
        for person in (user, other):
            person.refresh_from_db()
            assert person.email_verified_at is None

    def test_a_link_to_an_earlier_address(self, now: datetime) -> None:
        user = make_member(now, email_verified_at=None).user
        token = self.token(user)
        user.email = "new@example.com"
        user.save()
        with pytest.raises(Refused, match="link_invalid"):
            registration.verify_email(token, user, 60, now)

    def test_a_broken_link(self, visitor: Client) -> None:
        response = visitor.post("/verify-email/nonsense/")
        assert response.status_code == 410
        assert "This link is not valid" in text(response)

    def test_an_old_link(self, visitor: Client, now: datetime, settings: Any) -> None:
        settings.EMAIL_VERIFICATION_TIMEOUT = -1
        assert "This link has expired" in text(
            visitor.post(f"/verify-email/{self.token(make_member(now).user)}/")
        )

    def test_resending_twice_at_once_is_one_mail(self, visitor: Client, now: datetime) -> None:
        visitor.force_login(make_member(now, email_verified_at=None).user)
        for _ in range(2):
            assert visitor.post("/verify-email/resend/")["Location"] == "/case/"
        assert Mail.objects.filter(template="verify_email").count() == 1

    def test_the_banner_is_there_until_then(self, visitor: Client, now: datetime) -> None:
        visitor.force_login(make_member(now, email_verified_at=None).user)
        assert "Confirm your email address. We sent" in text(visitor.get("/team/"))
        visitor.force_login(make_member(now, email_verified_at=now).user)
        assert "Confirm your email address. We sent" not in text(visitor.get("/team/"))


class TestPassword:
    def test_the_mailed_link_is_on_our_own_address_and_works(
        self, visitor: Client, now: datetime
    ) -> None:
        user = make_member(now, email="hr@example.com").user
        assert (
            visitor.post(
                "/password/", {"email": "HR@example.com"}, headers={"host": "127.0.0.1"}
            ).status_code
            == 302
        )
        link = Mail.objects.get().context["link"]
        assert link.startswith(settings.SITE_URL + "/password/")
        page = visitor.get(link.removeprefix(settings.SITE_URL), follow=True)
        assert "Choose a new password" in text(page)
        new = {"password": "another long sentence"}
        assert visitor.post(page.redirect_chain[-1][0], new)["Location"] == "/sign-in/"
        user.refresh_from_db()
        assert user.check_password("another long sentence")
        assert "no longer works" in text(
            Client(headers={"accept-language": "en"}).get(link.removeprefix(settings.SITE_URL))
        )

    def test_an_unknown_address_gets_the_same_answer(self, visitor: Client) -> None:
        assert (
            visitor.post("/password/", {"email": "nobody@example.com"})["Location"]
            == "/password/sent/"
        )
        mail = Mail.objects.get()
        assert (mail.to, mail.template, mail.context) == ("nobody@example.com", "no_account", {})


class TestDoors:
    @pytest.mark.parametrize("address", ["/case/", "/case/declare/", "/team/"])
    def test_strangers_sign_in_first_and_come_back(self, visitor: Client, address: str) -> None:
        assert visitor.get(address)["Location"] == f"/sign-in/?next={address}"

    def test_a_part_of_a_page_makes_the_whole_page_sign_in(self, visitor: Client) -> None:
        response = visitor.get("/case/status/", headers={"hx-request": "true"})
        assert (response.status_code, response["HX-Refresh"]) == (204, "true")

    def test_staff_are_led_to_the_console(self, visitor: Client, now: datetime) -> None:
        visitor.force_login(make_reviewer(now))
        response = visitor.get("/case/")
        assert response.status_code == 403
        assert "/console/" in text(response)

    def test_health_asks_no_database(self, visitor: Client, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert visitor.get("/healthz").content == b"ok\n"

    @pytest.mark.parametrize("address", ["/register/", "/sign-in/", "/case/help/", "/"])
    def test_nothing_inline_and_no_eval(self, visitor: Client, address: str) -> None:
        response = visitor.get(address)
        assert "unsafe" not in response["Content-Security-Policy"]
        page = text(response)
        assert ' style="' not in page
        assert "<style" not in page
        assert " onclick" not in page

    @pytest.mark.parametrize("address", ["/case/", "/team/", "/register/", "/case/declare/"])
    def test_what_is_private_is_kept_nowhere(
        self, visitor: Client, now: datetime, address: str
    ) -> None:
        if address != "/register/":
            member = make_member(now)
            make_case(member, now)
            visitor.force_login(member.user)
        response = visitor.get(address)
        assert response["Cache-Control"] == "private, no-store"
        assert {"Cookie", "Accept-Language", "HX-Request"} <= set(response["Vary"].split(", "))


class TestErrorPages:
    @pytest.mark.parametrize(
        ("language", "says"), [("en", "Page not found"), ("zh-CN", "页面不存在")]
    )
    def test_not_found(self, language: str, says: str) -> None:
        response = Client(headers={"accept-language": language}).get("/nowhere/")
        assert (response.status_code, says in text(response)) == (404, True)

    def test_a_form_without_its_token(self) -> None:
        response = Client(enforce_csrf_checks=True, headers={"accept-language": "en"}).post(
            "/sign-in/", {}
        )
        assert (response.status_code, "This form has expired" in text(response)) == (403, True)

    def test_a_crash_says_nothing_of_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def crash(*args: object, **kwargs: object) -> None:
            raise RuntimeError("secret-detail")

        monkeypatch.setattr("employers.accounts.registration.check_code", crash)
        visitor = Client(raise_request_exception=False, headers={"accept-language": "en"})
        response = visitor.get("/register/code/", {"uscc": make_uscc()})
        assert response.status_code == 500
        assert "Something went wrong on our side" in text(response)
        assert "secret-detail" not in text(response)

    @pytest.mark.parametrize("page", ["400", "403", "403_csrf", "404", "413", "500"])
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_render_even_without_a_request(self, page: str, language: str) -> None:
        with translation.override(language):
            assert "<h1>" in render_to_string(f"{page}.html", {"upload_max_mb": 20})


CASE_MAIL = {
    "name": "云溪市示例 & 科技有限公司",
    "verb": "x",
    "reasons": ["uscc_mismatch", "authority_missing"],
    "note": "请看 <副本>",
    "path": "/case/",
}
MAILS: dict[str, dict[str, Any]] = {
    "verify_email": {"company": "A & B", "link": "https://z.example/verify-email/a:b:c/"},
    "password_reset": {"link": "https://z.example/password/a/b/"},
    "invitation": {"company": "A & B", "link": "https://z.example/join/x/"},
    "platform_first_asked": {"company": "A & B", "platform": "Site A", "member": "x@example.com"},
    "member_joined": {"company": "A & B", "member": "x@example.com"},
} | {
    f"case_{verb}": CASE_MAIL
    for verb in (
        "approve",
        "hold_for_review",
        "reject",
        "request_changes",
        "suspend",
        "reinstate",
        "revoke",
    )
}


class TestMails:
    @pytest.mark.parametrize("template", sorted(MAILS))
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_say_what_why_and_where(self, template: str, language: str) -> None:
        with translation.override(language):
            subject, _, body = (
                render_to_string(paths_of(f"{template}.txt"), MAILS[template])
                .strip()
                .partition("\n")
            )
        assert subject.strip()
        assert "http" in body
        assert "&amp;" not in subject + body
        if template in (
            "case_reject",
            "case_request_changes",
            "case_suspend",
            "case_revoke",
            "case_hold_for_review",
        ):
            assert ("证明你有权代表该公司招聘" if language != "en" else "There is no proof") in body
            assert "请看 <副本>" in body
        if language != "en":
            assert "Hello" not in body

    def test_the_queued_verification_mail_is_the_one_that_renders(self, now: datetime) -> None:
        user = make_member(now).user
        registration.send_verification(user, site_links(), timezone.now())
        mail = Mail.objects.get()
        said = render_to_string(paths_of(f"{mail.template}.txt"), mail.context)
        assert mail.context["link"] in said
        assert "云溪市示例科技有限公司" in said


class TestMyPhone:
    """The number that a recruiter calls from: given, replaced and deleted by them, and readable by
    no one else.
    """

    def test_it_is_given_replaced_and_deleted(self, now: datetime, db: None) -> None:
        member = make_member(now)
        visitor = sign_in(member.user)
        for number in ("+8613800000001", "+8613800000002"):
            self.prove(visitor, number)
            assert (user := User.objects.get(pk=member.user_id)).phone == number
            assert user.phone_index and user.phone_verified_at
        assert visitor.post(PHONE_PAGE, {"delete": "1", "current_password": PASSWORD})
        assert User.objects.get(pk=member.user_id).phone == ""
        said = Event.objects.filter(employer_id=member.employer_id).order_by("id")
        assert [event.verb for event in said] == ["prove_phone", "prove_phone", "set_phone"]
        assert "13800000001" not in str(list(said.values()))

    def prove(self, visitor: Client, number: str) -> None:
        visitor.post(PHONE_PAGE, {"phone": number, "send": "1"})
        typed = {"phone": number, "code": code_to(number), "current_password": PASSWORD}
        assert visitor.post(PHONE_PAGE, typed).status_code == 302

    def test_a_wrong_one_is_refused_with_its_way_on(self, now: datetime, db: None) -> None:
        visitor = sign_in(make_member(now).user)
        page = visitor.post(PHONE_PAGE, {"phone": "12345", "current_password": PASSWORD})
        assert "11-digit mobile number" in html.unescape(page.content.decode())

    def test_only_oneself_sees_it_and_masked(self, now: datetime, db: None) -> None:
        member = make_member(now)
        colleague = make_member(now, member.employer, role="recruiter")
        self.prove(sign_in(member.user), "+8613800000001")
        assert "138****0001" in sign_in(member.user).get("/account/").content.decode()
        for page in ("/team/", "/account/", PHONE_PAGE):
            for who in (colleague, member):
                assert "13800000001" not in sign_in(who.user).get(page).content.decode()
        assert "0001" not in sign_in(colleague.user).get("/team/").content.decode()
