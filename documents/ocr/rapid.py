"""How are PP-OCRv6's models run so that a page is read in half a second on two cores?

The small models come inside the rapidocr wheel, so nothing is downloaded. They run on OpenVINO,
about twice as fast as on onnxruntime with the same text; onnxruntime serves where OpenVINO is not
installed. Lines are found on a page of at most 1280 px and cut from the full picture, where small
print is sharper. OpenVINO keeps what it prepared for the input shapes it saw, so sides and line
widths are padded to steps, and of what it keeps only the latest stays.
"""

from __future__ import annotations

import copy
import ctypes
import importlib.metadata
import importlib.util
import logging
import math
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import cv2
import numpy as np
import numpy.typing as npt

from documents.ocr.base import Picture, turned_picture
from documents.ocr.closer import view
from documents.page.boxes import Polygon, TextBox, Turn, Weak, opposite, turned
from events.core.errors import ProviderBroken

LONG_SIDE: Final = 1280
"""Pixels; beyond it nothing more is read, and time grows with the square."""
STEP: Final = 320
USUAL: Final = ((960, 1280), (1280, 960))
"""Heights and widths of a page, in steps, as phones and scanners give it: what is prepared for one
shape alone finds its lines a seventh sooner, and holds some 100 MB.
"""
LINE_STEP: Final = 80
LINE_HEIGHT: Final = 48
LONGEST_LINE: Final = 3200
LOWEST_SCORE: Final = 0.3
LOWEST_SCORE_OF_A_PLACE: Final = 0.7
"""Where no line was found, there may be none."""
SURE: Final = 0.95
"""Below this probability of a character, what else it may be is told."""
PARAGRAPH: Final = 3
"""Lines, tightly set, that make one."""
PART: Final = 2
"""Lines that are read before it is asked whether they say enough."""
LONG: Final = 14
"""Heights; a line longer than that is an address or a term more often than a name or a code."""
SMALL: Final = 0.66
"""Of the page's median line; what is set smaller is what stands about a QR code, or the form's
number.
"""
KEPT: Final = 64
"""Primitives that OpenVINO keeps prepared for shapes it saw.

Its own 5,000 grow by 60 MB in 300 pages; 64 cost some 5 % of the time.
"""
M_MMAP_THRESHOLD: Final = -3
"""Of glibc's malloc.h: from how many bytes on a block is the system's, and goes back to it when it
is freed.
"""
VOTERS: Final = 12
"""Lines that vote on which way is up."""

Steps = npt.NDArray[np.float32]
"""Steps along a line × classes: the probability of each."""
Corners = npt.NDArray[np.float32]
"""4 × 2: a line's corners in picture pixels, from its own top left, clockwise as one reads."""

Decoded: TypeAlias = tuple[str, float, tuple[Weak, ...], tuple[float, ...]]
"""A line's text, how sure the model is of it, of which characters it is not, and where each stands
along the line (0..1).
"""

_LEFT_BY_FORK: Final[list[object]] = []


class RapidReader:
    """PP-OCRv6 small, warm after the first page.

    One page at a time: two would only share the same cores.
    """

    name = "rapid"

    def __init__(self, threads: int | None = None, engine: str | None = None) -> None:
        """`threads`: 2 or the number of cores, whichever is less, unless told.

        `engine`: openvino or onnxruntime.
        """
        self.threads = threads or min(2, os.cpu_count() or 1)
        self.engine = engine or (
            "openvino" if importlib.util.find_spec("openvino") else "onnxruntime"
        )
        self._lock = threading.Lock()
        self._models: _Models | None = None
        os.register_at_fork(after_in_child=self._forget)

    @property
    def version(self) -> str:
        return (
            f"rapidocr {importlib.metadata.version('rapidocr')} {self.engine}"
            f" {importlib.metadata.version(self.engine)} PP-OCRv6-small"
        )

    def available(self) -> bool:
        return (
            importlib.util.find_spec("rapidocr") is not None
            and importlib.util.find_spec(self.engine) is not None
        )

    def read(self, image: Picture) -> list[TextBox]:
        return self.read_in_parts(image, lambda boxes: None)

    def read_in_parts(
        self, image: Picture, seen: Callable[[Sequence[TextBox]], None]
    ) -> list[TextBox]:
        return self._with_models(lambda models: _read(models, image, seen))

    def read_places(self, image: Picture, places: Sequence[Polygon]) -> list[TextBox]:
        lines = [np.array(place, dtype=np.float32) for place in places]
        return self._with_models(
            lambda models: [
                box for box in _texts(models, image, lines, LOWEST_SCORE_OF_A_PLACE) if box
            ]
        )

    def read_area(
        self, image: Picture, area: Polygon, zoom: float, *, ink: bool = False
    ) -> list[TextBox]:
        part = view(image, area, zoom, ink=ink)
        return part.on_page(
            self._with_models(
                lambda models: [
                    box
                    for box in _texts(
                        models, part.picture, _lines(models, part.picture), LOWEST_SCORE
                    )
                    if box
                ]
            )
        )

    def _forget(self) -> None:
        """In a forked child: the engines' threads are not there, nor is whoever held the lock.

        Ending the engines would hang.
        """
        _LEFT_BY_FORK.append(self._models)
        self._models, self._lock = None, threading.Lock()

    def _with_models(self, work: Callable[[_Models], list[TextBox]]) -> list[TextBox]:
        with self._lock:
            try:
                if self._models is None:
                    _give_memory_back()
                    self._models = _Models(self.engine, self.threads)
                return work(self._models)
            except (
                Exception
            ) as error:  # the engines raise their own and bare Exceptions; none may leave this room
                raise ProviderBroken(f"rapid: {type(error).__name__}") from error


def _compiled(model: Any, threads: int, streams: int) -> Any:
    """`model`, compiled with what rapidocr has no settings for.

    Left alone, OpenVINO computes in bfloat16 on processors that have it: slower with these small
    models, and some characters are read differently than on any other processor.
    """
    import openvino

    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": streams,
        "ENABLE_CPU_PINNING": False,  # pinned, two models would share one core
        "CPU_RUNTIME_CACHE_CAPACITY": KEPT,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    return openvino.Core().compile_model(model, "CPU", settings)


@dataclass(frozen=True)
class _Found:
    """What a request answered, as rapidocr asks for it."""

    data: npt.NDArray[np.float32]


class _Finding:
    """Requests to the model that finds lines: one for each of the USUAL shapes of a page, and one
    for every other.

    That one gives its memory back each time, a sixth of all. Over pictures of random sizes, with
    their second looks, that costs 5 to 11 % of the time; pages of the usual shapes pay nothing.
    """

    def __init__(self, session: Any, threads: int) -> None:
        self._session, self._threads = session, threads
        self._requests: dict[tuple[int, int] | None, Any] = {
            None: _compiled(session.model, threads, streams=1).create_infer_request()
        }
        self._found = _Found(np.empty(0, np.float32))

    def infer(self, inputs: list[npt.NDArray[np.float32]]) -> None:
        height, width = inputs[0].shape[2:]
        shape = (height, width) if (height, width) in USUAL else None
        request = self._request(shape)
        request.infer(inputs)
        self._found = _Found(request.get_output_tensor().data)
        if shape is None:
            self._found = _Found(self._found.data.copy())
            request.get_compiled_model().release_memory()

    def get_output_tensor(self) -> _Found:
        return self._found

    def _request(self, shape: tuple[int, int] | None) -> Any:
        if shape not in self._requests:
            model = self._session.model.clone()
            model.reshape([1, 3, *(shape or ())])
            self._requests[shape] = _compiled(
                model, self._threads, streams=1
            ).create_infer_request()
        return self._requests[shape]


def _requesting(recogniser: Any, model: Any) -> Any:
    """`recogniser` with a request of its own on the compiled `model`, since a request answers one
    at a time.
    """
    other = copy.copy(recogniser)
    other.session = copy.copy(recogniser.session)
    other.session.session = model.create_infer_request()
    return other


def _give_memory_back() -> None:
    """Have glibc return what pages of many sizes leave behind, which it would keep for the next: a
    fifth of all.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 2 << 20)  # fixed: by itself it would grow to 32 MB


class _Models:
    """The three networks of PP-OCR: find lines, tell upside down, read a line."""

    def __init__(self, engine: str, threads: int) -> None:
        import rapidocr
        from rapidocr import EngineType
        from rapidocr.ch_ppocr_cls import TextClassifier
        from rapidocr.ch_ppocr_det import TextDetector
        from rapidocr.ch_ppocr_rec import TextRecognizer
        from rapidocr.utils.parse_parameters import ParseParams

        logging.getLogger("RapidOCR").setLevel(
            logging.WARNING
        )  # it tells each model's path to the terminal
        root = Path(rapidocr.__file__).parent
        cfg = ParseParams.update_batch(
            ParseParams.load(root / "config.yaml"),
            {
                "Global.log_level": "error",
                "Global.model_root_dir": str(root / "models"),
                "Det.model_path": str(root / "models" / "PP-OCRv6_det_small.onnx"),
                "Cls.model_path": str(root / "models" / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
                "Rec.model_path": str(root / "models" / "PP-OCRv6_rec_small.onnx"),
                "Det.limit_type": "max",
                "Det.limit_side_len": LONG_SIDE,
                # pale lines are worth a try: what is no text scores low when read
                "Det.box_thresh": 0.4,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                **{f"{task}.engine_type": EngineType(engine) for task in ("Det", "Cls", "Rec")},
            },
        )
        for task in (cfg.Det, cfg.Cls, cfg.Rec):
            task.engine_cfg = cfg.EngineConfig[engine]
        cfg.Rec.font_path = None
        cfg.Rec.rec_img_shape = [3, LINE_HEIGHT, LINE_STEP]
        self._find: Any = TextDetector(cfg.Det)
        self._upside_down: Any = TextClassifier(cfg.Cls)
        # Two lines at once, each on one thread, are read a third faster than one after the other on
        # two.
        cfg.Rec.engine_cfg = copy.deepcopy(cfg.Rec.engine_cfg)
        if engine == "onnxruntime":
            cfg.Rec.engine_cfg["intra_op_num_threads"] = 1
        recogniser = TextRecognizer(cfg.Rec)
        recognisers = [recogniser] * threads
        if engine == "openvino":
            self._find.session.session = _Finding(self._find.session, threads)
            self._upside_down.session.session = _compiled(
                self._upside_down.session.model, threads, streams=1
            ).create_infer_request()
            model = _compiled(recogniser.session.model, threads, streams=threads)
            recognisers = [_requesting(recogniser, model) for _ in range(threads)]
        self._recognisers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for each in recognisers:
            self._recognisers.put(each)
        self._characters: list[str] = recogniser.postprocess_op.character
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lines")

    def lines(self, page: Picture) -> list[Corners]:
        """Where lines stand on `page` (its sides multiples of STEP)."""
        found = self._find(page).boxes
        return [] if found is None else [np.asarray(corners, dtype=np.float32) for corners in found]

    def share_upside_down(self, strips: list[Picture]) -> float:
        """0..1, by number: how many of `strips` stand on their head."""
        answers = self._upside_down(strips).cls_res
        return sum(str(label) == "180" for label, _ in answers) / max(1, len(answers))

    def texts(self, image: Picture, lines: list[Corners]) -> Iterator[Decoded]:
        """What stands in `lines` of `image`.

        All are under way at once; the first can be had while the later are still read.
        """
        return self._pool.map(lambda corners: self._text(_strip(image, corners)), lines)

    def _text(self, line: Picture) -> Decoded:
        strip = _padded(line)
        shape = strip.shape[1] / strip.shape[0]
        recogniser = self._recognisers.get()
        try:
            given = recogniser.resize_norm_img(strip, max(shape, LINE_STEP / LINE_HEIGHT))[
                np.newaxis
            ].astype(np.float32)
            text, score, weak, at = _decoded(recogniser.session(given)[0], self._characters)
        finally:
            self._recognisers.put(recogniser)
        return (
            text,
            score,
            weak,
            tuple(min(1.0, place * strip.shape[1] / line.shape[1]) for place in at),
        )


def _read(
    models: _Models, image: Picture, seen: Callable[[Sequence[TextBox]], None]
) -> list[TextBox]:
    turn: Turn = 0
    lines = _lines(models, image)
    if lines and (turn := _turn(models, image, lines)):
        # Lines are found less well on their side than upright, and finding them is the lesser part
        # of the work.
        image = turned_picture(image, turn)
        lines = _lines(models, image)
    height, width = image.shape[:2]
    first, rest = _small_print_last(lines)
    parts = [_by_width(first[start : start + PART]) for start in range(0, len(first), PART)]
    order = [*chain.from_iterable(parts), *_by_width(rest)]
    read = zip(order, _texts(models, image, order, LOWEST_SCORE), strict=True)
    boxes: list[tuple[float, TextBox]] = []

    def so_far() -> list[TextBox]:
        """What has been read, from the top: the order in which it was read must not matter."""
        return turned(
            [box for _, box in sorted(boxes, key=itemgetter(0))], opposite(turn), width, height
        )

    for part in parts:
        boxes += [(_top(corners), box) for corners, box in islice(read, len(part)) if box]
        seen(so_far())
    boxes += [(_top(corners), box) for corners, box in read if box]
    return so_far()


def _by_width(lines: list[Corners]) -> list[Corners]:
    """`lines`, those of one width one after the other: a line that is as wide as the last costs the
    engine a quarter less.
    """
    return sorted(lines, key=lambda corners: _length(corners) / max(1.0, _height(corners)))


def _small_print_last(lines: list[Corners]) -> tuple[list[Corners], list[Corners]]:
    """The lines above the paragraph, of at least PARAGRAPH lines, and those that are or follow it;
    both from the top, but for what is LONG or SMALL and decides seldom, after the others above.

    The paragraph is the 经营范围: most of the page's text, and nothing that a decision waits for.
    Its first line stays with what is above: it may be another field's.
    """
    ordered = sorted(lines, key=_top)
    best: list[int] = []
    for start in range(len(ordered)):
        run = [start]
        for i in range(start + 1, len(ordered)):
            a, b = ordered[run[-1]], ordered[i]
            down, height = float(b[:, 1].mean() - a[:, 1].mean()), max(_height(a), _height(b))
            if down > 1.4 * height:
                break
            if (
                down > 0.5 * height
                and abs(float(b[0, 0] - a[0, 0])) < height
                and _length(b) > 6 * height
            ):
                run.append(i)
        if len(run) > len(best):
            best = run
    if len(best) < PARAGRAPH:
        return _seldom_last(ordered), []
    paragraph = set(best[1:])
    top = float(ordered[best[1]][:, 1].mean())
    later = [
        c
        for i, c in enumerate(ordered)
        if i in paragraph or float(c[:, 1].mean()) > top + _height(ordered[best[1]])
    ]
    return _seldom_last([c for c in ordered if not any(c is other for other in later)]), later


def _seldom_last(lines: list[Corners]) -> list[Corners]:
    """`lines`, those last that are LONG or SMALL."""
    usual = float(np.median([_height(c) for c in lines])) if lines else 0.0
    return sorted(
        lines, key=lambda c: _length(c) >= LONG * _height(c) or _height(c) < SMALL * usual
    )


def _lines(models: _Models, image: Picture) -> list[Corners]:
    page, scale = _page(image)
    return [corners / np.float32(scale) for corners in models.lines(page)]


def _turn(models: _Models, image: Picture, lines: list[Corners]) -> Turn:
    """How `image` must be turned to be read, by the direction of its lines and the vote of the
    longest.
    """
    sideways = _mostly_sideways(lines)
    if sideways:  # as if read upwards
        lines = [np.roll(corners, 1, axis=0) for corners in lines]
    longest = sorted(lines, key=_length, reverse=True)[:VOTERS]
    upside_down = models.share_upside_down([_strip(image, corners) for corners in longest]) > 0.5
    if sideways:
        return 270 if upside_down else 90
    return 180 if upside_down else 0


def _texts(
    models: _Models, image: Picture, lines: list[Corners], lowest: float
) -> Iterator[TextBox | None]:
    """What stands in each of `lines`, or None where the model is less than `lowest` sure of it."""
    for corners, (text, score, weak, at) in zip(lines, models.texts(image, lines), strict=True):
        yield (
            TextBox(text, score, _polygon(corners), weak, at)
            if text.strip() and score >= lowest
            else None
        )


def _decoded(steps: Steps, characters: list[str]) -> Decoded:
    """The text in a recogniser's answer, by the best path (CTC): runs of one class are one
    character, class 0 is none.

    Also the mean probability of its characters, those below SURE with the class that comes second,
    and where each stands.
    """
    best = steps.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    text: list[str] = []
    sure: list[float] = []
    weak: list[Weak] = []
    at: list[float] = []
    for start, end in zip(starts, (*starts[1:], len(best)), strict=True):
        if best[start] == 0:
            continue
        step = start + int(steps[start:end, best[start]].argmax())
        probability = float(steps[step, best[start]])
        if probability < SURE:
            second = int(np.argpartition(steps[step], -2)[-2])
            weak.append(
                Weak(
                    sum(map(len, text)), round(probability, 4), characters[second] if second else ""
                )
            )
        text.append(characters[best[start]])
        sure.append(probability)
        at += [(step + 0.5) / len(best)] * len(text[-1])
    return "".join(text), float(np.mean(sure)) if sure else 0.0, tuple(weak), tuple(at)


def _page(image: Picture) -> tuple[Picture, float]:
    """`image` with its long side at most LONG_SIDE, on a canvas whose sides are multiples of STEP;
    and the scale.
    """
    height, width = image.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    small = (
        cv2.resize(
            image,
            (max(1, round(width * scale)), max(1, round(height * scale))),
            interpolation=cv2.INTER_AREA,
        )
        if scale < 1
        else image
    )
    below, right = -small.shape[0] % STEP, -small.shape[1] % STEP
    return (
        cast(
            Picture,
            cv2.copyMakeBorder(
                small, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(127, 127, 127)
            ),
        ),
        scale,
    )


def _top(corners: Corners) -> float:
    """How far down a line stands, by its middle."""
    return float(corners[:, 1].mean())


def _length(corners: Corners) -> float:
    return float(np.linalg.norm(corners[1] - corners[0]))


def _height(corners: Corners) -> float:
    return float(np.linalg.norm(corners[3] - corners[0]))


def _mostly_sideways(lines: list[Corners]) -> bool:
    """Whether the text runs up or down the picture; decided by length, as short lines have no
    direction.
    """
    tall = sum(_height(c) for c in lines if _height(c) > 1.5 * _length(c))
    wide = sum(_length(c) for c in lines if _length(c) > 1.5 * _height(c))
    return tall > wide


def _strip(image: Picture, corners: Corners) -> Picture:
    """The line in `corners`, cut out and laid level, at most LINE_HEIGHT × 2 px high."""
    width, height = _length(corners), _height(corners)
    shrink = min(1.0, 2 * LINE_HEIGHT / max(height, 1.0), LONGEST_LINE / max(width, 1.0))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    return cast(
        Picture,
        cv2.warpPerspective(
            image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
    )


def _padded(strip: Picture) -> Picture:
    """`strip` lengthened with grey so that at LINE_HEIGHT its width is a multiple of STEP."""
    height, width = strip.shape[:2]
    steps = math.ceil(width * LINE_HEIGHT / height / LINE_STEP)
    missing = max(0, round(steps * LINE_STEP * height / LINE_HEIGHT) - width)
    return cast(
        Picture,
        cv2.copyMakeBorder(strip, 0, 0, 0, missing, cv2.BORDER_CONSTANT, value=(127, 127, 127)),
    )


def _polygon(corners: Corners) -> Polygon:
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return a, b, c, d
