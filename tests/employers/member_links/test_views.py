"""Tests of the page of recruitment sites, and of the way from a site and back."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Member, MemberLink, Scope
from events.models import Mail
from tests.factories import make_employer, make_link, make_member, make_uscc

pytestmark = pytest.mark.django_db
BACK = "https://www.site-a.example/hr/linked?state=s3cret"


@pytest.fixture
def site(now: datetime) -> tuple[ApiClient, str]:
    made, key = create_api_client("Site A", [Scope.EMPLOYERS_READ], now)
    ApiClient.objects.filter(pk=made.pk).update(return_urls="https://www.site-a.example/hr")
    return made, key


def browser_of(member: Member | None = None) -> Client:
    browser = Client(headers={"accept-language": "en"})
    if member:
        browser.force_login(member.user)
    return browser


def confirm(browser: Client, site: ApiClient, **more: str) -> Any:
    return browser.post("/sites/link/", {"platform": str(site.pk), "confirmed": "1"} | more)


def test_a_site_that_is_not_there_is_chosen_from_the_list(now: datetime) -> None:
    answer = browser_of(make_member(now)).get("/sites/link/", {"platform": "nowhere"})
    page = answer.content.decode()
    assert answer.status_code == 422 and 'class="button primary" href="/sites/"' in page
    assert "Choose the site yourself" in page and "platform&#x27;s ID" not in page


def test_from_the_site_and_back(site: tuple[ApiClient, str], now: datetime) -> None:
    (client, key), member = site, make_member(now)
    browser = browser_of(member)
    asked = browser.get("/sites/link/", {"platform": str(client.pk), "return_url": BACK})
    assert "Link Site A?" in asked.content.decode() and not MemberLink.objects.exists()
    page = confirm(browser, client, return_url=BACK)
    assert page["Cache-Control"] == "private, no-store"
    found = re.search(r'href="(https://www.site-a.example[^"]+)"', page.content.decode())
    assert found
    query = parse_qs(urlsplit(html.unescape(found[1])).query)
    assert query["state"] == ["s3cret"] and set(query) == {"state", "zizhi_code"}

    def redeem() -> Any:
        return Client().post(
            "/api/v1/links/redeem",
            {"code": query["zizhi_code"][0]},
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    told = redeem().json()
    assert (told["employer_id"], told["member_id"]) == (str(member.employer_id), str(member.pk))
    assert (redeem().status_code, redeem().json()["code"]) == (422, "link_code_gone")


def test_who_registers_first_comes_back_to_the_link(
    site: tuple[ApiClient, str], now: datetime
) -> None:
    browser, address = browser_of(), f"/sites/link/?platform={site[0].pk}"
    assert browser.get(address).status_code == 302
    registered = browser.post(
        "/register/", {"email": "new@firma.example", "password": "correct horse battery staple"}
    )
    assert (registered.status_code, registered["Location"]) == (302, "/case/")
    code = Mail.objects.get(template="verify_email").context["code"]
    assert browser.post("/register/address/", {"code": code}).status_code == 302
    company = {
        "company": "云溪市示例科技有限公司",
        "uscc": make_uscc(),
        "account_class": "direct_employer",
    }
    assert browser.post("/register/company/", company)["Location"] == address
    assert "Link Site A?" in browser.get(address).content.decode()


@pytest.mark.parametrize(
    "given",
    [
        {"platform": "x"},
        {"platform": ""},
        {"return_url": "https://evil.example/"},
        {"return_url": "https://www.site-a.example/hr/../x"},
        {"return_url": "javascript:alert(1)"},
        {"return_url": f"{BACK}&zizhi_code=evil"},
    ],
)
def test_what_does_not_fit_links_nothing(
    given: dict[str, str], site: tuple[ApiClient, str], now: datetime
) -> None:
    refused = confirm(browser_of(make_member(now)), site[0], **given)
    assert refused.status_code == 422 and "evil" not in refused.content.decode()
    assert not MemberLink.objects.exists()


def test_an_address_alone_links_nothing(site: tuple[ApiClient, str], now: datetime) -> None:
    browser = browser_of(make_member(now))
    browser.get("/sites/link/", {"platform": str(site[0].pk), "confirmed": "1"})
    browser.post("/sites/link/", {"platform": str(site[0].pk)})
    assert not MemberLink.objects.exists()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_member(now).user)
    assert confirm(strict, site[0]).status_code == 403 and not MemberLink.objects.exists()


def test_links_are_seen_ended_and_made_again(site: tuple[ApiClient, str], now: datetime) -> None:
    owner = make_member(now)
    colleague = make_member(now, owner.employer, role="recruiter", email="lin@firma.example")
    stranger = make_link(make_member(now), site[0].pk, now)
    browser = browser_of(owner)
    assert "haven't linked a recruitment site yet" in html.unescape(
        browser.get("/sites/").content.decode()
    )
    assert confirm(browser, site[0])["Location"] == "/sites/"
    assert "Site A is linked." in browser.get("/sites/").content.decode()
    theirs = make_link(colleague, site[0].pk, now)
    page = browser.get("/sites/").content.decode()
    assert "lin@firma.example" in page and "There are no other recruitment sites" in page
    assert owner.user.email not in browser_of(colleague).get("/sites/").content.decode()
    own = MemberLink.objects.get(member=owner)
    ended = browser.post(f"/sites/{own.pk}/end/", follow=True).content.decode()
    assert "can no longer ask" in ended and "Link it again" in ended
    browser.post(f"/sites/{own.pk}/end/")
    browser.post(f"/sites/{theirs.pk}/end/")
    browser.post(f"/sites/{stranger.pk}/end/")
    assert list(MemberLink.objects.in_force()) == [stranger]


def test_a_platforms_own_recruiters_see_that_they_are_linked(
    site: tuple[ApiClient, str], now: datetime
) -> None:
    other = create_api_client("Site B", [], now)[0]
    browser = browser_of(make_member(now, make_employer(now, platform=site[0])))
    assert "Site A added" in browser.get("/sites/").content.decode()
    assert confirm(browser, other)["Location"] == "/sites/" and not MemberLink.objects.exists()
