"""The register of Tencent Cloud (VerifyBizLicenseEnterprise3).

It tells whether code, name and legal representative belong together, and never returns its record.
All three are asked about at once. For three values, it gives the status only as operating or not,
and does not tell which value differs; if that leaves a question, code and name are asked about
alone. Off unless a deployment selects it (`ZIZHI_REGISTRY`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from documents.tencent_cloud import CONNECT_SECONDS, Account, TencentCloud, code_of, error_of
from events.core.errors import ProviderBroken, ProviderUnavailable
from verification.providers.registries.base import Agreement, Agrees, Status
from verification.providers.registries.breaker import Breaker, Pace

THREE: Final = "VerifyBizLicenseEnterprise3"
REQUESTS_A_SECOND: Final = 20
"""For one account and one action, over all processes."""
LONGEST_WAIT: Final = 2.0
"""Seconds that a request may wait for its slot."""
SILENCE_SECONDS: Final = 8.0
REPLY_SECONDS: Final = 10.0
BEHIND: Final = timedelta(days=7)
"""The service takes over changes of the register once a week."""

STATUSES: Final = {
    "1": Status.ACTIVE,
    "2": Status.MOVED_OUT,
    "3": Status.DEREGISTERED,
    "4": Status.LICENCE_REVOKED,
    "5": Status.REGISTRATION_CANCELLED,
    "6": Status.DORMANT,
    "7": Status.REGISTRATION_CANCELLED,
}
"""For requests with two values.

"0" (other), "/" (not available) and all future values are UNKNOWN.
"""

# Values of StatusCode.
_DONE: Final = 0
_UNWELL: Final = 1
"""The register behind the service does not answer."""
_NOTHING: Final = 2
"""The register has no such company."""

Clock = Callable[[], float]


class TencentRegistry:
    """Asks the service at the permitted rate, and rests when it is down.

    One instance for all threads of a process.
    """

    name = "tencent"
    behind = BEHIND

    def __init__(
        self,
        account: Account,
        *,
        pace: Pace | None = None,
        breaker: Breaker | None = None,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        connect_seconds: float = CONNECT_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
        reply_seconds: float = REPLY_SECONDS,
    ) -> None:
        self._cloud = TencentCloud(account, connect_seconds, silence_seconds, reply_seconds)
        self._pace = pace or Pace(REQUESTS_A_SECOND)
        self._breaker = breaker or Breaker("tencent")
        self._clock, self._sleep = clock, sleep

    def verify(self, uscc: str, name: str, legal_representative: str) -> Agreement:
        """Whether these values belong together."""
        if not legal_representative:
            return self._two(uscc, name)
        three = self._elements("ENT_3META", uscc, name, legal_representative)
        if three["StatusCode"] == _NOTHING:
            return Agreement(known=False, answer={"three": three})
        if three["VerifyResult"] == 1 and three["OperatingStatus"] == "1":
            return Agreement(
                True,
                Agrees.MATCH,
                Agrees.MATCH,
                Agrees.MATCH,
                Status.ACTIVE,
                answer={"three": three},
            )
        two = self._two(uscc, name)
        answer = {"three": three, **two.answer}
        if three["VerifyResult"] == 1:
            return Agreement(
                True, Agrees.MATCH, Agrees.MATCH, Agrees.MATCH, two.status, answer=answer
            )
        person = Agrees.MISMATCH if two.name is Agrees.MATCH else Agrees.UNABLE
        return replace(two, legal_representative=person, answer=answer)

    def _two(self, uscc: str, name: str) -> Agreement:
        two = self._elements("ENT_2META", uscc, name, "")
        if two["StatusCode"] == _NOTHING:
            return Agreement(known=False, answer={"two": two})
        if two["VerifyResult"] == 1:
            status = STATUSES.get(two["OperatingStatus"], Status.UNKNOWN)
            return Agreement(True, Agrees.MATCH, Agrees.MATCH, status=status, answer={"two": two})
        # It found one of the two and does not tell which, so the status may be another company's.
        return Agreement(True, name=Agrees.MISMATCH, answer={"two": two})

    def _elements(
        self, kind: str, uscc: str, name: str, legal_representative: str
    ) -> dict[str, Any]:
        asked = {"CreditCode": uscc, "EntName": _as_registered(name), "VerifyType": kind}
        if legal_representative:
            asked["LrName"] = legal_representative
        told = self._ask(asked)
        if told["StatusCode"] == _DONE and type(told["VerifyResult"]) is not int:
            raise ProviderBroken("tencent: VerifyResult is not a number")
        return told

    def _ask(self, asked: dict[str, str]) -> dict[str, Any]:
        """Return the service's answer in its response model, with every key present."""
        seconds = self._pace.wait(self._clock(), LONGEST_WAIT)
        ticket = self._breaker.enter(self._clock())
        if seconds:
            self._sleep(seconds)
        try:
            told = self._told(asked)
        except ProviderUnavailable as unavailable:
            self._breaker.failed(ticket, self._clock(), unavailable.retry_after)
            raise
        except Exception:
            self._breaker.succeeded(ticket)  # it answers, so it is not down
            raise
        self._breaker.succeeded(ticket)
        return told

    def _told(self, asked: dict[str, str]) -> dict[str, Any]:
        answer = self._cloud.ask(THREE, asked)
        if "Error" in answer:
            raise error_of(code_of(answer["Error"]))
        from tencentcloud.ocr.v20181119 import models

        response = models.VerifyBizLicenseEnterprise3Response()
        response._deserialize(answer)
        return _checked({name[1:]: value for name, value in vars(response).items()})


def _checked(told: dict[str, Any]) -> dict[str, Any]:
    """Return `told` if it is a valid answer.

    Raises ProviderUnavailable if the service reports that it is unavailable, and ProviderBroken for
    an invalid answer.
    """
    code = told["StatusCode"]
    if type(code) is not int or code not in (_DONE, _UNWELL, _NOTHING):
        raise ProviderBroken("tencent: unknown StatusCode")
    if code == _UNWELL:
        raise ProviderUnavailable(
            "tencent: the register behind it does not answer", retry_after=60.0
        )
    if not isinstance(told["OperatingStatus"], str | None):
        raise ProviderBroken("tencent: OperatingStatus is not text")
    return told


def _as_registered(name: str) -> str:
    """`name` with full-width brackets, as registers write it: 云溪（澜浦）科技有限公司."""
    return "".join(name.split()).translate(str.maketrans("()", "（）"))
