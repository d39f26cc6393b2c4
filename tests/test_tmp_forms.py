import pytest
from django.utils import timezone

from tests.factories import make_reviewer, sign_in


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        "/console/downloads/trace/add/",
        "/console/downloads/canary/add/",
        "/console/downloads/move/add/",
        "/console/downloads/ladderversion/add/",
        "/console/verification/exclusion/add/",
        "/console/employers/apiclient/add/",
    ],
)
def test_get(url):
    r = sign_in(make_reviewer(timezone.now())).get(url)
    text = r.content.decode()
    print(url, r.status_code, text[text.find('<form method="post" class="console') :][:900])
    assert r.status_code == 200 and "console-form" in text
