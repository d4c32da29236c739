"""Makes the beginning of a training sequence old, as a draft from an earlier frame of a video is old.

At run time the objects of the last frame are read in place of what the model would have said, see reuse in
`models/readme.md`. They have moved a little, with the camera or by themselves, and some are gone. A model
that has seen such a prefix in training says the clean tokens behind it all the same."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.boxes import iou
from sequences.sequences import NOISE, Slots, jitter_boxes, shift_boxes

# a phantom that overlaps an object more than this could be taken for it
MAX_PHANTOM_IOU = 0.3
# a pan takes no box further off its object than this: nobody could say which object is meant
MIN_PANNED_IOU = 0.5
# places tried for each phantom before it is given up
TRIES = 4


@dataclass(frozen=True)
class OldDraftOptions:
    """How old prefixes are."""

    probability: float = 0.5
    """Share of sequences with a stale prefix."""
    max_jitter: float = 0.06
    """Most that a side of a box moves by itself, share of the box's size (two sigma)."""
    pan_probability: float = 0.5
    """Share of stale prefixes whose boxes also move together, as when the camera pans."""
    max_pan: float = 0.04
    """Most that they move together, down and across, share of the picture."""
    max_phantoms: int = 3
    """Most objects that are said to be where nothing is."""


def phantom_boxes(boxes: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Up to `count` boxes float32 [0..count, 4] of the size of real ones at places where none is; fewer where
    the picture is full.

    boxes: the real ones, float32 [N, 4], N >= 1"""
    places = shift_boxes(boxes[rng.integers(0, len(boxes), count * TRIES)], rng)
    is_free = (iou(places, boxes) < MAX_PHANTOM_IOU).all(axis=1)
    return places[is_free][:count]


def moved_boxes(boxes: np.ndarray, options: OldDraftOptions, rng: np.random.Generator) -> np.ndarray:
    """Boxes [N, 4] as an earlier frame had them: jittered, and moved together or not. A box that would leave
    its object is only jittered."""
    jittered = jitter_boxes(boxes, options.max_jitter, rng)
    if rng.random() >= options.pan_probability:
        return jittered
    pan = rng.uniform(-options.max_pan, options.max_pan, 2).astype(np.float32)
    panned = np.clip(jittered + np.concatenate([pan, pan]), 0, 1)
    is_near = iou(panned, boxes).diagonal() >= MIN_PANNED_IOU
    return np.where(is_near[:, None], panned, jittered)


def old_draft_prefix(slots: Slots, options: OldDraftOptions, rng: np.random.Generator) -> Slots:
    """Makes the leading objects of a share of sequences old; the others are returned as they are.

    slots: the real objects first, as `arrange` leaves them.
    A uniform number of leading objects, at least one, is moved where it is read (`input_boxes`), not where
    it is a target. Phantoms, whose class is noise, are put between them; as many slots of noise or padding
    fall off at the end, so that no object is lost."""
    num_real = int((slots.labels >= 0).sum())
    if num_real == 0 or rng.random() >= options.probability:
        return slots
    num_leading = int(rng.integers(1, num_real + 1))
    inputs = slots.input_boxes.copy()
    inputs[:num_leading] = moved_boxes(slots.boxes[:num_leading], options, rng)

    num_free = len(slots.labels) - num_real
    count = int(rng.integers(0, min(options.max_phantoms, num_free) + 1))
    phantoms = phantom_boxes(slots.boxes[:num_real], count, rng)
    at = rng.integers(0, num_leading + 1, len(phantoms))
    insert = lambda values, new: np.insert(values, at, new, axis=0)[: len(slots.labels)]
    return Slots(
        boxes=insert(slots.boxes, phantoms),
        input_boxes=insert(inputs, phantoms),
        labels=insert(slots.labels, NOISE),
        scores=insert(slots.scores, 0),
    )
