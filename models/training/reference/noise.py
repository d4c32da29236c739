"""Numbers that any language makes alike: no file and no generator of a library is needed to repeat them.

    seed     = 32-bit FNV-1a of the name's UTF-8 bytes
    hash(i)  = murmur3's finaliser of (seed + i * 0x9e3779b9) mod 2^32
    noise(i) = (hash(i) >> 8) / 2^23 - 1, in [-1, 1)"""
import numpy as np

WORD = 0xFFFFFFFF


def seed_of(name: str) -> int:
    """32-bit FNV-1a."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & WORD
    return seed


def hashes(name: str, count: int) -> np.ndarray:
    """uint32 [count]."""
    x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(seed_of(name))
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def noise(name: str, count: int) -> np.ndarray:
    """float64 [count], uniform in [-1, 1): exact in float32 too."""
    return (hashes(name, count) >> np.uint32(8)) / 2.0**23 - 1.0
