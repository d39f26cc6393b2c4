"""Tests of the checks on what Zizhi is made of: the bill of materials, known vulnerabilities, and
keys in commits.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import tomllib
from base64 import b64encode
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOUND = "Found 1 known vulnerability in 1 package"
DATA_KEY = b64encode(hashlib.sha256(b"a data key").digest()).decode()
OFFLINE = "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.osv.dev', port=443)"


class Audit:
    """`.ci/audit` with a pip-audit that answers as told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requirements, self.done = folder / "requirements.txt", folder / "audited"
        self.requirements.write_text("idna==3.10\n")
        os.utime(self.requirements, (0, 0))

    def run(self, reply: str, code: int) -> subprocess.CompletedProcess[str]:
        fake = self.folder / "pip-audit"
        fake.write_text(
            f'#!/bin/sh\necho "$@" >> {self.folder}/calls\n'
            f"printf '%s\\n' {shlex.quote(reply)} >&2\nexit {code}\n"
        )
        fake.chmod(0o755)
        return subprocess.run(
            [ROOT / ".ci" / "audit", self.requirements, self.done],
            env=os.environ | {"PIP_AUDIT": str(fake)},
            capture_output=True,
            text=True,
        )

    @property
    def calls(self) -> int:
        return len((self.folder / "calls").read_text().splitlines())


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path)


def test_a_known_vulnerability_fails_the_check_and_is_printed(audit: Audit) -> None:
    ran = audit.run(FOUND, 1)
    assert ran.returncode == 1 and FOUND in ran.stdout


def test_without_a_connection_the_audit_is_skipped_and_says_why(audit: Audit) -> None:
    ran = audit.run(f"Traceback (most recent call last):\n{OFFLINE}", 1)
    assert ran.returncode == 0 and "skipped" in ran.stdout and OFFLINE in ran.stdout
    assert audit.run(FOUND, 1).returncode == 1, "a skipped audit does not count as done"


def test_an_audit_without_findings_is_not_repeated_until_the_packages_change(audit: Audit) -> None:
    assert audit.run("No known vulnerabilities found", 0).returncode == 0
    assert audit.run(FOUND, 1).returncode == 0 and audit.calls == 1
    audit.requirements.write_text("idna==3.11\n")
    os.utime(audit.done, (1, 1))
    assert audit.run(FOUND, 1).returncode == 1 and audit.calls == 2


@pytest.mark.slow
def test_the_bill_of_materials_names_every_locked_package_of_a_deployment(tmp_path: Path) -> None:
    """Made by the commands of the Makefile, in a copy, from files that it names."""
    bom, requirements = tmp_path / "sbom.json", tmp_path / "requirements.txt"
    commands = {
        line.split()[0].rpartition("/")[2]: line
        for line in (ROOT / "Makefile").read_text().replace("\t@$(BIN)/", "\n").splitlines()
        if line.startswith(("uv export", "python -W ignore -m cyclonedx_py"))
    }
    bin_ = ROOT / ".venv" / "bin"
    for name, target in (("uv", requirements), ("python", bom)):
        command = commands[name].replace("$@", str(target)).replace("$<", str(requirements))
        subprocess.run([bin_ / name, *shlex.split(command)[1:]], cwd=ROOT, check=True)
    found = json.loads(bom.read_text())
    assert found["bomFormat"] == "CycloneDX" and found["metadata"]["component"]["name"] == "zizhi"
    named = {(part["name"].lower(), part["version"]) for part in found["components"]}
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    locked = {package["name"]: package.get("version", "") for package in lock["package"]}
    own = next(package for package in lock["package"] if package["name"] == "zizhi")
    for dependency in own["dependencies"]:
        name = dependency["name"]
        if name != "zizhi-client":
            assert (name, locked[name]) in named, name
    assert "pytest" not in {name for name, _ in named}, "a deployment has no development tools"


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        (f"-----BEGIN {'RSA'} PRIVATE KEY-----\n", False),
        (f'key = "{DATA_KEY}"\n', False),
        (f'AWS = "AKIA{"QWERTYUIOPASDFGH"}"\n', False),
        ('key = os.environ["ZIZHI_DATA_KEY"]\n', True),
        (f'key = "{DATA_KEY}"  # pragma: allowlist secret\n', True),
    ],
)
def test_a_commit_with_a_key_is_stopped(text: str, passes: bool, tmp_path: Path) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    entry = next(hook["entry"] for hook in hooks if hook["id"] == "secrets")
    file = tmp_path / "settings.py"
    file.write_text(text)
    ran = subprocess.run([*shlex.split(entry), file], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode == 0) is passes, ran.stdout + ran.stderr
