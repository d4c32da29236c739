"""Random weights by formula: with nothing at its identity, and of such a size that the layers neither fade nor
burst, the picture decides the tokens, and the best token stands clear of the second."""
import math

import numpy as np

from noise import noise


def centre_and_reach(key: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """A variable is `centre + reach * noise`. `key` is the checkpoint's, without its suffix."""
    leaf = key.rsplit('/', 1)[-1]
    if leaf == 'kernel':
        return 0.0, gain_of(key) * math.sqrt(3 / fan_in(key, shape))
    if leaf == 'gamma':
        # The last norm of a bottleneck: sixteen of them add up.
        return (0.5, 0.3) if '/conv_relu_dropblock_layers/7/' in key else (1.0, 0.5)
    if leaf == 'moving_variance':
        return 1.0, 0.6
    reaches = {
        'beta': 0.3,
        'bias': 0.2,
        'moving_mean': 0.5,
        'ar_decoder.Stoken_embedding': 1.0,
        'ar_decoder.Sseq_pos_embedding': 3.0,  # so that no token repeats itself for ever
        'ar_decoder.Soutp_bias': 0.5,
    }
    return 0.0, reaches[leaf]


def gain_of(key: str) -> float:
    if '_query_dense' in key or '_key_dense' in key:
        return 1.5  # so that attention chooses, not averages
    return 1.4 if '/conv2d/' in key else 1.0


def fan_in(key: str, shape: tuple[int, ...]) -> int:
    """Inputs of one output: all but the last axis, save for a projection into heads [D, H, dh]."""
    is_into_heads = len(shape) == 3 and '_output_dense' not in key
    return shape[0] if is_into_heads else math.prod(shape[:-1])


def weight(name: str, key: str, shape: tuple[int, ...]) -> np.ndarray:
    """float32 of `shape`; `name` is the configuration's: noise by the name `NAME:KEY`, row-major."""
    centre, reach = centre_and_reach(key, shape)
    values = centre + reach * noise(f'{name}:{key}', math.prod(shape))
    return values.astype(np.float32).reshape(shape)
