"""Changes the colours of a picture, and blurs, grains and compresses it as cameras do.

Brightness, contrast, saturation, hue and grey are one matrix, so that they cost one pass over the pixels."""
from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

# what each channel adds to the brightness of a pixel (ITU-R BT.601)
LUMA = np.array([0.299, 0.587, 0.114])
# contrast turns around this level
MIDDLE = 114.0
# standard normal numbers in no order, to draw grain from: faster than drawing it anew
GRAIN = 1 << 16


@dataclass(frozen=True)
class ColourOptions:
    """How colours are changed: probabilities, 0 to 1, and strengths."""

    jitter: float = 0.8
    """Probability of brightness, contrast, saturation and hue, all at once."""
    brightness: float = 0.3
    """Most that brightness, contrast and saturation change, share of each."""
    contrast: float = 0.3
    saturation: float = 0.5
    hue: float = 0.04
    """Most that the hue turns, share of a whole turn."""
    grey: float = 0.05
    """Probability of a picture without colour; below, of a blurred, a grainy and a compressed one."""
    blur: float = 0.1
    max_blur: float = 1.5
    """Largest radius of the blur, pixels."""
    grain: float = 0.1
    max_grain: float = 10.0
    """Largest standard deviation of the grain, levels."""
    jpeg: float = 0.1
    jpeg_quality: tuple[int, int] = (25, 90)
    """Lowest and highest quality of the compression."""


def colour_matrix(options: ColourOptions, rng: np.random.Generator) -> np.ndarray:
    """Draws a change of colours: float64 [3, 4], applied to (r, g, b, 1) in levels of 0 to 255."""
    matrix, offset = np.eye(3), 0.0
    if rng.random() < options.jitter:
        strengths = np.array([options.brightness, options.contrast, options.saturation])
        brightness, contrast, saturation = 1 + strengths * rng.uniform(-1, 1, 3)
        hue = 2 * np.pi * options.hue * rng.uniform(-1, 1)
        matrix = brightness * contrast * saturated(saturation) @ turned(hue)
        offset = MIDDLE * (1 - contrast)
    if rng.random() < options.grey:
        matrix = saturated(0) @ matrix
    return np.concatenate([matrix, np.full((3, 1), offset)], axis=1)


def saturated(amount: float) -> np.ndarray:
    """Matrix [3, 3] that moves colours away from their grey; 0: all grey, 1: unchanged."""
    return amount * np.eye(3) + (1 - amount) * np.tile(LUMA, (3, 1))


def turned(angle: float) -> np.ndarray:
    """Matrix [3, 3] that turns hues about the axis of greys by an angle in radians (Rodrigues' formula)."""
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def colour(image: Image.Image, options: ColourOptions, rng: np.random.Generator) -> Image.Image:
    """Changes an RGB picture; it keeps its size."""
    image = image.convert('RGB', tuple(colour_matrix(options, rng).ravel()))
    if rng.random() < options.blur:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, options.max_blur)))
    if rng.random() < options.grain:
        image = grained(image, rng.uniform(0, options.max_grain), rng)
    if rng.random() < options.jpeg:
        image = compressed(image, int(rng.integers(*options.jpeg_quality, endpoint=True)))
    return image


def grained(image: Image.Image, sigma: float, rng: np.random.Generator) -> Image.Image:
    """Adds normal noise of a standard deviation, levels, to each channel of each pixel."""
    pixels = np.asarray(image)
    grain = rng.standard_normal(GRAIN, np.float32)[rng.integers(0, GRAIN, pixels.shape, np.uint16)]
    return Image.fromarray(np.clip(np.rint(pixels + sigma * grain), 0, 255).astype(np.uint8))


def compressed(image: Image.Image, quality: int) -> Image.Image:
    """What is left of a picture after JPEG of a quality, 1 to 95."""
    file = io.BytesIO()
    image.save(file, 'jpeg', quality=quality)
    return Image.open(file).convert('RGB')
