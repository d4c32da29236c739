"""The reference's loop of inference, asked for the best token instead of a random one."""
from typing import Any

import numpy as np
import tensorflow as tf

PROMPT = 10  # the task "detect"
FAKE_CLASS = 30
PER_OBJECT = 5  # ymin xmin ymax xmax class


def canvas_of(config: Any, pixels: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Resizes and pads as the reference does to evaluate. `pixels` is uint8 [h, w, 3].

    Returns float32 [S, S, 3] in [0, 1] and (height, width) of what is not padding."""
    from data import transforms
    example = {'image': tf.image.convert_image_dtype(pixels, tf.float32), 'bbox': tf.zeros([0, 4])}
    for transform in config.task.eval_transforms:
        if transform.name != 'truncate_or_pad_to_max_instances':  # of true objects, which are not here
            example = transforms.TransformRegistry.lookup(transform.name)(transform).process_example(example)
    height, width = example['unpadded_image_size'].numpy()[:2]
    return example['image'].numpy(), (int(height), int(width))


class Decoding:
    """Both ways of decoding, each traced once."""

    def __init__(self, model: Any, config: Any, max_objects: int) -> None:
        self.model, self.config = model, config
        self.length = max_objects * PER_OBJECT + 1
        self.free = tf.function(lambda encoded: self._infer(encoded, best_of_all))
        self.fused = tf.function(lambda encoded: self._infer(encoded, self._best_coordinate))

    def _infer(self, encoded: tf.Tensor, choose: Any) -> tuple[tf.Tensor, tf.Tensor]:
        prompt = tf.fill([tf.shape(encoded)[0], 1], tf.constant(PROMPT, tf.int64))
        prompt.set_shape([None, 1])
        tokens, logits, _ = self.model.infer(
            None, prompt, encoded=encoded, max_seq_len=self.length, sampling_callback=choose)
        return tokens, logits

    def _best_coordinate(self, logits: tf.Tensor, step: Any, *_: Any) -> tf.Tensor:
        """Coordinates from their own tokens only; the class is read from the logits, and 30 fed in its place."""
        first = self.config.model.coord_vocab_shift
        bins = self.config.task.quantization_bins
        best = first + tf.argmax(logits[:, first:first + bins], -1)
        is_class = tf.equal(tf.cast(step, tf.int32) % PER_OBJECT, PER_OBJECT - 1)
        return tf.where(is_class, tf.constant(FAKE_CLASS, tf.int64), best)

    def objects(
        self, tokens: tf.Tensor, logits: tf.Tensor, unpadded: tuple[int, int], original: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the one sequence: classes [n], boxes [n, 4] (ymin xmin ymax xmax, pixels of the original picture)
        and scores [n], as the reference evaluates them. Sizes are (height, width)."""
        import utils
        from tasks import task_utils
        model, task = self.config.model, self.config.task
        logits = tf.ensure_shape(logits, [1, self.length - 1, model.vocab_size])
        classes, boxes, scores = task_utils.decode_object_seq_to_bbox(
            logits, tokens, task.quantization_bins, model.coord_vocab_shift)
        scale = scale_of(self.config, unpadded, original)
        boxes = utils.scale_points(boxes, tf.constant(scale[None, None]))
        return classes.numpy()[0], boxes.numpy()[0], scores.numpy()[0]


def scale_of(config: Any, unpadded: tuple[int, int], original: tuple[int, int]) -> np.ndarray:
    """Pixels of the original picture in the side of the canvas: float32 [2], down and across."""
    return np.float32(config.model.image_size) / np.float32(unpadded) * np.float32(original)


def best_of_all(logits: tf.Tensor, *_: Any) -> tf.Tensor:
    """The best of the whole vocabulary."""
    return tf.argmax(logits, -1)
