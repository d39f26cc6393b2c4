"""Tests that power over staff is on record, and that nobody gives it alone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from employers.accounts import staff
from employers.models import SecondFactor, SuperuserProposal, User
from events.core.errors import Refused
from events.delivery.mail import mail_message
from events.models import Event, Mail
from tests.factories import PASSWORD, make_colleague, make_member, make_user, sign_in

pytestmark = pytest.mark.django_db
STAFF, GROUPS = "/console/employers/user/", "/console/auth/group/"
NEW = "another long pass phrase"


@pytest.fixture
def now() -> datetime:
    """The console uses the real clock."""
    return timezone.now()


def superuser(now: datetime, email: str) -> User:
    return make_user(now, email, is_staff=True, is_superuser=True, language="en")


@pytest.fixture
def ann(now: datetime) -> User:
    return superuser(now, "ann@zizhi.example")


@pytest.fixture
def ben(now: datetime) -> User:
    return superuser(now, "ben@zizhi.example")


@pytest.fixture
def root(ann: User) -> Client:
    return sign_in(ann)


@pytest.fixture
def colleague(now: datetime) -> User:
    return make_user(now, "li.na@zizhi.example", is_staff=True, language="en")


def page(user: User, act: str = "change") -> str:
    return f"{STAFF}{user.pk}/{act}/"


def verbs(user: User) -> list[str]:
    return list(Event.objects.about(user).values_list("verb", flat=True))


def mailed() -> set[tuple[str, str]]:
    """Return who was told what since the last call."""
    told = {
        (mail.to.partition("@")[0], mail.context.get("what", mail.template))
        for mail in Mail.objects.all()
    }
    Mail.objects.all().delete()
    return told


def link_in(mail: Mail) -> str:
    """Return the path of the link that the mail's reader gets."""
    body = str(mail_message(mail, "https://zizhi.example", timezone.now()).body)
    found = re.search(r"https?://[^/\s]+(/\S+)", body)
    assert found
    return found[1]


def choose_password(mail: Mail, password: str) -> Any:
    """Follow the mailed link, and set a password."""
    browser = Client(headers={"accept-language": "en"})
    form = browser.get(link_in(mail), follow=True)
    typed = {"password": password}
    return browser.post(form.redirect_chain[-1][0], typed)


def test_from_an_invitation_to_a_superuser(root: Client, ann: User, ben: User) -> None:
    """The whole way of a colleague: invited, with a password of her own, then a superuser."""
    seniors = Group.objects.get(name="Seniors")
    form = {"email": "Li.Na@Zizhi.example", "language": "en", "groups": [seniors.pk]}
    assert 'type="password"' not in root.get(f"{STAFF}add/").content.decode()
    assert root.post(f"{STAFF}add/", form).status_code == 302
    li_na = User.objects.get(email="li.na@zizhi.example")
    assert (li_na.is_staff, li_na.is_superuser, li_na.has_usable_password()) == (True, False, False)
    assert list(li_na.groups.all()) == [seniors] and verbs(li_na) == ["invite_staff"]
    invitation = Mail.objects.get(to=li_na.email)
    assert mailed() == {("li.na", "staff_invitation"), ("ben", "invited")}

    answer = choose_password(invitation, PASSWORD)
    assert answer.status_code == 302 and answer.headers["Location"] == "/console/login/"
    assert verbs(li_na)[1:] == ["set_password"]
    assert mailed() == {(who, "password_set") for who in ("li.na", "ann", "ben")}
    hers = Client()
    sent = {"username": li_na.email, "password": PASSWORD}
    assert hers.post("/console/login/", sent).status_code == 302
    assert (
        "This link no longer works"
        in Client(headers={"accept-language": "en"})
        .get(link_in(invitation), follow=True)
        .content.decode()
    )

    assert page(li_na, "propose") in root.get(page(li_na)).content.decode()
    assert (
        root.get(page(li_na, "propose")).status_code == 200
        and not SuperuserProposal.objects.exists()
    )
    root.post(page(li_na, "propose"))
    li_na.refresh_from_db()
    assert not li_na.is_superuser and verbs(li_na)[-1] == "propose_superuser"
    assert mailed() == {("li.na", "superuser_proposed"), ("ben", "superuser_proposed")}

    said = root.post(page(li_na, "confirm"), follow=True).content.decode()
    assert "another superuser must confirm" in said
    assert hers.post(page(li_na, "confirm")).status_code == 403
    li_na.refresh_from_db()
    assert (
        not li_na.is_superuser
        and page(li_na, "confirm") not in root.get(page(li_na)).content.decode()
    )

    second = sign_in(ben)
    shown = second.get(page(li_na)).content.decode()
    assert "proposed by ann@zizhi.example" in shown and page(li_na, "confirm") in shown
    assert second.get(page(li_na, "confirm")).status_code == 200
    second.post(page(li_na, "confirm"))
    li_na.refresh_from_db()
    event = Event.objects.about(li_na).get(verb="make_superuser")
    assert li_na.is_superuser
    assert (event.actor_id, event.data) == (str(ben.pk), {"proposed_by": str(ann.pk)})
    assert mailed() == {("li.na", "superuser_made"), ("ann", "superuser_made")}


class TestSuperusers:
    def test_no_form_makes_one(self, root: Client, ben: User, colleague: User) -> None:
        form = {"language": "en", "is_active": "on", "is_superuser": "on"}
        root.post(page(colleague), form)
        root.post(f"{STAFF}add/", form | {"email": "new@zizhi.example", "is_superuser": "on"})
        assert set(User.objects.superusers().values_list("email", flat=True)) == {
            "ann@zizhi.example",
            "ben@zizhi.example",
        }

    def test_a_proposal_ends_with_its_proposer(
        self, ann: User, ben: User, colleague: User, now: datetime
    ) -> None:
        staff.propose_superuser(colleague.pk, ann, now)
        staff.end_superuser(ann.pk, ben, now)
        with pytest.raises(Refused, match="staff_changed"):
            staff.settle_superuser(colleague.pk, ben, now, confirmed=True)

    def test_who_is_proposed_and_becomes_one_otherwise_does_not_confirm_it(
        self, ann: User, colleague: User, now: datetime
    ) -> None:
        staff.propose_superuser(colleague.pk, ann, now)
        User.objects.filter(pk=colleague.pk).update(is_superuser=True)
        with pytest.raises(Refused, match="staff_second_superuser"):
            staff.settle_superuser(
                colleague.pk, User.objects.get(pk=colleague.pk), now, confirmed=True
            )

    def test_the_database_wants_two_people_too(
        self, ann: User, colleague: User, now: datetime
    ) -> None:
        for settled_by in (ann, colleague, None):
            with pytest.raises(IntegrityError), transaction.atomic():
                SuperuserProposal.objects.create(
                    user=colleague,
                    proposed_by=ann,
                    proposed_at=now,
                    settled_by=settled_by,
                    settled_at=settled_by and now,
                    confirmed=True,
                )

    def test_one_drops_a_proposal_and_nothing_is_left_to_confirm(
        self, ann: User, ben: User, colleague: User, root: Client, now: datetime
    ) -> None:
        staff.propose_superuser(colleague.pk, ann, now)
        with pytest.raises(Refused, match="staff_changed"):
            staff.propose_superuser(colleague.pk, ben, now)
        mailed()
        root.post(page(colleague, "drop"))
        assert verbs(colleague)[-1] == "drop_superuser"
        assert mailed() == {("li.na", "superuser_dropped"), ("ben", "superuser_dropped")}
        with pytest.raises(Refused, match="staff_changed"):
            staff.settle_superuser(colleague.pk, ben, now, confirmed=True)

    def test_one_ends_anothers_rights_but_not_the_last(
        self, root: Client, ann: User, ben: User, now: datetime
    ) -> None:
        root.post(page(ben, "end-superuser"))
        ben.refresh_from_db()
        assert not ben.is_superuser and verbs(ben) == ["end_superuser"]
        assert mailed() == {("ben", "superuser_ended")}
        said = root.post(page(ann, "end-superuser"), follow=True).content.decode()
        assert "last superuser who can sign in" in said
        said = root.post(page(ann), {"language": "en"}, follow=True).content.decode()
        assert "last superuser who can sign in" in said
        ann.refresh_from_db()
        assert ann.is_superuser and ann.is_active

    def test_nobody_becomes_one_by_being_activated_again(self, root: Client, ben: User) -> None:
        root.post(page(ben), {"language": "en"})
        ben.refresh_from_db()
        assert (ben.is_active, ben.is_superuser) == (False, False)
        assert mailed() == {("ben", "superuser_ended"), ("ben", "deactivated")}
        root.post(page(ben), {"language": "en", "is_active": "on"})
        ben.refresh_from_db()
        assert (ben.is_active, ben.is_superuser) == (True, False)
        assert verbs(ben) == ["end_superuser", "deactivate_staff", "reactivate_staff"]

    def test_a_proposal_of_somebody_who_leaves_is_dropped(
        self, ann: User, ben: User, colleague: User, now: datetime
    ) -> None:
        staff.propose_superuser(colleague.pk, ann, now)
        staff.change_colleague(colleague.pk, ben, now, language="en", is_active=False)
        assert not SuperuserProposal.objects.open().exists()

    @pytest.mark.parametrize("act", ["propose", "confirm", "drop", "end-superuser"])
    def test_others_have_neither_button_nor_door(
        self, act: str, ann: User, colleague: User, now: datetime
    ) -> None:
        editor = make_user(now, is_staff=True)
        editor.user_permissions.set(
            Permission.objects.filter(codename__in=("view_user", "change_user", "add_user"))
        )
        client = sign_in(editor)
        assert page(colleague, act) not in client.get(page(colleague)).content.decode()
        assert client.get(page(colleague, act)).status_code == 403
        assert client.post(page(colleague, act)).status_code == 403
        for operation in (staff.propose_superuser, staff.end_superuser):
            with pytest.raises(Refused, match="not_allowed"):
                operation(colleague.pk, editor, now)
        with pytest.raises(Refused, match="not_allowed"):
            staff.settle_superuser(colleague.pk, editor, now, confirmed=True)


class TestPasswords:
    def test_nobody_sets_a_colleagues(self, root: Client, colleague: User) -> None:
        before = colleague.password
        typed = {"usable_password": "true", "password1": NEW, "password2": NEW, "password": NEW}
        assert root.post(page(colleague, "password"), typed).status_code == 302
        assert root.get(page(colleague, "password"), follow=True).status_code == 200
        root.post(page(colleague), {"language": "en", "is_active": "on"} | typed)
        root.post(f"{STAFF}add/", {"email": "new@zizhi.example", "language": "en"} | typed)
        colleague.refresh_from_db()
        assert colleague.password == before
        assert not User.objects.get(email="new@zizhi.example").has_usable_password()

    def test_they_get_a_link(self, root: Client, ben: User, colleague: User) -> None:
        assert root.get(page(colleague, "password-link")).status_code == 200
        answer = root.post(page(colleague, "password-link"), follow=True)
        link = Mail.objects.get(to=colleague.email)
        assert link.context["path"] not in answer.content.decode()
        assert verbs(colleague) == ["send_password_link"]
        assert mailed() == {("li.na", "staff_password"), ("ben", "password_link")}
        assert colleague.check_password(PASSWORD), "it keeps working"
        choose_password(link, NEW)
        colleague.refresh_from_db()
        assert colleague.check_password(NEW) and verbs(colleague)[-1] == "set_password"

    def test_ones_own_is_recorded_too(self, ann: User, colleague: User) -> None:
        client, address = sign_in(colleague), "/console/password_change/"
        typed = {"new_password1": NEW, "new_password2": NEW}
        client.post(address, typed | {"old_password": "wrong"})
        assert verbs(colleague) == []
        assert client.post(address, typed | {"old_password": PASSWORD}).status_code == 302
        assert verbs(colleague) == ["set_password"]
        assert mailed() == {("li.na", "password_set"), ("ann", "password_set")}

    def test_an_open_session_does_not_guess_it(
        self, colleague: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stolen, address = sign_in(colleague), "/console/password_change/"
        typed = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
        codes = [
            stolen.post(address, typed | {"old_password": f"guess {n}"}).status_code
            for n in range(12)
        ]
        assert codes == [422] * 10 + [429] * 2
        page = stolen.post(address, typed)
        assert page.status_code == 429 and "Try again" in page.content.decode()
        later = timezone.now() + timedelta(minutes=16)
        monkeypatch.setattr("employers.accounts.forms.timezone.now", lambda: later)
        assert stolen.post(address, typed).status_code == 302

    def test_a_right_old_password_is_not_counted(self, colleague: User) -> None:
        client, address = sign_in(colleague), "/console/password_change/"
        weak = {"old_password": PASSWORD, "new_password1": "x", "new_password2": "x"}
        assert {client.post(address, weak).status_code for _ in range(12)} == {422}

    def test_a_new_one_ends_the_other_sessions(self, colleague: User) -> None:
        client, other = sign_in(colleague), sign_in(colleague)
        for each in (client, other):
            assert each.get("/console/").status_code == 200
        typed = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
        assert client.post("/console/password_change/", typed).status_code == 302
        assert client.get("/console/").status_code == 200
        assert other.get("/console/").status_code == 302 and colleague.sign_ins.count() == 1

    def test_a_recruiters_is_not_the_staffs_business(self, ann: User, now: datetime) -> None:
        recruiter = make_member(now).user
        Client().post("/password/", {"email": recruiter.email})
        answer = choose_password(Mail.objects.get(), NEW)
        assert answer.headers["Location"] == "/sign-in/" and verbs(recruiter) == []

    def test_a_link_for_a_superuser_comes_from_a_superuser(self, ann: User, now: datetime) -> None:
        editor = make_user(now, is_staff=True)
        editor.user_permissions.set(
            Permission.objects.filter(codename__in=("view_user", "change_user"))
        )
        assert sign_in(editor).post(page(ann, "password-link")).status_code == 403
        with pytest.raises(Refused, match="not_allowed"):
            staff.send_password_link(ann.pk, editor, now)


class TestGroups:
    def test_a_change_is_recorded_and_told(self, root: Client, ben: User, colleague: User) -> None:
        leads, seniors = (Group.objects.get(name=name) for name in ("Leads", "Seniors"))
        colleague.groups.set([seniors])
        root.post(page(colleague), {"language": "zh-hans", "is_active": "on", "groups": [leads.pk]})
        colleague.refresh_from_db()
        assert list(colleague.groups.all()) == [leads] and colleague.language == "zh-hans"
        event = Event.objects.about(colleague).get()
        assert (event.verb, event.data) == (
            "change_groups",
            {"added": ["Leads"], "removed": ["Seniors"]},
        )
        assert mailed() == {("li.na", "groups"), ("ben", "groups")}
        root.post(page(colleague), {"language": "en", "is_active": "on", "groups": [leads.pk]})
        assert len(verbs(colleague)) == 1 and not Mail.objects.exists(), "no power has changed"

    def test_a_superusers_own_are_told_to_the_others(
        self, root: Client, ann: User, ben: User
    ) -> None:
        leads = Group.objects.get(name="Leads")
        root.post(page(ann), {"language": "en", "is_active": "on", "groups": [leads.pk]})
        assert verbs(ann) == ["change_groups"]
        assert mailed() == {("ann", "groups"), ("ben", "groups")}

    def test_what_a_group_may_do_is_recorded_and_told(
        self, root: Client, ann: User, ben: User, now: datetime
    ) -> None:
        group, member = Group.objects.get(name="Reviewers"), make_colleague(now, "Reviewers")
        kept = list(group.permissions.values_list("pk", flat=True))
        unmask = Permission.objects.get(codename="unmask_case")
        address = f"{GROUPS}{group.pk}/change/"
        root.post(address, {"name": group.name, "permissions": [*kept, unmask.pk]})
        event = Event.objects.about(group).get()
        assert (event.verb, event.data["added"], event.data["removed"]) == (
            "change_group",
            ["unmask_case"],
            [],
        )
        assert mailed() == {("ben", "group"), (member.email.partition("@")[0], "group")}
        assert root.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"}).status_code == 403
        root.post(f"{GROUPS}add/", {"name": "Integrators", "permissions": [unmask.pk]})
        assert Group.objects.get(name="Integrators").permissions.get() == unmask
        editor = make_user(now, is_staff=True)
        editor.user_permissions.set(Permission.objects.filter(content_type__model="group"))
        assert sign_in(editor).post(address, {"name": "x", "permissions": []}).status_code == 403
        with pytest.raises(Refused, match="not_allowed"):
            staff.change_group(group, [], editor, now)

    def test_who_edits_colleagues_hands_out_no_rights(
        self, ann: User, colleague: User, now: datetime
    ) -> None:
        editor = make_user(now, is_staff=True)
        editor.user_permissions.set(
            Permission.objects.filter(codename__in=("view_user", "change_user", "add_user"))
        )
        client, leads = sign_in(editor), Group.objects.get(name="Leads")
        client.post(page(colleague), {"language": "zh-hans", "groups": [leads.pk]})
        colleague.refresh_from_db()
        assert (colleague.language, colleague.is_active, colleague.groups.count()) == (
            "zh-hans",
            True,
            0,
        )
        form = {"email": "new@zizhi.example", "language": "en", "groups": [leads.pk]}
        assert client.post(f"{STAFF}add/", form).status_code == 302
        assert User.objects.get(email="new@zizhi.example").groups.count() == 0
        assert client.post(page(ann), {"language": "en"}).status_code == 403
        for given in ({"groups": [leads]}, {"is_active": False}):
            with pytest.raises(Refused, match="not_allowed"):
                staff.change_colleague(colleague.pk, editor, now, language="en", **given)  # type: ignore[arg-type]
        with pytest.raises(Refused, match="not_allowed"):
            staff.invite_staff("x@zizhi.example", "en", [leads], editor, now)


class TestOnTheServer:
    def made(self, email: str, monkeypatch: pytest.MonkeyPatch) -> User:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        call_command("createsuperuser", email=email, interactive=False, verbosity=0)
        return User.objects.get(email=email)

    def test_the_first_superuser_is_made_there_and_recorded(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = self.made("first@zizhi.example", monkeypatch)
        event = Event.objects.about(first).get()
        assert first.is_superuser and first.check_password(PASSWORD)
        assert (event.verb, event.role, event.data) == (
            "make_superuser",
            "system",
            {"on_server": True},
        )
        assert mailed() == {("first", "superuser_on_server")}

    def test_of_a_later_one_the_others_are_told(
        self, ann: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.made("second@zizhi.example", monkeypatch)
        assert mailed() == {("second", "superuser_on_server"), ("ann", "superuser_on_server")}

    def test_a_password_set_there_is_recorded(
        self, ann: User, colleague: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("getpass.getpass", lambda prompt="": NEW)
        call_command("changepassword", colleague.email, stdout=StringIO())
        colleague.refresh_from_db()
        event = Event.objects.about(colleague).get()
        assert colleague.check_password(NEW)
        assert (event.verb, event.data) == ("set_password", {"on_server": True})
        assert mailed() == {("li.na", "password_on_server"), ("ann", "password_on_server")}

    def test_a_second_factor_reset_there_is_recorded(
        self, ann: User, colleague: User, now: datetime
    ) -> None:
        with pytest.raises(CommandError):
            call_command("reset_second_factor", colleague.email)
        SecondFactor.objects.create(
            user=colleague, secret_sealed="x", last_step=0, confirmed_at=now
        )
        call_command("reset_second_factor", colleague.email.upper(), stdout=StringIO())
        assert not SecondFactor.objects.exists() and verbs(colleague) == ["reset_second_factor"]
        assert mailed() == {("li.na", "reset"), ("ann", "factor_reset")}
        with pytest.raises(CommandError):
            call_command("reset_second_factor", make_member(now).user.email)


def test_the_mail_says_who_did_what(ann: User, ben: User, colleague: User, now: datetime) -> None:
    def told() -> str:
        mail = Mail.objects.filter(to=ben.email).latest("pk")
        return " ".join(str(mail_message(mail, "https://zizhi.example", now).body).split())

    staff.propose_superuser(colleague.pk, ann, now)
    assert "li.na@zizhi.example was proposed as a superuser." in told()
    assert "By: ann@zizhi.example" in told()
    assert f"https://zizhi.example{page(colleague)}" in told()
    staff.change_colleague(
        colleague.pk, ann, now, language="en", groups=Group.objects.filter(name="Leads")
    )
    assert "The groups of li.na@zizhi.example were changed. Added: Leads By:" in told()
    staff.note_superuser_on_server(colleague, now)
    assert "li.na@zizhi.example was made a superuser. By a command on the server" in told()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_change_has_its_words(language: str, colleague: User, now: datetime) -> None:
    """Each `what` that an operation gives is a case of the template."""
    source = "".join(
        (Path(settings.BASE_DIR) / "employers" / file).read_text()
        for file in ("accounts/staff.py", "security/second_factor.py")
    )
    given = set(re.findall(r'staff_notices\.notify_of_staff_change\(\s*user, "(\w+)"', source)) | {
        "group"
    }
    given |= {"activated", "deactivated"}
    assert len(given) == 14
    said = set()
    for what in sorted(given):
        context = {"what": what, "who": colleague.email, "by": "", "group": "Leads", "path": "/"}
        mail = Mail(
            to=colleague.email, template="staff_changed", language=language, context=context
        )
        body = str(mail_message(mail, "https://zizhi.example", now).body)
        assert colleague.email in body or "Leads" in body, what
        said.add(body.splitlines()[2])
    assert len(said) == 13, "only the two about a password are alike"


def test_recruiters_are_not_edited_here_and_nobody_is_deleted(
    root: Client, colleague: User, now: datetime
) -> None:
    recruiter = make_member(now).user
    assert recruiter.email not in root.get(STAFF).content.decode()
    for act in ("change", "propose", "password-link"):
        assert root.get(page(recruiter, act)).status_code in (302, 404)
    assert root.post(page(colleague, "delete"), {"post": "yes"}).status_code == 403
    taken = {"email": recruiter.email.upper(), "language": "en"}
    assert "email address already exists" in root.post(f"{STAFF}add/", taken).content.decode()


@pytest.mark.parametrize(("minutes", "works"), [(59, True), (61, False)])
def test_an_invitation_expires(
    minutes: int, works: bool, root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.post(f"{STAFF}add/", {"email": "new@zizhi.example", "language": "en"})
    invitation = Mail.objects.get(to="new@zizhi.example")
    monkeypatch.setattr(
        "django.contrib.auth.tokens.PasswordResetTokenGenerator._now",
        lambda self: datetime.now() + timedelta(minutes=minutes),
    )
    html = Client(headers={"accept-language": "en"}).get(link_in(invitation), follow=True)
    assert ("This link no longer works" in html.content.decode()) is not works
    assert ('name="password"' in html.content.decode()) is works
