"""The three networks of PP-OCR and the engines that run them."""

from __future__ import annotations

import copy
import ctypes
import logging
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from documents.ocr.base import Picture
from documents.ocr.lines import LINE_HEIGHT, LINE_STEP, LONG_SIDE, Corners, cut_line, pad_strip
from documents.page.boxes import Weak

USUAL: Final = ((960, 1280), (1280, 960))
"""Heights and widths of pages from phones and scanners, in multiples of STEP.

A model prepared for one of these shapes finds lines a seventh faster, and takes some 100 MB.
"""
SURE: Final = 0.95
"""Characters with a lower probability are reported with their alternative."""
CACHED_SHAPES: Final = 64
"""The number of prepared primitives that OpenVINO keeps.

Its default of 5,000 grows by 60 MB in 300 pages; 64 cost some 5 % of the time.
"""
M_MMAP_THRESHOLD: Final = -3
"""From glibc's malloc.h: the size from which a block is returned to the system when it is freed."""
Steps = npt.NDArray[np.float32]
"""Steps along a line × classes: the probability of each."""
Decoded: TypeAlias = tuple[str, float, tuple[Weak, ...], tuple[float, ...]]
"""A line's text, its score, its unsure characters, and the position of each character (0..1)."""


def _compiled(model: Any, threads: int, streams: int) -> Any:
    """Return `model`, compiled with settings that rapidocr does not have.

    By default OpenVINO computes in bfloat16 on processors that have it. That is slower with these
    small models, and reads some characters differently than other processors do.
    """
    import openvino

    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": streams,
        "ENABLE_CPU_PINNING": False,  # if pinned, two models would share one core
        "CPU_RUNTIME_CACHE_CAPACITY": CACHED_SHAPES,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    return openvino.Core().compile_model(model, "CPU", settings)


@dataclass(frozen=True)
class _Found:
    """A request's result, in the form that rapidocr expects."""

    data: npt.NDArray[np.float32]


class _Finding:
    """Requests to the model that finds lines: one per USUAL shape, and one for all other shapes.

    The latter gives its memory back each time, a sixth of the total. Over pictures of random sizes,
    with their second looks, that costs 5 to 11 % of the time; pages of the usual shapes pay
    nothing.
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
    """Return `recogniser` with its own request on the compiled `model`.

    A request serves one line at a time.
    """
    other = copy.copy(recogniser)
    other.session = copy.copy(recogniser.session)
    other.session.session = model.create_infer_request()
    return other


def give_memory_back() -> None:
    """Make glibc return the memory of pages of many sizes: a fifth of the total."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 2 << 20)  # fixed; the dynamic threshold would grow to 32 MB


class Models:
    """The three networks of PP-OCR: for finding lines, for their rotation, and for their text."""

    def __init__(self, engine: str, threads: int) -> None:
        import rapidocr
        from rapidocr import EngineType
        from rapidocr.ch_ppocr_cls import TextClassifier
        from rapidocr.ch_ppocr_det import TextDetector
        from rapidocr.ch_ppocr_rec import TextRecognizer
        from rapidocr.utils.parse_parameters import ParseParams

        logging.getLogger("RapidOCR").setLevel(
            logging.WARNING
        )  # it prints each model's path to the terminal
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
                # Pale lines are worth a try: anything that is not text gets a low score.
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
        # Two lines at once, each on one thread, are a third faster than one after the other on two.
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
        """Return the lines on `page` (its sides multiples of STEP)."""
        found = self._find(page).boxes
        return [] if found is None else [np.asarray(corners, dtype=np.float32) for corners in found]

    def share_upside_down(self, strips: list[Picture]) -> float:
        """Return the share of `strips` that are upside down, 0..1."""
        answers = self._upside_down(strips).cls_res
        return sum(str(label) == "180" for label, _ in answers) / max(1, len(answers))

    def texts(self, image: Picture, lines: list[Corners]) -> Iterator[Decoded]:
        """Yield the text of `lines` of `image`.

        They are read in parallel, and the first is available while later ones are still read.
        """
        return self._pool.map(lambda corners: self._text(cut_line(image, corners)), lines)

    def _text(self, line: Picture) -> Decoded:
        strip = pad_strip(line)
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
            tuple(min(1.0, region * strip.shape[1] / line.shape[1]) for region in at),
        )


def _decoded(steps: Steps, characters: list[str]) -> Decoded:
    """Decode a recogniser's output by the best path (CTC): runs of one class are one character.

    Class 0 is no character. Also returns the mean probability of the characters, those below SURE
    with the second most probable class, and each one's position.
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
