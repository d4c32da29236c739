"""Makes training samples of labelled pictures: mirrors, pastes, scales, cuts, combines and recolours them.

Source: google-research/pix2seq `configs/transform_configs.py` (flip, scale jitter, crop); mosaic: YOLOv4,
arXiv:2004.10934; copy and paste: arXiv:2012.07177, here with boxes for want of masks. A sample of 416
pixels takes about 5 ms of one core, a mosaic 12."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL import Image

from data.boxes import areas, intersections
from data.colour import ColourOptions, colour
from data.placing import Picture, Recolour, Sample, crop, flip, grey_canvas, place, scale_jitter

# where the four pictures of a mosaic meet, share of the square
MOSAIC_CENTRE = (0.3, 0.7)
# sizes of the pictures of a mosaic against those that just cover their part of the square
MOSAIC_SCALE = (0.6, 1.5)
MAX_PASTES = 3
# sizes of pasted objects against those in their own picture, had the two pictures the same size
PASTE_SCALE = (0.5, 1.5)
# smallest side of a pasted object, pixels
MIN_PASTE_SIDE = 12
# width of a pasted object's soft edge, share of its side
FEATHER = 0.1
# a pasted object may hide this share of another
MAX_HIDDEN = 0.5


@dataclass(frozen=True)
class AugmentOptions:
    """How pictures are changed. Probabilities are 0 to 1.

    Raises ValueError where the law of scales is unknown."""

    scale: tuple[float, float] = (0.3, 2.0)
    """Size of the picture against the one that just fits, smallest and largest."""
    scale_law: str = 'log'
    """`log`: as often halved as doubled; `uniform`: as upstream."""
    flip: float = 0.5
    """Probability of each picture to be mirrored."""
    mosaic: float = 0.5
    """Probability of a mosaic, where there are four pictures."""
    copy_paste: float = 0.3
    """Probability that objects are pasted, where there are two pictures."""
    colours: ColourOptions = ColourOptions()

    def __post_init__(self) -> None:
        if self.scale_law not in ('log', 'uniform'):
            raise ValueError(f'Expected `scale_law` to be log or uniform, got {self.scale_law!r}')


def mosaic(pictures: Sequence[Picture], size: int, rng: np.random.Generator, recolour: Recolour) -> Sample:
    """Draws four pictures around a random point of the square, each at a random scale and place."""
    canvas = grey_canvas(size)
    y, x = (round(size * rng.uniform(*MOSAIC_CENTRE)) for _ in range(2))
    corners = [(0, 0, y, x), (0, x, y, size), (y, 0, size, x), (y, x, size, size)]
    parts = []
    for picture, (top, left, bottom, right) in zip(pictures, corners, strict=True):
        shape, room = picture.pixels.shape[:2], (bottom - top, right - left)
        ratios = [most / side for side, most in zip(shape, room)]
        scale = max(ratios) / min(ratios) * scale_jitter(MOSAIC_SCALE, 'log', rng)
        window, (height, width) = crop(shape, room, scale, rng)
        parts.append(place(picture, window, (top, left, top + height, left + width), canvas, recolour))
    return Sample(canvas, *(np.concatenate(values) for values in list(zip(*parts))[1:]))


def feathered(height: int, width: int) -> np.ndarray:
    """How much of a pasted object is seen: float32 [height, width, 1], 1 inside, less towards the edges."""
    ramps = [
        np.minimum(1, np.minimum(np.arange(side) + 0.5, side - np.arange(side) - 0.5) / (FEATHER * side))
        for side in (height, width)
    ]
    return np.multiply.outer(*ramps)[:, :, None].astype(np.float32)


def copy_paste(picture: Picture, donor: Picture, rng: np.random.Generator) -> Picture:
    """Pastes up to MAX_PASTES objects of another picture, with what is in their boxes, at random places.

    One that would hide more than half of an object is left out, and so is one that is too small or too large.
    The pasted rectangles are ignored regions besides: parts of the donor's other objects may be in them."""
    objects = np.flatnonzero(donor.scores > 0)
    height, width = picture.pixels.shape[:2]
    ratio = max(height, width) / max(donor.pixels.shape[:2])
    pixels, boxes, chosen = picture.pixels.copy(), picture.boxes, []
    source = Image.fromarray(donor.pixels)
    for index in rng.permutation(objects)[: rng.integers(1, MAX_PASTES, endpoint=True)]:
        ymin, xmin, ymax, xmax = donor.boxes[index].tolist()
        scale = ratio * scale_jitter(PASTE_SCALE, 'log', rng)
        tall, wide = round((ymax - ymin) * scale), round((xmax - xmin) * scale)
        if min(tall, wide) < MIN_PASTE_SIDE or tall > height or wide > width:
            continue
        top, left = int(rng.integers(0, height - tall + 1)), int(rng.integers(0, width - wide + 1))
        pasted = np.float32([[top, left, top + tall, left + wide]])
        if (intersections(pasted, boxes)[0] > MAX_HIDDEN * areas(boxes)).any():
            continue
        patch = source.resize((wide, tall), Image.Resampling.BILINEAR, (xmin, ymin, xmax, ymax))
        ground = pixels[top : top + tall, left : left + wide]
        ground[:] = np.rint(ground + feathered(tall, wide) * (np.asarray(patch, np.float32) - ground))
        boxes = np.concatenate([boxes, pasted])
        chosen.append(index)
    return replace(
        picture,
        pixels=pixels,
        boxes=boxes,
        labels=np.concatenate([picture.labels, donor.labels[chosen]]),
        scores=np.concatenate([picture.scores, donor.scores[chosen]]),
        ignored=np.concatenate([picture.ignored, boxes[len(picture.boxes) :]]),
    )


def augment(
    pictures: Sequence[Picture], size: int, options: AugmentOptions, rng: np.random.Generator
) -> Sample:
    """Makes one sample of S = size pixels.

    pictures: the one to be seen, and others to combine it with: two allow a paste, from the last of them, and
    four a mosaic, of the first four."""
    recolour = partial(colour, options=options.colours, rng=rng)
    mirrored = lambda picture: flip(picture) if rng.random() < options.flip else picture
    first, *others = pictures
    if others and rng.random() < options.copy_paste:
        first = copy_paste(first, others[-1], rng)
    first = mirrored(first)
    if len(others) >= 3 and rng.random() < options.mosaic:
        return mosaic([first, *map(mirrored, others[:3])], size, rng, recolour)
    scale = scale_jitter(options.scale, options.scale_law, rng)
    window, (height, width) = crop(first.pixels.shape[:2], (size, size), scale, rng)
    return place(first, window, (0, 0, height, width), grey_canvas(size), recolour)
