"""Measures the reference on this machine, as it evaluates: one picture at a time, all objects, its own sampling.

    python clock.py SOURCE NAME --count 5

One run before the clock starts is not counted: TensorFlow makes its graphs in it. The weights are random, which
the time does not depend on, as the reference always decodes to the end."""
import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from configurations import CONFIGURATIONS
from decode import PER_OBJECT, PROMPT, canvas_of
from model import build, config_of, use_source
from pictures import pictures


def milliseconds(work: Callable[[], tf.Tensor], count: int) -> list[float]:
    """Of each of `count` runs, after one that is not counted."""
    work().numpy()
    spent = []
    for _ in range(count):
        begun = time.perf_counter()
        work().numpy()
        spent.append((time.perf_counter() - begun) * 1000)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path)
    parser.add_argument('name', choices=CONFIGURATIONS)
    parser.add_argument('--count', type=int, default=5, help='runs')
    parser.add_argument('--objects', type=int, default=100, help='how many are decoded')
    options = parser.parse_args()
    use_source(options.source)
    config = config_of(CONFIGURATIONS[options.name])
    model = build(config)
    task, size = config.task, CONFIGURATIONS[options.name].image_size
    images = tf.constant(canvas_of(config, pictures(size)[0])[0][None])
    prompt = tf.constant([[PROMPT]], tf.int64)

    @tf.function
    def read() -> tf.Tensor:
        return model.infer(
            images, prompt, max_seq_len=options.objects * PER_OBJECT + 1,
            temperature=task.temperature, top_k=task.top_k, top_p=task.top_p)[0]

    @tf.function
    def see() -> tf.Tensor:
        return model._encode_images(images, False)

    whole, encoder = milliseconds(read, options.count), milliseconds(see, options.count)
    print(f'{options.name}: {statistics.median(whole):.0f} ms a picture (median of {options.count}, '
          f'{min(whole):.0f} to {max(whole):.0f}), of which the encoder {statistics.median(encoder):.0f} ms; '
          f'{options.objects * PER_OBJECT} tokens; TensorFlow {tf.__version__}, {os.cpu_count()} processors, '
          f'{platform.machine()}')


if __name__ == '__main__':
    main()
