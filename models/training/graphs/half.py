"""A model as its files have it: weights as float16 numbers, batch norm inside the convolutions."""
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval


def as_half_(module: nn.Module) -> nn.Module:
    """Rounds all weights to the nearest float16, in place; they stay float32 tensors, and buffers stay as
    they are. Returns the module.

    Raises ValueError where a weight is beyond what float16 holds."""
    with torch.no_grad():
        for name, x in module.named_parameters():
            x.copy_(x.half())
            if not x.isfinite().all():
                raise ValueError(f'Expected the weights of `{name}` to be numbers below 65504')
    return module


def fold_norms_(module: nn.Module) -> nn.Module:
    """Multiplies batch norms into the convolutions before them, in place; both must be one after the other in
    a `nn.Sequential`, in evaluation. Returns the module."""
    for part in module.modules():
        if isinstance(part, nn.Sequential):
            for i, (layer, after) in enumerate(zip(part, part[1:])):
                if isinstance(layer, nn.Conv2d) and isinstance(after, nn.BatchNorm2d):
                    part[i], part[i + 1] = fuse_conv_bn_eval(layer, after), nn.Identity()
    return module
