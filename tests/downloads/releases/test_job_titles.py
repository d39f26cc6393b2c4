"""Tests of the job that a copy is made for."""

from __future__ import annotations

from downloads.models import Copy, RelayBinding, Release
from tests.downloads.releases.shop import Shop, fetched, make, pdf

JOB = "前端工程师"


def test_a_release_keeps_its_job_until_it_leaves(shop: Shop) -> None:
    gate_pass = shop.gate_pass()
    refused = shop.post(gate_pass, pdf(), job_title="加微信 abc_123")
    assert (refused["http"], refused["code"]) == (422, "job_title_not_allowed")
    made = shop.post(gate_pass, pdf(), job_title=JOB)
    assert (made["http"], made["job_title"]) == (202, JOB), made
    again = shop.post(gate_pass, pdf(), job_title="测试工程师")
    assert (again["id"], again["job_title"]) == (made["id"], JOB)
    assert RelayBinding.objects.get().job_title == JOB
    assert make(made) and fetched(shop.link(made["id"])["url"]).status_code == 200
    assert Release.objects.get().job_title == JOB


def test_the_job_of_a_copy_that_has_not_left_is_erased_too(shop: Shop) -> None:
    shop.platform.call("put", "/candidates/c-1", {"mode": "tell_after"})
    shop.post(shop.gate_pass(), pdf(), job_title=JOB)
    assert Copy.objects.get().job_title == JOB
    assert shop.platform.call("delete", "/candidates/c-1")["http"] == 204
    assert Copy.objects.get().job_title == RelayBinding.objects.get().job_title == ""
