"""Compares the keys and shapes of a checkpoint with a list of them, and counts its parameters. Exit code 1 where
they differ.

    python keys.py CHECKPOINT LIST

`LIST` has lines of key, shape (3x3x64x64) and 1 or 0 for trainable, parted by tabs; `#` begins a remark.
What the trainer keeps beside the model is named, not compared."""
import argparse
import math
import sys
from pathlib import Path

import tensorflow as tf

Shapes = dict[str, tuple[int, ...]]


def read_list(path: Path) -> tuple[Shapes, set[str]]:
    """The shapes by key, and the keys of trainable variables."""
    rows = [line.split('\t') for line in path.read_text().splitlines() if line and not line.startswith('#')]
    shapes = {key: tuple(int(n) for n in shape.split('x')) for key, shape, _ in rows}
    return shapes, {key for key, _, is_trainable in rows if is_trainable == '1'}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('list', type=Path)
    options = parser.parse_args()
    wanted, trainable = read_list(options.list)
    saved = tf.train.load_checkpoint(str(options.checkpoint)).get_variable_to_shape_map()
    model = {key: tuple(shape) for key, shape in saved.items() if key.startswith('model/')}
    lines = [f'missing {key}' for key in sorted(wanted.keys() - model.keys())]
    lines += [f'not in the list {key}' for key in sorted(model.keys() - wanted.keys())]
    lines += [f'{key} {model[key]}, in the list {shape}'
              for key, shape in wanted.items() if model.get(key, shape) != shape]
    print('\n'.join(lines) or f'{len(model)} keys and shapes are equal')
    print(f'{sum(math.prod(model[key]) for key in trainable & model.keys()):,} trainable parameters')
    print('beside the model: ' + ', '.join(sorted(saved.keys() - model.keys())))
    sys.exit(1 if lines else 0)


if __name__ == '__main__':
    main()
