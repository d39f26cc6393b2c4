"""The calls for employers and their members."""

from __future__ import annotations

from collections.abc import Iterator

from zizhi_client import answers
from zizhi_client.answers import AccountClass, Language, Purpose, Role
from zizhi_client.typed_calls import TypedCalls, part


class EmployerCalls(TypedCalls):
    def employers(
        self, *, uscc: str | None = None, reference: str | None = None, state: str | None = None
    ) -> Iterator[answers.Employer]:
        """Iterate over your employers, and those whose recruiters linked their accounts."""
        return self._pages(
            answers.Employer, "/employers", {"uscc": uscc, "reference": reference, "state": state}
        )

    def redeem_link_code(self, code: str, *, idempotency_key: str | None = None) -> answers.Linked:
        """Return the recruiter who came back from the link page with `zizhi_code`.

        Raises Invalid `link_code_gone`.
        """
        return self._post(answers.Linked, "/links/redeem", {"code": code}, idempotency_key)

    def create_employer(
        self,
        reference: str,
        name: str,
        uscc: str,
        *,
        account_class: AccountClass = "direct_employer",
        contest: bool = False,
        idempotency_key: str | None = None,
    ) -> answers.Employer:
        """Create an employer under your own `reference`.

        Raises Invalid `uscc_invalid`, Conflict `reference_taken`.
        """
        body = {
            "reference": reference,
            "name": name,
            "uscc": uscc,
            "account_class": account_class,
            "contest": contest,
        }
        return self._post(answers.Employer, "/employers", body, idempotency_key)

    def put_employer(
        self,
        reference: str,
        name: str,
        uscc: str,
        *,
        account_class: AccountClass = "direct_employer",
        contest: bool = False,
        idempotency_key: str | None = None,
    ) -> answers.Employer:
        """Create an employer, or change it until a case is submitted.

        Repeating the call has no further effect.
        """
        body = {"name": name, "uscc": uscc, "account_class": account_class, "contest": contest}
        return self._send(
            answers.Employer,
            "PUT",
            f"/employers/by-reference/{part(reference)}",
            body,
            idempotency_key,
        )

    def employer(self, employer_id: str) -> answers.Employer:
        """Return the employer's current state. Approval alone permits no download: ask the gate."""
        return self._get(answers.Employer, f"/employers/{part(employer_id)}")

    def requirements(
        self, employer_id: str, *, member_id: str | None = None
    ) -> answers.Requirements:
        """Return the employer's open requirements and how to meet them; with `member_id`, for this
        recruiter.
        """
        return self._get(
            answers.Requirements,
            f"/employers/{part(employer_id)}/requirements",
            member_id=member_id,
        )

    def rights(self, employer_id: str) -> answers.Rights:
        """Return what the employer may do, and its remaining quotas."""
        return self._get(answers.Rights, f"/employers/{part(employer_id)}/rights")

    def members(self, employer_id: str) -> Iterator[answers.Member]:
        """Iterate over the employer's current members."""
        return self._pages(answers.Member, f"/employers/{part(employer_id)}/members", {})

    def add_member(
        self,
        employer_id: str,
        reference: str,
        email: str,
        *,
        role: Role = "recruiter",
        language: Language = "zh-hans",
        idempotency_key: str | None = None,
    ) -> answers.Member:
        """Add a recruiter.

        Recruiters confirm their address themselves: send them to our pages with an onboarding link.
        An address that has another account cannot be confirmed; the answer does not tell that.
        """
        body = {"reference": reference, "email": email, "role": role, "language": language}
        return self._post(
            answers.Member, f"/employers/{part(employer_id)}/members", body, idempotency_key
        )

    def member(self, employer_id: str, member_id: str) -> answers.Member:
        """Return a member, including whether their address is confirmed and whether they
        have left.
        """
        return self._get(
            answers.Member, f"/employers/{part(employer_id)}/members/{part(member_id)}"
        )

    def set_member_phone(
        self, employer_id: str, member_id: str, phone: str, *, proven: bool = False
    ) -> None:
        """Set the number that the member calls relay numbers from. "" removes it.

        Calls are connected only if you have `proven` that the member has the number, or once the
        member proves it on our pages. Repeating the call has no further effect.
        """
        self._calls.answer(
            "PUT",
            f"/employers/{part(employer_id)}/members/{part(member_id)}/phone",
            body={"phone": phone, "proven": proven},
        )

    def end_member(
        self, employer_id: str, member_id: str, *, idempotency_key: str | None = None
    ) -> None:
        """End the membership at once. From then on the gate refuses the member."""
        self._calls.answer(
            "DELETE",
            f"/employers/{part(employer_id)}/members/{part(member_id)}",
            key=idempotency_key,
        )

    def make_onboarding_link(
        self,
        employer_id: str,
        member_id: str,
        return_url: str,
        *,
        purpose: Purpose = "verify",
        language: Language = "zh-hans",
        idempotency_key: str | None = None,
    ) -> answers.Link:
        """Create a single-use link that signs this recruiter in. It is valid for 15 minutes.

        Create it when they press your button. The key needs the scope `onboarding:make`.
        """
        body = {
            "member_id": member_id,
            "return_url": return_url,
            "purpose": purpose,
            "language": language,
        }
        return self._post(
            answers.Link, f"/employers/{part(employer_id)}/onboarding-links", body, idempotency_key
        )
