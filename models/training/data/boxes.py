"""Geometry of boxes `ymin xmin ymax xmax`, in any unit."""
from __future__ import annotations

import numpy as np


def areas(boxes: np.ndarray) -> np.ndarray:
    """Areas [N] of boxes [N, 4]; 0 where a side is negative."""
    return np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)


def intersections(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Areas [N, K] that boxes [N, 4] share with boxes [K, 4]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.prod(np.maximum(high - low, 0), axis=2)


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Overlaps [N, K] of boxes [N, 4] with boxes [K, 4]: what they share of what they cover together; 0 where
    both are empty."""
    shared = intersections(a, b)
    union = areas(a)[:, None] + areas(b)[None] - shared
    return shared / np.maximum(union, np.finfo(np.float32).tiny)
