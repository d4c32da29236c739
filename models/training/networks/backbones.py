"""Image encoders for the plain decoder: a picture uint8 [B, S, S, 3] becomes feature maps, a list of
[B, h, w, C], finest first. S is a multiple of 32.

Each encoder normalises as it was trained: NanoDet by ImageNet's mean and deviation, the published ones to 0
to 1 without either. The published models see padding of 0.3 (grey 77); the recipe pads with
`placing.PAD`, grey 114, and so must `image.pad` of a model that is trained here.

Source: Pix2seq section 2.2; google-research/pix2seq `architectures/resnet.py` and
`architectures/transformers.py`. Nothing here is pretrained but NanoDet."""
from dataclasses import dataclass, field
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from networks.layers import EncoderLayer, grid_positions, start_as_keras
from networks.nanodet import CHANNELS, NanoDet
from networks.plain import EPS, PlainOptions

ENCODERS = ('nanodet', 'resnet50', 'vit')
MODEL_SIZES = ('small', 'published')
PATCH = 16  # side of the patches of `vit`, pixels


@dataclass(frozen=True)
class TransformerOptions:
    """Layers behind the stem of an encoder. The defaults are those published for ResNet-50."""

    num_layers: int = 6
    width: int = 256
    hidden: int = 1024
    num_heads: int = 8
    dropout: float = 0.1
    drop_path: float = 0.1


@dataclass(frozen=True)
class ResNetOptions:
    """The defaults are ResNet-50."""

    blocks: tuple[int, ...] = (3, 4, 6, 3)
    channels: int = 64
    transformer: TransformerOptions = field(default_factory=TransformerOptions)


class NanoDetMaps(nn.Module):
    """The pretrained encoder of the bundled model as far as its features: strides 16 and 32, 128 channels.
    The finest level is left out: its cells would be three quarters of the memory."""

    LEVELS = (1, 2)

    def __init__(self, weights: Path, size: int):
        super().__init__()
        self.encoder = NanoDet(weights, size)
        self.channels = CHANNELS
        # of the head and the finest level: no part in the features, so nothing to train
        for i in (28, 29, 31, 33):
            self.encoder.convolutions[i].requires_grad_(False)

    def forward(self, image: Tensor) -> dict[str, list[Tensor]]:
        maps = self.encoder.maps(image, self.LEVELS)
        return {'maps': [level.permute(0, 2, 3, 1) for level in maps]}


class Transformer(nn.Module):
    """Adds the positions of a map [B, h, w, D] and lets all its cells look at each other."""

    def __init__(self, options: TransformerOptions):
        super().__init__()
        width, num_heads, hidden = options.width, options.num_heads, options.hidden
        drop = {'dropout': options.dropout, 'drop_path': options.drop_path}
        self.layers = nn.ModuleList(
            EncoderLayer(width, num_heads, hidden, eps=EPS, **drop) for _ in range(options.num_layers)
        )
        self.norm_out = nn.LayerNorm(width, EPS)

    def forward(self, level: Tensor) -> Tensor:
        x = level.flatten(1, 2) + grid_positions(*level.shape[1:], level.device)
        for layer in self.layers:
            x = layer(x)
        return self.norm_out(x).view(level.shape)


class Bottleneck(nn.Module):
    """A block of ResNet 1.5, whose 3 x 3 convolution has the stride. [B, C, h, w]"""

    def __init__(self, into: int, channels: int, stride: int):
        super().__init__()
        self.reduce = convolution(into, channels, 1)
        self.look = convolution(channels, channels, 3, stride)
        self.expand = convolution(channels, 4 * channels, 1)
        is_first = into != 4 * channels or stride > 1
        self.shortcut = convolution(into, 4 * channels, 1, stride) if is_first else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        seen = F.relu(self.look(F.relu(self.reduce(x))))
        return F.relu(self.expand(seen) + self.shortcut(x))


class ResNet(nn.Module):
    """A residual network and a transformer over its last map, stride 32."""

    def __init__(self, options: ResNetOptions = ResNetOptions()):
        super().__init__()
        self.channels = options.transformer.width
        self.stem = convolution(3, options.channels, 7, 2)
        blocks, into = [], options.channels
        for group, count in enumerate(options.blocks):
            channels = options.channels << group
            for i in range(count):
                blocks.append(Bottleneck(into, channels, 2 if group > 0 and i == 0 else 1))
                into = 4 * channels
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(options.transformer.dropout)
        self.project = nn.Linear(into, self.channels)
        self.norm_in = nn.LayerNorm(self.channels, EPS)
        self.transformer = Transformer(options.transformer)
        start_as_keras(self)

    def forward(self, image: Tensor) -> dict[str, list[Tensor]]:
        x = F.relu(self.stem(unit(image)))
        # TensorFlow's SAME: an even side is padded at its end only; zeros are least behind a ReLU
        x = self.blocks(F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 3, 2))
        x = self.norm_in(self.project(self.dropout(x.permute(0, 2, 3, 1))))
        return {'maps': [self.transformer(x)]}


class VisionTransformer(nn.Module):
    """A transformer over patches of 16 x 16 pixels."""

    def __init__(self, options: TransformerOptions):
        super().__init__()
        self.channels = options.width
        self.stem = nn.Conv2d(3, options.width, PATCH, PATCH)
        self.norm_in = nn.LayerNorm(options.width, EPS)
        self.transformer = Transformer(options)
        start_as_keras(self)

    def forward(self, image: Tensor) -> dict[str, list[Tensor]]:
        x = self.norm_in(self.stem(unit(image)).permute(0, 2, 3, 1))
        return {'maps': [self.transformer(x)]}


def convolution(into: int, out: int, side: int, stride: int = 1) -> nn.Sequential:
    """A convolution with batch norm; padded alike on all sides, with a stride too."""
    layer = nn.Conv2d(into, out, side, stride, side // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode='fan_out')
    return nn.Sequential(layer, nn.BatchNorm2d(out))


def unit(image: Tensor) -> Tensor:
    """uint8 [B, S, S, 3] -> float32 [B, 3, S, S], 0 to 1"""
    return image.permute(0, 3, 1, 2).float() / 255


def open_encoder(
    name: str, model_size: str, size: int, weights: str | None, dropout: float, drop_path: float
) -> nn.Module:
    """An encoder of ENCODERS in one of MODEL_SIZES; NanoDet has one size only.

    size: of the picture, pixels; weights: `nanodet.json`, of `nanodet` only
    Returns a module with `channels` C, from a picture to the arguments of `PlainDecoder.memory`."""
    drop = {'dropout': dropout, 'drop_path': drop_path}
    if name == 'nanodet':
        return NanoDetMaps(Path(weights), size)
    is_small = model_size == 'small'
    if name == 'resnet50':
        if is_small:
            return ResNet(ResNetOptions((1, 1, 1, 1), 16, TransformerOptions(2, 128, 512, 4, **drop)))
        return ResNet(ResNetOptions(transformer=TransformerOptions(**drop)))
    sizes = (4, 192, 768, 6) if is_small else (12, 768, 3072, 12)
    return VisionTransformer(TransformerOptions(*sizes, **drop))


def decoder_options(
    name: str, model_size: str, channels: int, max_tokens: int, dropout: float, drop_path: float
) -> PlainOptions:
    """The decoder that goes with an encoder: the published one of ResNet-50 or ViT-B, or a small one."""
    width, num_layers, num_heads = (256, 6, 8) if name != 'vit' else (512, 6, 16)
    if model_size == 'small':
        width, num_layers, num_heads = 128, 3, 4
    return PlainOptions(channels, width, num_layers, num_heads, 4 * width, max_tokens, dropout, drop_path)
