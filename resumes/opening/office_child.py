"""The child process that converts a Word file to PDF.

It removes active content and outside references, and LibreOffice prints the rest.
`sandbox.run_child` starts it without network and without our files, with a folder in memory that is
deleted when it ends. Before LibreOffice sees the file, the child unpacks it with limits and packs
it again without macros, embedded objects and controls, and with every outside address replaced by
one that leads nowhere. The resulting PDF is trusted no more than any other.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import xml.etree.ElementTree as xml
import zipfile
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).resolve().parents[2]))

from documents.upload.confinement import READABLE, Files, confined_process
from documents.upload.sandbox_child import Limits, Refusal, attempt_work, report_ready, write_reply

ROOM: Final = Path("/tmp")  # noqa: S108 (the sandbox's own)
FILES: Final = Files(
    read=(*READABLE, "/etc", "/proc", "/var/cache/fontconfig"),
    execute=("/usr", "/bin", "/lib", "/lib32", "/lib64"),
    write=(str(ROOM), "/dev"),
)
"""What LibreOffice uses of the files that the sandbox shows."""
MAIN: Final = "word/document.xml"
PARTS: Final = 3000
UNPACKED: Final = 120 * 1024 * 1024
"""Bytes of all parts together; a resume with photographs has about ten million."""
ACTIVE: Final = (
    "word/vba",
    "word/embeddings/",
    "word/activex/",
    "word/attachedtoolbars",
    "customui/",
    "word/webextensions/",
)
"""Prefixes, in lower case, of the names of parts that are not page content: macros, embedded files,
controls.
"""
NOWHERE: Final = "about:blank"
RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
"""The namespace of relationship parts; LibreOffice reads it only without a prefix."""
_SCRIPTING: Final = "/org.openoffice.Office.Common/Security/Scripting"
_UPDATE: Final = "/org.openoffice.Office.Writer/Content/Update"
_SET: Final = (
    (_SCRIPTING, "MacroSecurityLevel", "3"),
    (_SCRIPTING, "DisableMacrosExecution", "true"),
    (_SCRIPTING, "DisableActiveContent", "true"),
    (_SCRIPTING, "BlockUntrustedRefererLinks", "true"),
    (_UPDATE, "Link", "0"),
)
SETTINGS: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    + "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}"><value>{value}</value></prop></item>'
        for path, name, value in _SET
    )
    + "</oor:items>"
)
"""Settings of LibreOffice's profile: no macros, no controls, no links followed."""


def strip_active_content(data: bytes) -> bytes:
    """Return the Word file `data`, packed again without active content and outside references.

    Raises Refusal if it is not a Word file, or is too large unpacked.
    """
    out = io.BytesIO()
    left = UNPACKED
    with (
        zipfile.ZipFile(io.BytesIO(data)) as given,
        zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as kept,
    ):
        parts = {part.filename: part for part in given.infolist()}
        if MAIN not in parts:
            raise Refusal("document_wrong_type", "ZIP")
        if len(parts) > PARTS:
            raise Refusal("document_broken", f"{len(parts)} 个部分 / parts")
        for name, part in parts.items():
            if (
                name.lower().startswith((*ACTIVE, "/"))
                or part.is_dir()
                or ".." in name
                or "\\" in name
            ):
                continue
            with given.open(part) as opened:
                content = opened.read(left + 1)  # the size in the directory is not trusted
            left -= len(content)
            if left < 0:
                size = UNPACKED // 1024 // 1024
                raise Refusal(
                    "document_broken", f"解压后超过 {size} MB / over {size} MB when unpacked"
                )
            kept.writestr(
                name, _led_nowhere(content) if name.lower().endswith(".rels") else content
            )
    return out.getvalue()


def _led_nowhere(relations: bytes) -> bytes:
    """Return a relationship part without targets outside the file."""
    xml.register_namespace("", RELATIONS)
    root = xml.fromstring(relations)  # noqa: S314 (expat bounds what entities grow to, and the limits bound the rest)
    for relation in list(root):
        inside = relation.get("TargetMode", "Internal") == "Internal" and "://" not in relation.get(
            "Target", ""
        )
        if not inside:
            relation.set("TargetMode", "External")
            relation.set("Target", NOWHERE)
        elif any(
            word in (relation.get("Target") or "").lower()
            for word in ("embeddings/", "vba", "activex/")
        ):
            root.remove(relation)
    return bytes(xml.tostring(root, encoding="utf-8", xml_declaration=True))


def convert_to_pdf(document: bytes, program: str, limits: Limits) -> bytes:
    """Return LibreOffice's PDF of `document`. Raises Refusal if LibreOffice makes none."""
    profile, given, made = ROOM / "profile" / "user", ROOM / "resume.docx", ROOM / "out"
    profile.mkdir(parents=True)
    made.mkdir()
    (profile / "registrymodifications.xcu").write_text(SETTINGS)
    given.write_bytes(document)
    command = [
        program,
        "--headless",
        "--norestore",
        "--nologo",
        "--nodefault",
        "--nolockcheck",
        "--nofirststartwizard",
        f"-env:UserInstallation=file://{ROOM}/profile",
        "--infilter=MS Word 2007 XML",
        "--convert-to",
        "pdf:writer_pdf_Export",
        "--outdir",
        str(made),
        str(given),
    ]
    environment = {
        "HOME": str(ROOM),
        "TMPDIR": str(ROOM),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "SAL_DISABLE_OPENCL": "1",
    }
    subprocess.run(
        command,
        env=environment,
        cwd=ROOM,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    pdf = made / "resume.pdf"
    if not pdf.exists():
        raise Refusal("document_broken", "LibreOffice 无法打开 / LibreOffice cannot open it")
    with pdf.open("rb") as file:
        return file.read(limits.output_bytes)


def confine_office(limits: Limits) -> None:
    """Apply the limits; the processes that this child starts inherit them.

    Unlike the other children, it must be able to open files and start a process. These limits are
    for each process; `sandbox.run_child` limits all of them together.
    """
    with confined_process(limits.kernel, FILES, programs=True):
        for name, value in (
            ("RLIMIT_AS", limits.memory_bytes),
            ("RLIMIT_CPU", limits.seconds),
            ("RLIMIT_FSIZE", limits.output_bytes),
            ("RLIMIT_CORE", 0),
            ("RLIMIT_NOFILE", 512),
        ):
            resource.setrlimit(getattr(resource, name), (value, value))


def main() -> None:
    """Apply the limits, report readiness, convert, reply. The program's path takes the place of the
    task.
    """
    program = sys.argv[1]
    limits = Limits(**json.loads(sys.argv[2]))
    confine_office(limits)
    os.umask(0o077)
    report_ready()

    def work(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
        return {}, [convert_to_pdf(strip_active_content(data), program, limits)]

    write_reply(*attempt_work(work))


if __name__ == "__main__":
    main()
