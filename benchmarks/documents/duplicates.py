"""Measures how well copies of a licence's picture are found among 100,000 pages.

`python -m benchmarks.duplicates [--seed N] [--count N] [--pages N] [--json]` stores `count`
specimens on both forms, clean and photographed, among `pages` made-up pages that share the forms'
words, then searches copies of each: cut to 85 % of its area, saved again, smaller, turned, in other
light, all of it at once. A copy counts as found if its original is found. False matches are those
of another company. Thresholds were chosen on seeds from 1000 on; the figures are for others. For
PostgreSQL, set DATABASE_URL to an empty database.
"""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from benchmarks import stage
from documents.similarity import keypoints
from documents.specimens import EDITIONS, make_specimen

Rng = np.random.Generator
DAMAGES = ("none", "light", "phone")
PAGES_A_DOCUMENT = 1000
FORM_WORDS = 0.5
"""The share of a made-up page's landmarks that come from its form, which many pages share.

The others are random.
"""


def saved(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def cut(image: Image.Image, rng: Rng, area: float = 0.85) -> Image.Image:
    """Cut out `area` of the picture, from anywhere in it, and save it again."""
    width, height = (round(side * area**0.5) for side in image.size)
    x, y = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    return saved(image.crop((x, y, x + width, y + height)), 80)


def smaller(image: Image.Image, by: float) -> Image.Image:
    return image.resize(
        (round(image.width * by), round(image.height * by)), Image.Resampling.LANCZOS
    )


def rotated(image: Image.Image, degrees: float) -> Image.Image:
    return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(120, 110, 100))


def lit(image: Image.Image, by: float) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(by)


def retouched(image: Image.Image, rng: Rng) -> Image.Image:
    """Paint over one line of text, as a forger does."""
    width, height = image.size
    x, y = int(width * rng.uniform(0.2, 0.3)), int(height * rng.uniform(0.45, 0.6))
    out = image.copy()
    out.paste(image.getpixel((x, y)), (x, y, x + width // 4, y + height // 40))  # type: ignore[arg-type]
    return saved(out, 85)


def everything(image: Image.Image, rng: Rng) -> Image.Image:
    light = lit(rotated(cut(image, rng), float(rng.uniform(-2, 2))), float(rng.uniform(0.8, 1.2)))
    return saved(smaller(light, 0.6), 60)


ATTACKS: dict[str, Callable[[Image.Image, Rng], Image.Image]] = {
    "saved again (JPEG 30)": lambda image, rng: saved(image, 30),
    "cut to 85 %": cut,
    "half as large": lambda image, rng: saved(smaller(image, 0.5), 60),
    "a third as large": lambda image, rng: saved(smaller(image, 1 / 3), 60),
    "turned 2 degrees": lambda image, rng: saved(rotated(image, float(rng.choice([-2, 2]))), 80),
    "30 % darker": lambda image, rng: lit(image, 0.7),
    "30 % brighter": lambda image, rng: lit(image, 1.3),
    "one field painted over": retouched,
    "all at once": everything,
}

Words = list[tuple[str, ...]]


def seen(image: Image.Image) -> keypoints.Seen:
    return keypoints.prepare_picture(np.asarray(image.convert("L"), np.uint8))


# --- The made-up pages ---------- -----------------------------------------------------------------


def made_up(number: int, rng: Rng, common: Words) -> Iterator[tuple[int, int, int, str]]:
    """Yield (page, view, band, word) of `number` pages, counted from 0."""
    spelt = [f"{value:0{keypoints.WORD_BITS // 4}x}" for value in range(1 << keypoints.WORD_BITS)]
    for page in range(number):
        of_form = (rng.random(keypoints.LANDMARKS) < FORM_WORDS).tolist()
        chosen = rng.integers(len(common), size=keypoints.LANDMARKS).tolist()
        chance = rng.integers(
            1 << keypoints.WORD_BITS, size=(keypoints.LANDMARKS, keypoints.WORDS)
        ).tolist()
        for view in range(keypoints.LANDMARKS):
            for band in range(keypoints.WORDS):
                yield (
                    page,
                    view,
                    band,
                    common[chosen[view]][band] if of_form[view] else spelt[chance[view][band]],
                )


def common_words(of_pages: list[Words]) -> Words:
    """Return the words of landmarks that more than one licence has: those of the forms."""
    times = Counter(words for page in of_pages for words in set(page))
    common = [words for words, count in times.items() if count > 1 for _ in range(count)]
    if not common:  # words of a single picture would hide that picture
        raise SystemExit("These pictures have no words in common: give a larger --count.")
    return common


def keep_pages(number: int, fingerprint: str = "0" * 64) -> list[int]:
    """Create `number` page rows that belong to a submitted case; return their ids."""
    from django.utils import timezone

    from employers.models import AccountClass, Employer, User
    from verification.models import Case, Document, DocumentPage

    now = timezone.now()
    user = User.objects.create_user(f"bench{number}-{time.monotonic_ns()}@example.com", None)
    employer = Employer.objects.create(
        name="bench", uscc="0" * 18, registered_at=now, account_class=AccountClass.DIRECT_EMPLOYER
    )
    case = Case.objects.create(
        employer=employer,
        declared_name="bench",
        declared_uscc="0" * 18,
        account_class=employer.account_class,
        opened_at=now,
    )
    ids: list[int] = []
    for first in range(0, number, PAGES_A_DOCUMENT):
        document = Document.objects.create(
            case=case,
            kind="business_licence",
            sha256=f"{first:064x}",
            size=1,
            media_type="image/jpeg",
            uploaded_by=user,
            uploaded_at=now,
        )
        rows = [
            DocumentPage(
                document=document,
                number=n,
                image="none.jpg",
                width=1,
                height=1,
                fingerprint=fingerprint,
            )
            for n in range(1, min(PAGES_A_DOCUMENT, number - first) + 1)
        ]
        ids += [page.pk for page in DocumentPage.objects.bulk_create(rows, batch_size=500)]
    return ids


def keep_bands(ids: list[int], rows: Iterator[tuple[int, int, int, str]]) -> None:
    """Insert all rows at once and create the index by words afterwards, as for an import."""
    from django.db import connection, transaction

    from verification.models import PageBand

    index = PageBand._meta.indexes[0]
    table = "verification_pageband (page_id, view, band, value)"
    with connection.schema_editor() as editor:
        editor.remove_index(PageBand, index)
    entries = ((ids[page], view, band, word) for page, view, band, word in rows)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in entries:
                    copy.write_row(row)
        else:
            cursor.cursor.connection.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?, ?)", entries
            )
    with connection.schema_editor() as editor:
        editor.add_index(PageBand, index)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


# --- Measuring ------------------------------------------------------------------------------------


def measure(seed: int, count: int, pages: int) -> dict[str, Any]:
    """Return recall by attack, false matches, and milliseconds per look-up among all the pages."""
    from django.db import connection

    from verification.checks import picture_index
    from verification.models import PageBand

    rng = np.random.default_rng(seed)
    images = [
        make_specimen(seed + n, EDITIONS[n % len(EDITIONS)], DAMAGES[n % len(DAMAGES)]).image
        for n in range(count)
    ]
    real = [seen(image) for image in images]
    words = [keypoints.landmark_words(of_page.landmarks) for of_page in real]
    ids = keep_pages(pages + count + 1)
    of_real, query = dict(zip(ids[pages : pages + count], real, strict=True)), ids[-1]
    started = time.perf_counter()
    keep_bands(ids, made_up(pages, rng, common_words(words)))
    importing = time.perf_counter() - started
    for page_id, of_page in of_real.items():
        PageBand.objects.bulk_create(picture_index.bands_of(page_id, of_page.landmarks))

    lookups: list[float] = []
    compared = false = pairs = 0
    recall: dict[str, float] = {}

    def ask(of_copy: keypoints.Seen) -> tuple[set[int], int]:
        PageBand.objects.filter(page=query).delete()
        PageBand.objects.bulk_create(picture_index.bands_of(query, of_copy.landmarks))
        started = time.perf_counter()
        likely = picture_index.candidate_pages([query])[query]
        lookups.append((time.perf_counter() - started) * 1000)
        agreements = {
            page: keypoints.compare_pictures(of_copy, of_real[page])
            for page in likely
            if page in of_real
        }
        return {
            page
            for page, found in agreements.items()
            if found and found.share >= picture_index.SAME
        }, len(likely)

    for name, attack in ATTACKS.items():
        found = 0
        for page, image in zip(of_real, images, strict=True):
            matches, looked_at = ask(seen(attack(image, rng)))
            found += page in matches
            false += len(matches - {page})
            pairs += count - 1
            compared += looked_at
        recall[name] = round(found / count, 4)
    return {
        "engine": connection.vendor,
        "pages": pages,
        "pictures": count,
        "recall": recall,
        "pairs": pairs,
        "false_matches": false,
        "false_per_10000_pairs": round(false / pairs * 10_000, 2),
        "compared_per_page": round(compared / len(lookups), 2),
        "lookup_ms": {"median": stage.median(lookups), "p95": stage.p95(lookups)},
        "import_rows_per_second": round(pages * keypoints.LANDMARKS * keypoints.WORDS / importing),
    }


def keeping(seed: int, count: int) -> dict[str, Any]:
    """Return the milliseconds to find a page's landmarks and to load stored ones, and their size.

    Medians, for pages that are not in memory; sizes are in kilobytes.
    """
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from verification.checks import picture_index
    from verification.models import DocumentPage, PageLandmarks

    ids = keep_pages(count)
    looking, kept, sizes = [], [], []
    for n, page in enumerate(DocumentPage.objects.filter(pk__in=ids)):
        out = io.BytesIO()
        make_specimen(seed + n, EDITIONS[n % len(EDITIONS)], DAMAGES[n % len(DAMAGES)]).image.save(
            out, "JPEG", quality=90
        )
        page.image = default_storage.save("page.jpg", ContentFile(out.getvalue()))
        page.save()
        started = time.perf_counter()
        picture_index.landmarks_of(page, None)
        looking.append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        row = PageLandmarks.objects.get(pk=page.pk)
        picture_index.landmarks_of(page, row)
        kept.append((time.perf_counter() - started) * 1000)
        sizes.append(len(row.sealed) / 1024)
    return {
        "look_ms": round(stage.median(looking), 1),
        "kept_ms": round(stage.median(kept), 1),
        "kb_median": round(stage.median(sizes), 1),
        "kb_most": round(max(sizes), 1),
    }


def confusable(seed: int, count: int) -> dict[str, Any]:
    """Return the agreement of every pair of different companies on one form, without the index."""
    shares = []
    for form in EDITIONS:
        of_form = [seen(make_specimen(seed + n, form, "none").image) for n in range(count)]
        shares += [
            found.share if (found := keypoints.compare_pictures(a, b)) else 0.0
            for i, a in enumerate(of_form)
            for b in of_form[:i]
        ]
    from verification.checks.picture_index import SAME

    return {
        "pairs": len(shares),
        "closest": round(max(shares), 3),
        "false_matches": sum(share >= SAME for share in shares),
    }


def main() -> None:
    arguments = stage.arguments(
        (__doc__ or "").splitlines()[0], count=30, pages=100_000, same_form=16
    )
    with stage.fresh():
        result = measure(arguments.seed, arguments.count, arguments.pages)
        result["landmarks"] = keeping(arguments.seed, arguments.count)
    result |= {
        "seed": arguments.seed,
        "same_form": confusable(arguments.seed + 500, arguments.same_form),
    }
    if arguments.json:
        stage.tell(result)
        return
    stage.show(["attack", "found"], [[name, share] for name, share in result["recall"].items()])
    print()
    for name in (
        "engine",
        "pages",
        "pictures",
        "pairs",
        "false_matches",
        "false_per_10000_pairs",
        "compared_per_page",
        "lookup_ms",
    ):
        print(f"{name}: {result[name]}")
    print(f"import_rows_per_second: {result['import_rows_per_second']}")
    print(f"landmarks of a page: {result['landmarks']}")
    print(f"different companies on one form, all compared: {result['same_form']}")


if __name__ == "__main__":
    main()
