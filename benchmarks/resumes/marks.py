"""Measures how often marks name the right release of a leaked page, their cost, and legibility.

`python -m benchmarks.marks [--pages N] [--seed N] [--releases N] [--only WORDS] [--json]`
makes fictitious resumes, marks a copy of each page as one of `releases` releases of that resume,
leaks it in each way of `benchmarks.resumes.leaks`, and traces it among all pages. It also averages
two and five copies, shuffles the pages of whole resumes, and mixes pages of two copies. The right
release is always among the candidates. `wrong` counts traces that name a release that the picture
is not a copy of, `refused` those that name none. Optics are simulated. The thresholds were chosen
on seeds from 1000 on; use other seeds for figures. Milliseconds are CPU time of the process on one
core, so a busy machine changes them little. `only` takes parts of the leaks' names, "costs",
"readability".
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import cv2
import numpy as np
import pikepdf

from benchmarks import stage
from benchmarks.resumes import leaks
from resumes import marking as resumes_marking
from resumes.marking.pdf import Sheet, released_pdf
from resumes.specimens import Resume, make_resume
from resumes.specimens.resume import render_pages
from resumes.tracing import CleanPage, Release, Trace, trace

SERVICE_KEY: Final = b"a key for benchmarks, not a secret"
WORDS: Final = (
    "澜川省云帆网络科技有限公司",
    "云溪市青禾人力资源服务有限公司",
    "Greenstalk Supply Chain Co., Ltd.",
)
AT: Final = datetime(2026, 5, 31, 6, 5, tzinfo=UTC)
READ_PAGES: Final = 12
"""The number of pages that the first OCR engine reads, clean and marked."""


def release_of(resume: str, number: int, pages: int) -> Release:
    name = f"{resume}-{number:04}"
    return Release(
        name,
        resume,
        tuple(resumes_marking.MarkKey.derived(SERVICE_KEY, name, page) for page in range(pages)),
    )


@dataclass
class Stand:
    """One resume, its clean pages and its releases."""

    name: str
    resume: Resume
    releases: list[Release]
    copies: dict[tuple[int, int], leaks.Picture] = field(default_factory=dict)

    @cached_property
    def pages(self) -> list[CleanPage]:
        return [
            CleanPage(self.name, number, picture)
            for number, picture in enumerate(self.resume.pictures())
        ]

    def copy(self, release: int, page: int) -> leaks.Picture:
        """Return page `page` as it left with `release`: marked, written as a PDF, and rendered from
        it.
        """
        if len(self.copies) > 8:
            self.copies.clear()
        if (release, page) not in self.copies:
            key = self.releases[release].keys[page]
            marked = resumes_marking.mark_page(
                self.pages[page].picture, key, words(self.releases[release].number, release)
            )
            self.copies[release, page] = render_pages(
                released_pdf([Sheet(marked, resumes_marking.DPI)])
            )[0]
        return self.copies[release, page]


def words(number: str, release: int) -> resumes_marking.Words:
    return resumes_marking.Words(WORDS[release % len(WORDS)], f"R{number}", AT)


@dataclass
class Tally:
    """The results for one way of leaking."""

    right: int = 0
    wrong: int = 0
    refused: int = 0
    z: list[float] = field(default_factory=list)
    """Of the right release."""
    innocent: float = 0.0
    """The highest z of a release that the picture is not a copy of."""

    def add(self, told: Trace, truth: Sequence[str]) -> None:
        named = set(told.named)
        self.right += bool(named & set(truth))
        self.wrong += bool(named - set(truth))
        self.refused += not named
        self.z.append(
            max((score.z for score in told.scores if score.release in truth), default=0.0)
        )
        self.innocent = max(
            [self.innocent, *(score.z for score in told.scores if score.release not in truth)]
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "right": self.right,
            "wrong": self.wrong,
            "refused": self.refused,
            "z_median": round(stage.median(self.z), 1) if self.z else None,
            "innocent_z_max": round(self.innocent, 1),
        }


class Bench:
    """All resumes, and the traces of their leaks."""

    def __init__(self, stands: list[Stand], seed: int) -> None:
        self.stands = stands
        self.pages = [page for stand in stands for page in stand.pages]
        self.releases = [release for stand in stands for release in stand.releases]
        self.tallies: dict[str, Tally] = {}
        self.traced: list[float] = []
        self.rng = np.random.default_rng(seed)
        for page in self.pages:
            _ = page.landmarks, page.units  # computed once for a page, not for each trace

    def trace(self, name: str, pictures: list[leaks.Picture], truth: Sequence[str]) -> Trace:
        started = time.process_time()
        told = trace(pictures, self.pages, self.releases)
        self.traced.append((time.process_time() - started) * 1000 / len(pictures))
        self.tallies.setdefault(name, Tally()).add(told, truth)
        return told

    def one_page(self, name: str, attack: leaks.Attack) -> None:
        """Trace each page of one copy, the same copy in every attack."""
        for stand in self.stands:
            copy = int(stand.name) * 7 % len(stand.releases)
            for page in stand.pages:
                self.trace(
                    name,
                    [attack(stand.copy(copy, page.number), self.rng)],
                    [stand.releases[copy].number],
                )

    def averaged(self, count: int) -> None:
        """Trace each page of `count` copies, averaged and saved.

        All or some of them should be named, and never another one.
        """
        for stand in self.stands:
            for page in stand.pages:
                chosen = self.rng.choice(len(stand.releases), count, replace=False).tolist()
                leak = leaks.jpeg(
                    leaks.averaged([stand.copy(copy, page.number) for copy in chosen]), self.rng, 80
                )
                truth = [stand.releases[copy].number for copy in chosen]
                told = self.trace(f"average of {count}", [leak], truth)
                self.tallies.setdefault(f"average of {count}, all named", Tally()).add(told, truth)
                if len(told.named) < count and told.named:
                    tally = self.tallies[f"average of {count}, all named"]
                    tally.right, tally.refused = tally.right - 1, tally.refused + 1

    def whole(self) -> None:
        """Trace whole resumes: the pages of two in one pile, shuffled, some upside down."""
        for first in range(0, len(self.stands) - 1, 2):
            pair = self.stands[first : first + 2]
            pile = []
            for stand in pair:
                copy = int(self.rng.integers(len(stand.releases)))
                pile += [
                    (stand.releases[copy].number, page, stand.copy(copy, page.number))
                    for page in stand.pages
                ]
            self.rng.shuffle(pile)  # type: ignore[arg-type]
            pictures = [
                np.ascontiguousarray(np.rot90(picture, 2 * int(self.rng.integers(2))))
                for _, _, picture in pile
            ]
            told = self.trace(
                "pages in another order",
                [leaks.jpeg(picture, self.rng, 75) for picture in pictures],
                [one[0] for one in pile],
            )
            self.tallies.setdefault("which page it is", Tally())
            for (_, page, _), found in zip(pile, told.pictures, strict=True):
                self.tallies["which page it is"].right += found.page is page
                self.tallies["which page it is"].wrong += (
                    found.page is not None and found.page is not page
                )
                self.tallies["which page it is"].refused += found.page is None

    def mixed(self) -> None:
        """Trace pages with the upper half from one copy and the lower half from another."""
        for stand in self.stands:
            for page in stand.pages:
                upper, lower = self.rng.choice(len(stand.releases), 2, replace=False).tolist()
                leak = stand.copy(upper, page.number).copy()
                half = leak.shape[0] // 2
                leak[half:] = stand.copy(lower, page.number)[half:]
                self.trace(
                    "two copies on one page",
                    [leaks.jpeg(leak, self.rng, 80)],
                    [stand.releases[n].number for n in (upper, lower)],
                )


def stands(seed: int, pages: int, releases: int) -> list[Stand]:
    """Return resumes of all layouts and languages in turn, with at least `pages` pages together."""
    made: list[Stand] = []
    count = 0
    while count < pages:
        resume = make_resume(seed + len(made))
        name = f"{seed + len(made)}"
        made.append(
            Stand(
                name, resume, [release_of(name, number, resume.pages) for number in range(releases)]
            )
        )
        count += resume.pages
    return made


# --- Costs ----------------------------------------------------------------------------------------


def timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def saved_again(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(io.BytesIO())


def costs(made: list[Stand]) -> dict[str, Any]:
    """Return the milliseconds per page of marking and of the unavoidable work, and the kilobytes
    per page.
    """
    marking, binding, rendering, saving, sizes, were = [], [], [], [], [], []
    for stand in made:
        pages = stand.resume.pages
        rendering.append(timed(lambda pdf=stand.resume.pdf: render_pages(pdf)) / pages)  # type: ignore[misc]
        saving.append(timed(lambda pdf=stand.resume.pdf: saved_again(pdf)) / pages)  # type: ignore[misc]
        were.append(len(stand.resume.pdf) / 1024 / pages)
        for page in stand.pages:
            key, said = stand.releases[0].keys[page.number], words(stand.releases[0].number, 0)
            started = time.process_time()
            marked = resumes_marking.mark_page(page.picture, key, said)
            marking.append((time.process_time() - started) * 1000)
            started = time.process_time()
            pdf = released_pdf([Sheet(marked, resumes_marking.DPI)])
            binding.append((time.process_time() - started) * 1000)
            sizes.append(len(pdf) / 1024)
    landmarks = [timed(page.found_landmarks) for stand in made[:8] for page in stand.pages]
    return {
        "mark_ms": round(stage.median(marking), 1),
        "release_ms": round(stage.median(marking) + stage.median(binding), 1),
        "render_ms": round(stage.median(rendering), 1),
        "pikepdf_save_ms": round(stage.median(saving), 2),
        "page_kb": round(stage.median(sizes)),
        "page_kb_max": round(max(sizes)),
        "resume_kb": round(stage.median(were)),
        "landmarks_ms": round(stage.median(landmarks)),
    }


def readability(made: list[Stand]) -> dict[str, Any]:
    """Return the percentage of characters that the first OCR engine reads differently on the marked
    page than in the same place on the clean page.

    Spaces do not count: OCR guesses them from distances, and saving a page as JPEG alone changes
    some. So the result also has the percentage that the same JPEG changes without a mark.
    """
    from documents.ocr.rapid import RapidReader

    reader = RapidReader(threads=1)
    characters = changed = by_jpeg = pages = 0
    for stand in made:
        for page in stand.pages[:1]:
            if pages == READ_PAGES:
                break
            pages += 1
            clean = np.ascontiguousarray(page.picture[..., ::-1])
            marked, plain = (
                np.ascontiguousarray(picture[: clean.shape[0], : clean.shape[1], ::-1])
                for picture in (
                    stand.copy(0, page.number),
                    render_pages(released_pdf([Sheet(page.picture, resumes_marking.DPI)]))[0],
                )
            )
            regions = [box.polygon for box in reader.read(clean)]
            for region in regions:
                before, after, saved = (
                    "".join(box.text for box in reader.read_regions(picture, [region])).replace(
                        " ", ""
                    )
                    for picture in (clean, marked, plain)
                )
                characters += len(before)
                changed += edits(before, after)
                by_jpeg += edits(before, saved)
    return {
        "pages": pages,
        "characters": characters,
        "changed": changed,
        "changed_percent": round(100 * changed / max(1, characters), 2),
        "by_jpeg_alone_percent": round(100 * by_jpeg / max(1, characters), 2),
    }


def edits(a: str, b: str) -> int:
    """Return the edit distance: the fewest insertions, deletions and replacements that turn `a`
    into `b`.
    """
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]


# --- The run --------------------------------------------------------------------------------------


def measure(seed: int, pages: int, releases: int, only: str) -> dict[str, Any]:
    made = stands(seed, pages, releases)
    bench = Bench(made, seed)
    work: dict[str, Callable[[], None]] = {
        **{
            name: lambda name=name, attack=attack: bench.one_page(name, attack)
            for name, attack in leaks.ATTACKS.items()
        },  # type: ignore[misc]
        "average of 2": lambda: bench.averaged(2),
        "average of 5": lambda: bench.averaged(5),
        "two copies on one page": bench.mixed,
        "pages in another order": bench.whole,
    }
    asked = [word.strip() for word in only.split(",") if word.strip()]
    for name, run in work.items():
        if not asked or any(word in name for word in asked):
            run()
            told = bench.tallies[name]
            print(
                f"{name}: {told.right} right, {told.wrong} wrong, {told.refused} refused",
                file=sys.stderr,
                flush=True,
            )
    result: dict[str, Any] = {
        "seed": seed,
        "pages": len(bench.pages),
        "resumes": len(made),
        "releases_of_a_resume": releases,
    }
    result["attacks"] = {name: tally.as_json() for name, tally in bench.tallies.items()}
    if bench.traced:
        result["trace_ms"] = {
            "median": round(stage.median(bench.traced)),
            "p95": round(stage.p95(bench.traced)),
        }
    if not asked or "costs" in asked:
        result |= costs(made)
    if not asked or "readability" in asked:
        result["readability"] = readability(made)
    return result


def main() -> None:
    arguments = stage.arguments((__doc__ or "").splitlines()[0], pages=36, releases=200, only="")
    cv2.setNumThreads(1)
    result = measure(arguments.seed, arguments.pages, arguments.releases, arguments.only)
    if arguments.json:
        stage.tell(result)
        return
    columns = ["leak", "right", "wrong", "refused", "z", "innocents' z"]
    stage.show(
        columns,
        [
            [name, *(str(value) for value in told.values())]
            for name, told in result["attacks"].items()
        ],
    )
    print()
    for name, value in result.items():
        if name != "attacks":
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
