"""Labelled pictures, and how they get into the model's square: the whole picture or a window of it, in one
resize. The square is filled as at run time: from the upper left, the rest is grey.

Source: google-research/pix2seq `data/preprocessor.py` by `configs/transform_configs.py` (scale jitter, crop,
flip)."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from PIL import Image

from data.boxes import areas

# of the square where there is no picture, each channel; `image.pad` of model.json
PAD = 114
# what is left of a box must be this share of it, and this many pixels on each side, to be an object still
MIN_VISIBLE = 0.2
MIN_SIDE = 2

# `ymin xmin ymax xmax`, pixels
Rectangle = tuple[float, float, float, float]
Recolour = Callable[[Image.Image], Image.Image]


def no_boxes() -> np.ndarray:
    """float32 [0, 4]"""
    return np.zeros((0, 4), np.float32)


@dataclass(frozen=True)
class Picture:
    """A labelled picture. Boxes are `ymin xmin ymax xmax` in its pixels."""

    pixels: np.ndarray
    """uint8 [H, W, 3], RGB."""
    boxes: np.ndarray
    """float32 [N, 4]"""
    labels: np.ndarray
    """int64 [N], index of the label."""
    scores: np.ndarray
    """float32 [N], see `sequences.Slots`; 0 for what is known to be no object."""
    ignored: np.ndarray = field(default_factory=no_boxes)
    """float32 [K, 4], where objects may be that have no box, such as crowds."""
    complete: bool = True
    """Whether people have labelled all there is; false for a teacher's labels."""


class Sample(NamedTuple):
    """A picture as the model sees it. Boxes and regions are `ymin xmin ymax xmax`, fractions of the square.

    A detection that lies in a labelled region, in no ignored one, and fits no box, is no object."""

    canvas: np.ndarray
    """uint8 [S, S, 3], RGB."""
    boxes: np.ndarray
    """float32 [N, 4]"""
    labels: np.ndarray
    """int64 [N]"""
    scores: np.ndarray
    """float32 [N]"""
    labelled_regions: np.ndarray
    """float32 [R, 4], where people have labelled all there is."""
    ignored_regions: np.ndarray
    """float32 [K, 4], where objects may be that have no box: crowds, and what a cut has left of objects."""


def unchanged(image: Image.Image) -> Image.Image:
    """The colours as they are."""
    return image


def place(
    picture: Picture,
    window: Rectangle,
    target: tuple[int, int, int, int],
    canvas: np.ndarray,
    recolour: Recolour,
) -> Sample:
    """Draws the window of a picture into the target rectangle of the canvas uint8 [S, S, 3].

    window: `ymin xmin ymax xmax` in the picture's pixels; target: the same in the canvas's.
    Objects of which too little is left lose their box; what is left is an ignored region."""
    top, left, bottom, right = target
    ymin, xmin, ymax, xmax = window
    image = Image.fromarray(picture.pixels).resize(
        (right - left, bottom - top), Image.Resampling.BILINEAR, (xmin, ymin, xmax, ymax), reducing_gap=3.0
    )
    canvas[top:bottom, left:right] = np.asarray(recolour(image))

    size = np.float32(canvas.shape[0])
    scale = np.float32([(bottom - top) / (ymax - ymin), (right - left) / (xmax - xmin)] * 2)
    offset = np.float32([top, left] * 2) - np.float32([ymin, xmin] * 2) * scale
    corner, end = np.float32([top, left] * 2), np.float32([bottom, right] * 2)
    whole = picture.boxes * scale + offset
    seen = np.clip(whole, corner, end)
    is_large = (seen[:, 2:] - seen[:, :2] >= MIN_SIDE).all(axis=1)
    is_kept = is_large & (areas(seen) >= MIN_VISIBLE * areas(whole))
    ignored = np.clip(picture.ignored * scale + offset, corner, end)
    ignored = np.concatenate([ignored, seen[~is_kept & (picture.scores > 0)]])
    regions = np.float32([target]) if picture.complete else no_boxes()
    return Sample(
        canvas=canvas,
        boxes=seen[is_kept] / size,
        labels=picture.labels[is_kept],
        scores=picture.scores[is_kept],
        labelled_regions=regions / size,
        ignored_regions=ignored[areas(ignored) > 0] / size,
    )


def grey_canvas(size: int) -> np.ndarray:
    """uint8 [size, size, 3], all padding."""
    return np.full((size, size, 3), PAD, np.uint8)


def letterbox(picture: Picture, size: int) -> Sample:
    """Fits the whole picture into the square as the runtime does: `fittedSize` of
    `operators/media/frames/filterGraph.ts`, which rounds halves up."""
    height, width = picture.pixels.shape[:2]
    ratio = min(size / width, size / height)
    target = (0, 0, max(1, int(height * ratio + 0.5)), max(1, int(width * ratio + 0.5)))
    return place(picture, (0, 0, height, width), target, grey_canvas(size), unchanged)


def scale_jitter(scale: tuple[float, float], law: str, rng: np.random.Generator) -> float:
    """A random scale between two; `log`: uniform in the exponent, `uniform`: uniform in itself."""
    low, high = scale
    return float(np.exp(rng.uniform(np.log(low), np.log(high))) if law == 'log' else rng.uniform(low, high))


def crop(
    shape: tuple[int, int], room: tuple[int, int], scale: float, rng: np.random.Generator
) -> tuple[Rectangle, tuple[int, int]]:
    """What of a picture is seen when it is `scale` times as large as just fits a room.

    shape, room: height and width, pixels.
    Returns the window, at a random place where the picture is larger than the room, `ymin xmin ymax xmax` in
    the picture's pixels, and the height and width that it has in the room, pixels."""
    ratio = scale * min(room[0] / shape[0], room[1] / shape[1])
    seen = [min(side, most / ratio) for side, most in zip(shape, room)]
    height, width = (min(most, max(1, round(side * ratio))) for side, most in zip(seen, room))
    ymin, xmin = (rng.uniform(0, side - part) for side, part in zip(shape, seen))
    return (ymin, xmin, ymin + seen[0], xmin + seen[1]), (height, width)


def flip(picture: Picture) -> Picture:
    """Mirrors left and right."""
    width = picture.pixels.shape[1]
    mirror = lambda boxes: np.abs(np.float32([0, width, 0, width]) - boxes)[:, [0, 3, 2, 1]]
    return replace(
        picture,
        pixels=np.ascontiguousarray(picture.pixels[:, ::-1]),
        boxes=mirror(picture.boxes),
        ignored=mirror(picture.ignored),
    )
