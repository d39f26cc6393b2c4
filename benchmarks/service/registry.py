"""Benchmark of imports of the company register: speed, and memory use by length.

`python -m benchmarks.registry [--rows N] [--seed N] [--json]` imports N companies (1,000,000) into
an empty table, then the same file again, then one that is a day older, which must change nothing.
It uses SQLite, and, if ZIZHI_DATABASE_URL names a PostgreSQL server, also a database there that is
dropped at the end. Each runs in a process of its own, whose resident set is reported on the way.
Goal: flat memory.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from argparse import SUPPRESS, ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks import stage
from benchmarks.stage import a_database, resident_mb
from documents.uscc import check_character, organisation_check_character

ROOT: Final = Path(__file__).resolve().parents[2]
FLAT_MB: Final = 32
"""Growth of the resident set, from a tenth of the rows to all of them, that still counts as flat.
"""
_SHOWN: Final = ("seconds", "rows_a_second", "mb_at_a_tenth", "mb_at_the_end")
_FIRST: Final = "云澜青松海山星河嘉诚远安"
_SECOND: Final = "溪浦岚桥川泽宸禾朗越衡宁"
_TRADES: Final = (
    "科技",
    "餐饮管理",
    "人力资源服务",
    "物流",
    "建筑工程",
    "教育咨询",
    "医疗器械",
    "文化传媒",
)
_FAMILY: Final = "林沈陈王李张柳周吴郑"
_GIVEN: Final = "知白望舒一鸣清和景行思远"
_HEADER: Final = (
    "uscc,name,legal_representative,status,established_on,email_domain,abnormal_list,serious_violation_list,as_of,"
    "former_names,business_scope"
)
_DAY: Final = date(2026, 11, 1)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--file", type=Path, help=SUPPRESS)
    parser.add_argument("--older", type=Path, help=SUPPRESS)
    options = parser.parse_args()
    if options.file:
        stage.tell(imported(options.file, options.older, options.rows))
        return
    with tempfile.TemporaryDirectory(prefix="zizhi-bench-") as folder:
        file, older = Path(folder) / "register.csv", Path(folder) / "older.csv"
        write(file, options.rows, options.seed, _DAY)
        write(older, options.rows, options.seed + 1, _DAY - timedelta(days=1))
        result: dict[str, Any] = {
            "seed": options.seed,
            "rows": options.rows,
            "file_mb": file.stat().st_size >> 20,
            "engines": {},
        }
        command = [
            sys.executable,
            "-m",
            "benchmarks.registry",
            f"--file={file}",
            f"--older={older}",
            f"--rows={options.rows}",
        ]
        result["engines"]["sqlite"] = _measured(command, "")
        server = os.environ.get("ZIZHI_DATABASE_URL", "")
        if server.startswith("postgres"):
            with a_database(server) as url:
                result["engines"]["postgresql"] = _measured(command, url)
    if options.json:
        stage.tell(result)
        return
    print(f"{options.rows} companies, {result['file_mb']} MB of CSV")
    stage.show(
        ["engine", "import", "seconds", "rows/s", "MB at a tenth", "MB at the end", "memory"],
        [
            [
                engine,
                which,
                run["seconds"],
                run["rows_a_second"],
                run["mb_at_a_tenth"],
                run["mb_at_the_end"],
                "flat" if run["flat"] else "grows",
            ]
            for engine, runs in result["engines"].items()
            for which, run in runs.items()
        ],
    )


def write(path: Path, rows: int, seed: int, as_of: date) -> None:
    """Write an export of `rows` companies; `seed` decides everything except their codes."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEADER + "\n")
        for number in range(rows):
            body = f"{number:08d}"
            first17 = f"91990101{body}{organisation_check_character(body)}"
            trade = chance.choice(_TRADES)
            name = f"云溪市{chance.choice(_FIRST)}{chance.choice(_SECOND)}{trade}有限公司"
            person = chance.choice(_FAMILY) + chance.choice(_GIVEN) + chance.choice(_GIVEN)
            founded = date(2000, 1, 1) + timedelta(days=chance.randrange(9800))
            status = chance.choices(("存续", "注销", "吊销，未注销", "迁出"), (90, 6, 3, 1))[0]
            former = (
                f"云溪市{chance.choice(_FIRST)}{trade}有限公司" if chance.random() < 0.1 else ""
            )
            scope = "；".join(
                f"{chance.choice(_TRADES)}服务" for _ in range(chance.randrange(3, 12))
            )
            file.write(
                f"{first17}{check_character(first17)},{name},{person},{status},{founded},c{number}.example,"
                f"{'是' if chance.random() < 0.02 else '否'},否,{as_of},{former},{scope}\n"
            )


def _measured(command: list[str], database_url: str) -> dict[str, Any]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZIZHI_", "DATABASE_URL"))
    }
    if database_url:
        environment["DATABASE_URL"] = database_url
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def imported(file: Path, older: Path, rows: int) -> dict[str, Any]:
    """Run the three imports, in a process of their own; return the figures of each."""
    with stage.fresh():
        from verification.models import RegistryRecord

        runs = {"first": _run(file, rows), "again": _run(file, rows)}
        before = _content(RegistryRecord)
        runs["older"] = _run(older, rows)
        if RegistryRecord.objects.count() != rows or _content(RegistryRecord) != before:
            raise SystemExit("an older export changed stored rows")
        return runs


def _content(model: Any) -> list[tuple[Any, ...]]:
    return list(model.objects.order_by("uscc").values_list()[:2000])


def _run(file: Path, rows: int) -> dict[str, Any]:
    import io

    from django.core.management import call_command

    marks: list[tuple[float, int]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            marks.append((time.perf_counter() - began, resident_mb()))

    began = time.perf_counter()
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    call_command("import_registry", str(file), stdout=io.StringIO(), stderr=io.StringIO())
    seconds = time.perf_counter() - began
    done.set()
    watcher.join()
    early = max((mb for at, mb in marks if at <= seconds / 10), default=resident_mb())
    peak = max((mb for _, mb in marks), default=resident_mb())
    return {
        "seconds": round(seconds, 1),
        "rows_a_second": round(rows / seconds),
        "mb_at_a_tenth": early,
        "mb_at_the_end": peak,
        "flat": peak - early <= FLAT_MB,
    }


if __name__ == "__main__":
    main()
