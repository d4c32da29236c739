"""The losses of the copying decoder. They are those of `networks/loss.py`, computed only where they count and
near the right bin, so that a training step costs a third; and a label that nothing proposed explains is doubted,
since this decoder cannot read what the encoder does not see."""
import torch
import torch.nn.functional as F
from torch import Tensor

from networks.copying import SPREAD, CopyingDecoder
from networks.loss import OF_END, SMOOTHING

DOUBT = 0.02  # share of labels that nothing in the picture explains, so that none of them weighs too much
REACH = 5  # bins to each side of the right one; what lies further off weighs nothing


def copying_losses(decoder: CopyingDecoder, batch: dict[str, Tensor], memory: dict[str, Tensor]) -> dict[str, Tensor]:
    """
    :param batch: `inputs`, `targets` int64 and `weights` [B, 5 M], `class_scores` and `remaining` [B, M]
    :param memory: of `decoder.memory`
    :returns: losses, to be summed
    """
    v = decoder.vocabulary
    nothing = torch.zeros(len(batch['inputs']), 0, decoder.cache_width, device=batch['inputs'].device)
    look = decoder.look(batch['inputs'], nothing, memory)
    slots = lambda x: x.unflatten(1, (-1, 5))
    targets, weights = slots(batch['targets']), slots(batch['weights'])
    pointer, before = slots(look.pointer), slots(look.before)
    z_end = slots(decoder.z_end(look.before, memory))[:, :, 0, 0]
    l_class = decoder.classes(pointer[:, :, 4], before[:, :, 4], memory)
    is_padding = targets[:, :, 4] == v.eos
    right = torch.where(targets[:, :, 4] == v.noise, 0, targets[:, :, 4] - v.class_base + 1).clamp(min=0)
    said = certain(l_class.gather(-1, right[..., None])[..., 0].exp(), 1 / 2).log()
    score = torch.where(right == 0, 1.0, batch['class_scores'])  # the rest is the mass of noise
    of_class = -score * said - (1 - score) * certain(l_class[..., 0].exp(), 1 / 2).log()
    class_weights = weights[:, :, 4] * ~is_padding
    counts = (weights[:, :, :4] > 0) & ~is_padding[..., None]  # [B, M, 4]
    coordinate = of_coordinates(decoder, pointer[:, :, :4][counts], counts, targets, memory)
    ends = F.softplus(z_end)[counts[:, :, 0]]  # a coordinate is said where the end is not
    return {
        'coordinate': (coordinate.sum() + ends.sum()) / max(len(coordinate), 1),
        'class': (of_class * class_weights).sum() / class_weights.sum().clamp(min=1),
        'end': OF_END * F.binary_cross_entropy_with_logits(z_end, 1 - batch['remaining']),
    }


def certain(probability: Tensor, chance: float) -> Tensor:
    """The probability of a label that may be wrong, and is then there by chance."""
    return (1 - DOUBT) * probability + DOUBT * chance


def of_coordinates(decoder, pointer: Tensor, counts: Tensor, targets: Tensor, memory: dict) -> Tensor:
    """Cross-entropy [R] of R coordinates with their smoothed targets.

    :param pointer: [R, K]     :param counts: bool [B, M, 4], which are the R
    """
    bins = decoder.vocabulary.bins
    picture, _, slot = counts.nonzero(as_tuple=True)
    right = targets[:, :, :4][counts] - decoder.vocabulary.coordinate_base  # [R]
    near = right[:, None] + torch.arange(-REACH, REACH + 1, device=right.device)  # [R, 2 REACH + 1]
    target = torch.exp(-0.5 * ((near - right[:, None]) / SMOOTHING) ** 2) * ((near >= 0) & (near < bins))
    target = target / target.sum(-1, keepdim=True)
    at = near.clamp(0, bins - 1)
    box = memory['box'][picture, slot]  # [R, K]
    splat = torch.exp(-0.5 * ((at[:, None] - box[..., None]) / SPREAD) ** 2)  # [R, K, 2 REACH + 1]
    pointer = decoder.sharpened(pointer)
    copied = (pointer[:, None] @ (splat / decoder.splat_mass(box)[..., None]))[:, 0]
    return -(certain(copied, 1 / bins).log() * target).sum(-1)
