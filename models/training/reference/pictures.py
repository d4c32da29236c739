"""Pictures by formula, of integers only; and pictures of files."""
from pathlib import Path

import numpy as np
from PIL import Image

from noise import hashes

# (width, height) in 64ths of the model's side: as it is, only to pad, to be made smaller, and to be enlarged.
SHAPES = [(64, 64), (64, 48), (96, 54), (30, 40)]
BLOCK = 8  # pixels


def picture(index: int, width: int, height: int) -> np.ndarray:
    """uint8 [height, width, 3]: blocks of random colours under a slanted gradient.

        pixel(y, x, c) = hash(row * 1024 + column) % 128 + (3 x + 5 y + 40 c + 11 index) % 128

    with `row = y div 8`, `column = x div 8`, and the hash by the name `picture INDEX C`."""
    y, x = np.mgrid[:height, :width]
    at = (y // BLOCK) * 1024 + x // BLOCK
    channels = []
    for c in range(3):
        blocks = hashes(f'picture {index} {c}', int(at.max()) + 1)[at] % 128
        channels.append(blocks + (3 * x + 5 * y + 40 * c + 11 * index) % 128)
    return np.stack(channels, -1).astype(np.uint8)


def pictures(image_size: int) -> list[np.ndarray]:
    """One of each shape, for a model of this side."""
    return [
        picture(index, width * image_size // 64, height * image_size // 64)
        for index, (width, height) in enumerate(SHAPES)
    ]


def pictures_of(folder: Path, count: int) -> list[np.ndarray]:
    """The first `count` pictures of a folder by name, uint8 [h, w, 3].

    Raises ValueError where there are fewer."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in ('.jpg', '.jpeg', '.png'))[:count]
    if len(paths) < count:
        raise ValueError(f'Expected {count} pictures in `{folder}`; found {len(paths)}')
    return [np.asarray(Image.open(path).convert('RGB')) for path in paths]
