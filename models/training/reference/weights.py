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
    if leaf == 'moving_mean' or (leaf == 'beta' and '/bn/' in key):
        return 0.0, 0.15
    if leaf == 'ar_decoder.Sseq_pos_embedding':
        return 0.0, 0.75 * shape[-1] ** 0.5  # above the layers' sum, or one token would be repeated for ever
    if leaf == 'ar_decoder.Stoken_embedding':
        return 0.0, 2 / shape[-1] ** 0.25
    return 0.0, {'beta': 0.3, 'bias': 0.2, 'ar_decoder.Soutp_bias': 0.5}[leaf]


def gain_of(key: str) -> float:
    if '_query_dense' in key or '_key_dense' in key:
        return 1.5  # so that attention chooses, not averages
    return 1.4 if '/conv2d/' in key else 1.0


def fan_in(key: str, shape: tuple[int, ...]) -> int:
    """Inputs of one output: all but the last axis, save for a projection into heads [D, H, dh]."""
    is_into_heads = len(shape) == 3 and '_output_dense' not in key
    return shape[0] if is_into_heads else math.prod(shape[:-1])


def is_behind_rectifier(key: str) -> bool:
    """Whether the inputs of a kernel are seldom negative. Their mean would drown the picture in a constant."""
    is_inner = '/conv2d/' in key and '/initial_conv_relu_max_pool/' not in key
    return key.endswith('/kernel') and (is_inner or '/stem_projection/' in key or '/dense2/' in key)


def weight(name: str, key: str, shape: tuple[int, ...]) -> np.ndarray:
    """float32 of `shape`; `name` is the configuration's: noise by the name `NAME:KEY`, row-major."""
    centre, reach = centre_and_reach(key, shape)
    values = centre + reach * noise(f'{name}:{key}', math.prod(shape)).reshape(shape)
    if is_behind_rectifier(key):
        values -= values.mean(tuple(range(len(shape) - 1)), keepdims=True)
    return values.astype(np.float32)
