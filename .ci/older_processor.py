"""Runs a command on the instruction set of an older processor, to test what OCR engines read.

    python .ci/older_processor.py AVX2 python -m pytest -m reading
    python .ci/older_processor.py SSE4.2 python -m pytest -m reading

Needs an x86-64 processor, gcc and binutils. `older_processor.c` says how it works.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
BUILT: Final = HERE.parent / "var" / "older_processor"
PROCESSORS: Final = ("AVX2", "SSE4.2")
FILES: Final = (
    "openvino/libs/libopenvino.so*",
    "openvino/libs/libopenvino_intel_cpu_plugin.so",
    "onnxruntime/capi/*.so*",
    "numpy/_core/*.so",
    "numpy.libs/*.so*",
    "cv2/*.so",
    "opencv_python_headless.libs/libopenblas*",
)
"""The libraries of Python packages that compute readings."""
_CPUID: Final = re.compile(rb"^ *([0-9a-f]+):\s+0f a2\s+cpuid", re.MULTILINE)


def libraries() -> list[Path]:
    """Return the libraries that compute readings: those of `FILES`, and Tesseract's."""
    site = Path(sysconfig.get_path("platlib"))
    found = [so for name in FILES for so in site.glob(name)]
    cache = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    found += [Path(path) for path in re.findall(r"=> (\S*/lib(?:tesseract|lept)\S*)", cache.stdout)]
    return sorted({so.resolve() for so in found})


def places(library: Path) -> list[str]:
    """Return the addresses of the library's CPUID instructions, in hexadecimal, as linked."""
    if b"\x0f\xa2" not in library.read_bytes():
        return []
    listing = subprocess.run(
        ["objdump", "--disassemble", library], capture_output=True, check=True
    ).stdout
    return [address.decode() for address in _CPUID.findall(listing)]


def build() -> dict[str, str]:
    """Compile `older_processor.c` and find all places, once. Return the environment to run in."""
    BUILT.mkdir(parents=True, exist_ok=True)
    audit, listed = BUILT / "audit.so", BUILT / "places"
    compile_: list[str | Path] = [
        "cc",
        "-O2",
        "-shared",
        "-fPIC",
        "-o",
        audit,
        HERE / "older_processor.c",
    ]
    subprocess.run(compile_, check=True)
    found = libraries()
    known = listed.read_text() if listed.exists() else ""
    if not all(f"{library} " in known or f"{library}\n" in known for library in found):
        with ThreadPoolExecutor() as pool:
            lines = [
                " ".join([str(library), *addresses]) + "\n"
                for library, addresses in zip(found, pool.map(places, found), strict=True)
            ]
        listed.write_text("".join(lines))
    return {"LD_AUDIT": str(audit), "ZIZHI_CPUID_PLACES": str(listed)}


def main() -> None:
    processor, *command = sys.argv[1:]
    if processor not in PROCESSORS or not command:
        sys.exit(f"{processor} is not one of {', '.join(PROCESSORS)}, or the command is missing.")
    os.execvpe(command[0], command, os.environ | build() | {"ZIZHI_PROCESSOR": processor})


if __name__ == "__main__":
    main()
