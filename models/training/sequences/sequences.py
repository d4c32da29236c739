"""Turns the labelled boxes of a picture into the token sequence that a decoder is trained on.

Two steps: `arrange` fills the M slots of objects (the real ones first, then noise), `tokenise` writes the
slots as tokens. Between them a sequence can be made stale, see `sequences/old_drafts.py`; `build_sequence` does it all.

Boxes are float32 [N, 4], `ymin xmin ymax xmax`, as fractions of the padded square.
Source: Pix2seq sections 2.1 and 2.3; google-research/pix2seq `data/data_utils.py` (noise) and
`tasks/object_detection.py` (targets, weights)."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.boxes import areas
from sequences.vocabulary import Vocabulary

# in place of a label's index
NOISE = -1
PADDING = -2

ORDERS = ('random', 'area', 'distance', 'class', 'score')
CLASS_INPUTS = ('random or noise', 'noise')


@dataclass(frozen=True)
class SequenceOptions:
    """How sequences are built. The defaults are those of the official detection configuration.

    Raises ValueError where a name is unknown or there is no slot."""

    max_objects: int = 100
    """Slots M; a sequence has L = 5 M tokens."""
    order: str = 'random'
    """One of ORDERS, see `order_objects`."""
    noise: bool = True
    """Whether slots without an object hold noise; otherwise they are padding: the sequence has ended."""
    eos_weight: float = 0.1
    """Weight of the tokens of padding."""
    noise_class_weight: float = 1.0
    """Weight of the class token of noise."""
    class_input: str = 'random or noise'
    """One of CLASS_INPUTS, see `class_inputs`."""

    def __post_init__(self) -> None:
        if self.max_objects < 1:
            raise ValueError(f'Expected `max_objects` to be 1 or more, got {self.max_objects}')
        if self.order not in ORDERS:
            raise ValueError(f'Expected `order` to be one of {ORDERS}, got {self.order!r}')
        if self.class_input not in CLASS_INPUTS:
            raise ValueError(f'Expected `class_input` to be one of {CLASS_INPUTS}, got {self.class_input!r}')


@dataclass(frozen=True)
class Slots:
    """The objects of one sequence before they are tokens, M slots."""

    boxes: np.ndarray
    """float32 [M, 4], what the model is to say."""
    input_boxes: np.ndarray
    """float32 [M, 4], what the model reads as said before; the same boxes unless they are stale."""
    labels: np.ndarray
    """int64 [M], index of the label, NOISE or PADDING."""
    scores: np.ndarray
    """float32 [M], 1 for a label by a person, the teacher's score for a teacher's, 0 for noise."""


@dataclass(frozen=True)
class Sequence:
    """One training sequence of L = 5 M tokens."""

    inputs: np.ndarray
    """int64 [L], the prompt and what comes before each target."""
    targets: np.ndarray
    """int64 [L]"""
    weights: np.ndarray
    """float32 [L], weight of each target in the loss."""
    class_scores: np.ndarray
    """float32 [M], probability of the slot's class target; noise has the rest. 0 for noise, 1 for padding."""
    remaining: np.ndarray
    """float32 [M], 1 where an object stands in the slot or behind it; the model may end at the first 0."""


def order_objects(
    boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray, order: str, rng: np.random.Generator
) -> np.ndarray:
    """Indices int64 [N] of the objects in the order in which they are said; ties at random. `random`; `area`,
    largest first; `distance` of the upper left corner from the origin, nearest first; `class`, by index;
    `score`, highest first."""
    shuffled = rng.permutation(len(boxes))
    if order == 'random':
        return shuffled
    distances = np.sum(boxes[:, :2] ** 2, axis=1)
    keys = {'area': -areas(boxes), 'distance': distances, 'class': labels, 'score': -scores}
    return shuffled[np.argsort(keys[order][shuffled], kind='stable')]


def truncated_normal(shape: tuple[int, ...], sigma: float, rng: np.random.Generator) -> np.ndarray:
    """float32 normal numbers around 0; what lies beyond two sigma is drawn again, as TensorFlow does."""
    values = rng.standard_normal(shape, np.float32)
    while (far := np.abs(values) > 2).any():
        values[far] = rng.standard_normal(int(far.sum()), np.float32)
    return values * np.float32(sigma)


def jitter_boxes(boxes: np.ndarray, max_jitter: float, rng: np.random.Generator) -> np.ndarray:
    """Moves each side by a truncated normal share of the box's size, at most `max_jitter` of it (two sigma);
    clipped to the picture."""
    sides = boxes[:, 2:] - boxes[:, :2]
    jitter = truncated_normal(boxes.shape, max_jitter / 2, rng) * np.concatenate([sides, sides], axis=1)
    return np.clip(boxes + jitter, 0, 1)


def shift_boxes(boxes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gives each box a uniformly random centre; its size stays, but for what the picture's edge cuts off."""
    half = np.abs(boxes[:, 2:] - boxes[:, :2]) / 2
    centres = rng.random(half.shape, np.float32)
    return np.clip(np.concatenate([centres - half, centres + half], axis=1), 0, 1)


def random_boxes(count: int, rng: np.random.Generator) -> np.ndarray:
    """Boxes [count, 4] with uniformly random centres and sides |truncated normal(0.5)|; clipped."""
    half = np.abs(truncated_normal((count, 2), 0.5, rng)) / 2
    centres = rng.random((count, 2), np.float32)
    return np.clip(np.concatenate([centres - half, centres + half], axis=1), 0, 1)


def noise_boxes(boxes: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Boxes [count, 4] that are no objects, drawn from the real ones.

    A uniform number of them, 0 to `count`, are duplicates: real boxes, jittered by up to a tenth of their
    size. Of the others about half are real boxes at another place, half are random. All are shuffled.
    Source: `augment_bbox`."""
    if len(boxes) == 0:
        return random_boxes(count, rng)
    num_duplicates = int(rng.integers(0, count + 1))
    num_bad = count - num_duplicates
    pick = lambda number: boxes[rng.integers(0, len(boxes), number)]
    bad = np.concatenate([shift_boxes(pick(num_bad), rng), random_boxes(num_bad, rng)])
    duplicates = jitter_boxes(pick(num_duplicates), 0.1, rng)
    return rng.permutation(np.concatenate([rng.permutation(bad)[:num_bad], duplicates]))


def class_inputs(count: int, mode: str, vocabulary: Vocabulary, rng: np.random.Generator) -> np.ndarray:
    """Class tokens int64 [count] that the decoder reads in place of the true ones, so that they carry nothing
    and the runtime can always feed noise.

    `random or noise` (upstream's `rand_n_fake_cls`): each with equal chance noise or a uniformly random class
    token, whether a label has it or not; `noise`: always noise."""
    if mode == 'noise':
        return np.full(count, vocabulary.noise, np.int64)
    random = rng.integers(vocabulary.class_base, vocabulary.coordinate_base, count)
    return np.where(rng.random(count) < 0.5, random, vocabulary.noise)


def arrange(
    boxes: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray,
    options: SequenceOptions,
    rng: np.random.Generator,
    hard_negatives: np.ndarray | None = None,
) -> Slots:
    """Fills the M slots: the objects in order, at most M, and behind them noise or padding.

    boxes float32 [N, 4], labels int64 [N], scores float32 [N]; a box of score 0 is a hard negative.
    hard_negatives: float32 [K, 4], more boxes that a detector took for objects and that are none. They take
    up to half of the slots of noise before other noise is drawn; without noise there is no place for them."""
    wrong = boxes[scores == 0]
    if hard_negatives is not None:
        wrong = np.concatenate([wrong, hard_negatives])
    boxes, labels, scores = boxes[scores > 0], labels[scores > 0], scores[scores > 0]
    order = order_objects(boxes, labels, scores, options.order, rng)[: options.max_objects]
    num_free = options.max_objects - len(order)
    if options.noise:
        wrong = rng.permutation(wrong)[: num_free // 2]
        drawn = noise_boxes(boxes, num_free - len(wrong), rng)
        fill, label, score = rng.permutation(np.concatenate([wrong, drawn])), NOISE, 0
    else:
        fill, label, score = np.zeros((num_free, 4)), PADDING, 1
    slots = np.concatenate([boxes[order], fill]).astype(np.float32)
    return Slots(
        boxes=slots,
        input_boxes=slots,
        labels=np.concatenate([labels[order], np.full(num_free, label)]).astype(np.int64),
        scores=np.concatenate([scores[order], np.full(num_free, score)]).astype(np.float32),
    )


def tokenise(
    slots: Slots, vocabulary: Vocabulary, options: SequenceOptions, rng: np.random.Generator
) -> Sequence:
    """Writes slots as tokens.

    | slot | coordinates, weight | class, weight | class that is read |
    | --- | --- | --- | --- |
    | object | its box, 1 | its class, 1 | corrupted |
    | noise | its box, 0 | noise, `noise_class_weight` | corrupted |
    | padding | end, `eos_weight` | end, `eos_weight` | end |

    Raises ValueError where a label is none of the vocabulary."""
    is_real, is_padding = slots.labels >= 0, slots.labels == PADDING
    targets = np.empty((len(slots.labels), 5), np.int64)
    targets[:, :4] = vocabulary.coordinate_tokens(slots.boxes)
    targets[:, 4] = vocabulary.noise
    targets[is_real, 4] = vocabulary.class_tokens(slots.labels[is_real])
    said = np.empty_like(targets)
    said[:, :4] = vocabulary.coordinate_tokens(slots.input_boxes)
    said[:, 4] = class_inputs(len(said), options.class_input, vocabulary, rng)
    weights = np.where(is_real[:, None], np.float32(1), np.float32([0, 0, 0, 0, options.noise_class_weight]))
    targets[is_padding] = said[is_padding] = vocabulary.eos
    weights[is_padding] = options.eos_weight
    return Sequence(
        inputs=np.concatenate([[vocabulary.prompt], said.reshape(-1)[:-1]]),
        targets=targets.reshape(-1),
        weights=weights.reshape(-1),
        class_scores=slots.scores,
        remaining=np.maximum.accumulate(is_real[::-1])[::-1].astype(np.float32),
    )


def build_sequence(
    boxes: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray,
    vocabulary: Vocabulary,
    options: SequenceOptions,
    rng: np.random.Generator,
    hard_negatives: np.ndarray | None = None,
    disturb: Callable[[Slots], Slots] | None = None,
) -> Sequence:
    """Builds one training sequence; see `arrange` and `tokenise`.

    disturb: changes the slots in between, such as `lambda slots: old_draft_prefix(slots, stale, rng)`."""
    slots = arrange(boxes, labels, scores, options, rng, hard_negatives)
    return tokenise(slots if disturb is None else disturb(slots), vocabulary, options, rng)
