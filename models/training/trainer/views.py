"""Views that `prepare.py` stored, as batches for the copying decoder."""
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data.boxes import iou
from sequences.dagger import judged, read_boxes
from sequences.sequences import Sequence, SequenceOptions, arrange, tokenise
from sequences.old_drafts import OldDraftOptions, old_draft_prefix
from sequences.vocabulary import Vocabulary

PROPOSED = ('logits', 'boxes')
OBJECTS = ('object_boxes', 'object_labels', 'object_scores')


class Views:
    """All views of some parts, in memory: about 20 kB each."""

    def __init__(self, paths: list[Path]):
        parts = [np.load(path) for path in paths]
        self.proposed = {name: np.concatenate([part[name] for part in parts]) for name in PROPOSED}
        self.objects = []
        for part in parts:
            rows = [part[name] for name in OBJECTS]
            ends = part['offsets']
            self.objects += [tuple(x[a:b] for x in rows) for a, b in zip(ends, ends[1:])]

    def __len__(self) -> int:
        return len(self.objects)

    def memory(self, views: np.ndarray, num_boxes: int) -> dict[str, Tensor]:
        """The arguments of `CopyingDecoder.memory` for some views."""
        return {name: torch.from_numpy(x[views, :num_boxes]).float() for name, x in self.proposed.items()}


def draw_objects(boxes, labels, scores, proposed_boxes, proposed_scores, rng: np.random.Generator):
    """A teacher's detection of score s is an object in s of its draws and noise in the others. Returns boxes
    and labels, and as scores the order of certainty: that of the best proposal, 0 for noise."""
    is_object = rng.random(len(scores)) < scores
    fits = iou(boxes, proposed_boxes) > 0.5
    certain = np.where(fits, proposed_scores, 0.0).max(1, initial=1e-3)
    return boxes, labels, np.where(is_object, certain, 0.0).astype(np.float32)


def batch_of(
    views: Views,
    picked: np.ndarray,
    vocabulary: Vocabulary,
    options: SequenceOptions,
    stale: OldDraftOptions,
    rehearse: float,
    rng: np.random.Generator,
) -> dict[str, Tensor]:
    """`inputs`, `targets` int64 [B, 5 M], `weights` [B, 5 M], `class_scores` and `remaining` [B, M].

    rehearse: share of sequences that are as read at run time, see `sequences/dagger.py`; the others are official"""
    rows = []
    for view in picked:
        logits = views.proposed['logits'][view].astype(np.float32).max(-1)
        proposed, certain = views.proposed['boxes'][view], 1 / (1 + np.exp(-logits))
        boxes, labels, scores = draw_objects(*views.objects[view], proposed, certain, rng)
        if rng.random() < rehearse:
            read = proposed[read_boxes(proposed, certain, options.max_objects, rng)]
            slots = judged(read, boxes[scores > 0], labels[scores > 0])
        else:
            slots = arrange(boxes, labels, scores, options, rng)
            slots = replace(slots, scores=(slots.scores > 0).astype(np.float32))
        rows.append(tokenise(old_draft_prefix(slots, stale, rng), vocabulary, options, rng))
    return stack(rows)


def stack(rows: list[Sequence]) -> dict[str, Tensor]:
    """Sequences as one batch, see `batch_of`."""
    names = ('inputs', 'targets', 'weights', 'class_scores', 'remaining')
    return {name: torch.from_numpy(np.stack([getattr(row, name) for row in rows])) for name in names}
