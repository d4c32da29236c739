"""What the reference makes of a picture, in few numbers."""
from typing import Any

import numpy as np
import tensorflow as tf

from decode import FAKE_CLASS, PER_OBJECT, PROMPT, Decoding
from noise import hashes, noise
from prompted import Answering, outline_of

VALUES = 48  # of a tensor, evenly apart
DOTS = 8
LOGIT_VALUES = 12
TAUGHT_OBJECTS = 3
PROBED_STEPS = 6  # of an answer, evenly apart
BOXES = 10  # objects whose boxes are written: the others follow from their tokens


def rounded(values: Any, digits: int = 8) -> list[float]:
    """As short as float32 bears."""
    return [float(f'{value:.{digits}g}') for value in np.ravel(values)]


def probe(tensor: np.ndarray, values: int = VALUES, dots: int = DOTS) -> dict[str, Any]:
    """A tensor in few numbers, row-major: its length n, its Euclidean norm, the elements at floor(i * n / values)
    and, for k of `dots`, the sum of `element[i] * noise(i)` by the name `probe K`."""
    flat = np.ravel(tensor).astype(np.float64)
    n = flat.size
    return {
        'length': n,
        'norm': rounded([np.linalg.norm(flat)])[0],
        'values': rounded(flat[np.arange(values) * n // values]),
        'dots': rounded([flat @ noise(f'probe {k}', n) for k in range(dots)]),
    }


def taught_tokens() -> list[int]:
    """What is fed in the teacher's place: the prompt, and objects at random with 30 for their classes."""
    bins = 1000 + hashes('teacher', TAUGHT_OBJECTS * PER_OBJECT) % 1000
    bins[PER_OBJECT - 1::PER_OBJECT] = FAKE_CLASS
    return [PROMPT, *bins.tolist()]


def margin(logits: np.ndarray) -> float:
    """How far the best token is from the second where they are nearest. `logits` is [steps, choices]."""
    best = np.sort(logits, -1)[:, -2:]
    return float((best[:, 1] - best[:, 0]).min())


def sequence(
    decoding: Decoding, way: str, encoded: tf.Tensor, unpadded: tuple[int, int], original: tuple[int, int]
) -> dict[str, Any]:
    """One way of decoding, to the end."""
    tokens, logits = getattr(decoding, way)(encoded)
    classes, boxes, scores = decoding.objects(tokens, logits, unpadded, original)
    config = decoding.config
    choices = logits.numpy()[0]
    if way == 'fused':  # the classes are not chosen, and what is, is chosen among coordinates
        first, bins = config.model.coord_vocab_shift, config.task.quantization_bins
        choices = np.delete(choices, np.s_[PER_OBJECT - 1::PER_OBJECT], 0)[:, first:first + bins]
    return {
        'tokens': tokens.numpy()[0].tolist(),
        'margin': rounded([margin(choices)], 4)[0],
        'classes': classes.tolist(),
        'scores': rounded(scores, 6),
        'boxes': [rounded(box, 7) for box in boxes[:BOXES]],
    }


def answers_of(answering: Answering, encoded: tf.Tensor) -> dict[str, list[dict[str, Any]]]:
    """By task, of each prompt: its tokens, those that the reference answers to the end, and probes of some of the
    logits that they were chosen by."""
    answers: dict[str, list[dict[str, Any]]] = {}
    for name, (tokens, logits) in answering.answers(encoded).items():
        prompts = answering.questions[name][0].numpy()[0]
        answers[name] = [answer_of(*answer) for answer in zip(prompts, tokens.numpy(), logits.numpy())]
    return answers


def answer_of(prompt: np.ndarray, tokens: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """`prompt` is [length], `tokens` [steps], `logits` [steps, vocabulary]."""
    steps = np.arange(PROBED_STEPS) * len(tokens) // PROBED_STEPS
    return {
        'prompt': prompt.tolist(),
        'tokens': tokens.tolist(),
        'margin': rounded([margin(logits)], 4)[0],
        'logits': [{'step': step, **probe(logits[step], LOGIT_VALUES, 4)} for step in steps.tolist()],
    }


def golden_of(
    decoding: Decoding, answering: Answering, pixels: np.ndarray, canvas: np.ndarray, unpadded: tuple[int, int],
    with_taught: bool
) -> dict[str, Any]:
    """All that is known of one picture, uint8 [h, w, 3], that fills `unpadded` (height, width) of its canvas.
    `taught` has the logits of every step under teacher forcing; `answers` is of multi-task models."""
    model = decoding.model
    original = pixels.shape[:2]
    images = tf.constant(canvas[None])
    features = model.encoder(images, False)
    memory = model._encode_images(images, False)
    taught = model.decoder(tf.constant([taught_tokens()], tf.int64), memory, False).numpy()[0] if with_taught else []
    golden = {
        'width': original[1],
        'height': original[0],
        'unpadded': {'width': unpadded[1], 'height': unpadded[0]},
        'canvas': probe(canvas),
        'features': probe(features.numpy()),
        'memory': probe(memory.numpy()),
        'taught': [{'best': int(row.argmax()), **probe(row, LOGIT_VALUES, 4)} for row in taught],
        'free': sequence(decoding, 'free', memory, unpadded, original),
        'fused': sequence(decoding, 'fused', memory, unpadded, original),
    }
    if answering.questions:
        outline = outline_of(decoding.config, unpadded, original)
        golden['outline'] = {**outline, 'points': rounded(outline['points'], 7)}
    if answering.questions and with_taught:
        golden['answers'] = answers_of(answering, memory)
    return golden
