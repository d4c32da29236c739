"""What a multi-task model of the reference answers to the prompts of its other tasks, with the best of the whole
vocabulary for each token."""
from typing import Any

import numpy as np
import tensorflow as tf

from decode import best_of_all, scale_of
from noise import hashes

INSTANCES = 3  # objects that are asked about at once
THINGS = 90  # classes of COCO, from 1
SEPARATOR = 40  # in both places of a point
PERSON = 1  # the only one with keypoints

# Prompts [1, n, tokens] and how long a sequence may get with its prompt; None for all places there are.
Question = tuple[tf.Tensor, int | None]


def instances(bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Boxes at random, float32 [1, n, 4] (ymin xmin ymax xmax, of the canvas), and their classes, int64 [1, n]."""
    corners = (hashes('instance boxes', INSTANCES * 4) % bins).reshape(INSTANCES, 2, 2)
    boxes = np.sort(corners, 1).reshape(1, INSTANCES, 4) / (bins - 1)
    classes = 1 + hashes('instance classes', INSTANCES) % THINGS
    return boxes.astype(np.float32), classes.astype(np.int64)[None]


def questions_of(config: Any) -> dict[str, Question]:
    """By name, what each task but detection asks, with the prompts and lengths of the reference's `tasks/`."""
    from tasks import task_utils
    questions: dict[str, Question] = {}
    for task in config.tasks[1:]:
        if task.name == 'captioning':
            questions[task.name] = (
                task_utils.build_prompt_seq_from_task_id(task.vocab_id, prompt_shape=(1, 1, 1)), None)
            continue
        boxes, classes = instances(task.quantization_bins)
        if task.name == 'keypoint_detection':
            classes = np.full_like(classes, PERSON)
        prompts = task_utils.build_instance_prompt_seq(
            task.vocab_id, tf.constant(boxes), tf.constant(classes),
            task.quantization_bins, config.model.coord_vocab_shift)
        questions[task.name] = (prompts, task.max_points_per_object * 2 + prompts.shape[-1])
    return questions


class Answering:
    """The answers to all questions, traced once."""

    def __init__(self, model: Any, config: Any) -> None:
        self.model = model
        self.questions = questions_of(config)
        self.answers = tf.function(lambda encoded: {
            name: self._answer(encoded, *question) for name, question in self.questions.items()})

    def _answer(self, encoded: tf.Tensor, prompts: tf.Tensor, length: int | None) -> tuple[tf.Tensor, tf.Tensor]:
        """Tokens [n, steps] without the prompt, and the logits that each was chosen by [n, steps, vocabulary]."""
        tokens, logits, _ = self.model.infer(
            None, prompts, encoded=encoded, max_seq_len=length, sampling_callback=best_of_all)
        return tokens, logits


def outline_of(config: Any, unpadded: tuple[int, int], original: tuple[int, int]) -> dict[str, Any]:
    """What the reference makes of an outline of two triangles at random, padded behind: its `tokens`, and `points`, y
    and x of each in pixels of the original picture; those of what is no point are below 0."""
    import utils
    from tasks import task_utils
    bins, first = config.task.quantization_bins, config.model.coord_vocab_shift
    corners = (first + hashes('outline', 12) % bins).tolist()
    tokens = [*corners[:6], SEPARATOR, SEPARATOR, *corners[6:], 0, 0]
    points = task_utils.decode_instance_seq_to_points(tf.constant([tokens], tf.int64), bins, first)
    scaled = utils.scale_points(points, tf.constant(scale_of(config, unpadded, original)[None]))
    return {'tokens': tokens, 'points': scaled.numpy()[0]}
