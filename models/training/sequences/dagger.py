"""Sequences as they are read at run time. Teacher forcing shows a model right boxes only, so that it never
learns to judge its own: here it reads the boxes that the copying decoder reads, duplicates and
mistakes among them, and is told what each was worth.

Source: Ross et al. 2011 (DAgger, arXiv:1011.0686), with a reader in NumPy in place of the learner."""
import numpy as np

from data.boxes import iou
from networks.pointer import FOR_COVERAGE, FOR_RANK
from sequences.sequences import NOISE, Slots

FOUND = 0.5  # overlap from which on an object is found
WORTH = (0.45, 0.95)  # overlaps at which a box is worth nothing, and all
WAVERING = 0.3  # share of a Gumbel number in the choice of a box: readings differ a little each time


def read_boxes(boxes: np.ndarray, scores: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Indices int64 [M] of the boxes read one after the other: the most certain that is not told yet.

    boxes: float32 [K, 4]; scores: float32 [K]; count: M <= K"""
    overlaps = iou(boxes, boxes)
    worth = FOR_RANK[0] * np.log(np.maximum(scores, 1e-4)) + WAVERING * rng.gumbel(size=len(boxes))
    covered, chosen = np.zeros(len(boxes)), []
    for _ in range(count):
        best = int(np.argmax(worth - FOR_COVERAGE[0] * covered**2))
        chosen.append(best)
        worth[best] = -np.inf
        covered = np.maximum(covered, overlaps[best])
    return np.array(chosen, np.int64)


def judged(read: np.ndarray, boxes: np.ndarray, labels: np.ndarray) -> Slots:
    """What was read, with its worth: a box that finds an object first has its label and, as score, how well
    it fits; its target is the object's box. All else is noise, a second finding too.

    read: float32 [M, 4]; boxes, labels: the objects, [N, 4] and [N]"""
    overlaps = iou(read, boxes)
    target, found = read.copy(), np.full(len(read), NOISE, np.int64)
    worth, is_free = np.zeros(len(read), np.float32), np.ones(len(boxes), bool)
    for i, row in enumerate(overlaps):
        row = np.where(is_free, row, 0)
        if len(boxes) and row.max() >= FOUND:
            best = int(row.argmax())
            is_free[best] = False
            target[i], found[i] = boxes[best], labels[best]
            worth[i] = np.clip((row[best] - WORTH[0]) / (WORTH[1] - WORTH[0]), 0, 1)
    return Slots(boxes=target, input_boxes=read, labels=found, scores=worth)
