"""NanoDet-g with an eighth of its channels and random weights, in the format of its file."""
import json

import numpy as np

from networks.nanodet import BIAS

# outputs, inputs and side of the 34 convolutions in the order of their execution, as published
SHAPES = [
    *[(32, 3, 3), (32, 32, 3), (16, 32, 3), (16, 16, 3), (32, 32, 3), (64, 64, 3), (32, 64, 3), (32, 32, 3)],
    *[(32, 64, 3), (32, 32, 3), (64, 64, 3), (128, 128, 3), (64, 128, 3), (64, 64, 3), (64, 128, 3)],
    *[(64, 64, 3), (128, 128, 3), (256, 256, 3), (128, 256, 3), (128, 128, 3), (128, 256, 3), (128, 128, 3)],
    *[(128, 256, 3), (128, 128, 3), (256, 256, 3), (128, 128, 1), (128, 256, 1), (128, 512, 1)],
    *[(128, 128, 3), (124, 128, 1)] * 3,
]
CHANNELS = 16
AS_THEY_ARE = (3, 124)  # the picture's channels, and what the heads say


def write_small_nanodet(path, rng):
    """Writes `path` and the weights beside it, `.bin`."""
    small = lambda channels: channels if channels in AS_THEY_ARE else channels // 8
    entries, data = [], []
    for i, (out, into, side) in enumerate(SHAPES):
        gain = 0.2 if out == 124 else 1.4  # scores far from 1, where many would be the same number
        kernel = rng.normal(0, gain / side / small(into) ** 0.5, (side, side, small(into), small(out)))
        names = (f'PartitionedCall/split_{i}' if i else 'PartitionedCall/split', f'unknown_{BIAS[i]}')
        for name, values in zip(names, (kernel, rng.normal(0, 0.1, small(out)))):
            entries.append({'name': name, 'shape': values.shape, 'dtype': 'float32'})
            data.append(values.astype(np.float32).tobytes())
    path.write_text(json.dumps({'weightsManifest': [{'weights': entries}]}))
    path.with_suffix('.bin').write_bytes(b''.join(data))
