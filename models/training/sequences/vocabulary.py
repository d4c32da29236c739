"""Tokens of detection: which integer stands for which coordinate and which class.

Source: Pix2seq section 2.1; google-research/pix2seq `vocab.py` and `utils.quantize`."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Vocabulary:
    """Layout of the tokens of a detection model, as `model.json` states it. The defaults are the official
    layout, where coordinates are the last tokens.

    Raises ValueError where a range does not fit."""

    bins: int = 1000
    num_classes: int = 80
    eos: int = 0
    prompt: int = 10
    noise: int = 30
    class_base: int = 100
    coordinate_base: int = 1000

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= 2000:
            raise ValueError(f'Expected `bins` to be 2 to 2000, got {self.bins}')
        most = self.coordinate_base - self.class_base
        if not 1 <= self.num_classes <= most:
            raise ValueError(f'Expected `num_classes` to be 1 to {most}, got {self.num_classes}')

    @property
    def size(self) -> int:
        """Number of tokens V."""
        return self.coordinate_base + self.bins

    def quantize(self, unit: np.ndarray) -> np.ndarray:
        """Turns unit coordinates of any shape into bins, int64; what lies outside 0 to 1 is clipped.

        Halves go to the even bin, as `tf.round` has them. In float64, so that the bins are those of
        `models/engine/decode/vocabulary.ts`."""
        position = np.asarray(unit, np.float64) * (self.bins - 1)
        return np.clip(np.rint(position), 0, self.bins - 1).astype(np.int64)

    def dequantize(self, bin: np.ndarray) -> np.ndarray:
        """Turns bins of any shape into unit coordinates, float32 in 0 to 1."""
        return (np.asarray(bin, np.float64) / (self.bins - 1)).astype(np.float32)

    def coordinate_tokens(self, boxes: np.ndarray) -> np.ndarray:
        """Turns unit boxes float32 [N, 4] into tokens int64 [N, 4]."""
        return self.coordinate_base + self.quantize(boxes)

    def class_tokens(self, labels: np.ndarray) -> np.ndarray:
        """Turns label indices [N] into tokens int64 [N].

        Raises ValueError where an index is none of a label."""
        labels = np.asarray(labels, np.int64)
        wrong = labels[(labels < 0) | (labels >= self.num_classes)]
        if wrong.size:
            raise ValueError(f'Expected labels from 0 to {self.num_classes - 1}, got {wrong[0]}')
        return self.class_base + labels

    def boxes(self, tokens: np.ndarray) -> np.ndarray:
        """Turns coordinate tokens int64 [N, 4] into unit boxes float32 [N, 4]. A token of another kind is
        clipped to the nearest end, as upstream's `decode_object_seq_to_bbox` does."""
        bins = np.clip(np.asarray(tokens, np.int64) - self.coordinate_base, 0, self.bins - 1)
        return self.dequantize(bins)

    def as_json(self) -> dict[str, int | list[int]]:
        """The `vocabulary` block of `model.json`."""
        return {
            'size': self.size,
            'eos': self.eos,
            'prompt': [self.prompt],
            'noise': self.noise,
            'classBase': self.class_base,
            'coordinateBase': self.coordinate_base,
            'bins': self.bins,
        }
