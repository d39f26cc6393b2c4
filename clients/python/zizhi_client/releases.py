"""The calls that release resumes and trace leaked copies."""

from __future__ import annotations

from collections.abc import Iterator

from zizhi_client import answers
from zizhi_client.typed_calls import TypedCalls, part


class ReleaseCalls(TypedCalls):
    def release(
        self,
        gate_pass: str,
        candidate_phone: str,
        resume: bytes | None = None,
        *,
        candidate_email: str = "",
        resume_reference: str = "",
        job_title: str = "",
        wait: int | None = None,
        idempotency_key: str | None = None,
    ) -> answers.ResumeRelease:
        """Release a resume with a pass: redacted, watermarked and with a relay number.

        Call `read_release` until it is `ready`.

        Send the file, or your reference to it if the service reads from your storage. The candidate
        sees the `job_title`. With `wait`,
        the call waits up to this number of seconds (at most 20) for the copy: redirect the
        recruiter to its `link`, or keep polling if that is None. With an `idempotency_key` it does
        not wait. Without one, the same pass and file return the same release.
        """
        form = {
            "gate_pass": gate_pass,
            "candidate_phone": candidate_phone,
            "candidate_email": candidate_email,
            "resume_reference": resume_reference,
            "job_title": job_title,
        }
        files = {} if resume is None else {"resume": resume}
        return self._send_form(
            answers.ResumeRelease, "/releases", form, files, idempotency_key, wait
        )

    def releases(
        self, *, employer_id: str | None = None, candidate: str | None = None
    ) -> Iterator[answers.ResumeRelease]:
        """Iterate over your releases, latest first."""
        return self._pages(
            answers.ResumeRelease, "/releases", {"employer_id": employer_id, "candidate": candidate}
        )

    def read_release(self, release_id: str) -> answers.ResumeRelease:
        """Return a release and its progress."""
        return self._get(answers.ResumeRelease, f"/releases/{part(release_id)}")

    def link_release(
        self, release_id: str, *, idempotency_key: str | None = None
    ) -> answers.CopyLink:
        """Return a link for the recruiter's browser to fetch the copy, once, within a minute.

        Raises Conflict `release_not_ready`.
        """
        return self._post(
            answers.CopyLink, f"/releases/{part(release_id)}/links", None, idempotency_key
        )

    def trace(
        self,
        why: str,
        leak: bytes | None = None,
        *,
        text: str = "",
        candidate: str = "",
        idempotency_key: str | None = None,
    ) -> answers.Trace:
        """Trace a leaked copy to one of your releases.

        Call `read_trace` until it is `done`.
        """
        form = {"why": why, "text": text, "candidate": candidate}
        return self._send_form(
            answers.Trace, "/traces", form, {} if leak is None else {"leak": leak}, idempotency_key
        )

    def read_trace(self, trace_id: str) -> answers.Trace:
        """Return a trace and its result."""
        return self._get(answers.Trace, f"/traces/{part(trace_id)}")
