"""Teacher forcing: how likely the decoder finds the right token behind each right (or stale) beginning."""
import torch
import torch.nn.functional as F
from torch import Tensor

from sequences.vocabulary import Vocabulary

SMOOTHING = 1.3  # bins; a neighbour of the right bin is nearly right
OF_END = 0.3  # weight of this loss against coordinates and classes


def losses(logits: Tensor, batch: dict[str, Tensor], vocabulary: Vocabulary) -> dict[str, Tensor]:
    """
    :param logits: [B, 5 M, V]
    :param batch: `targets` int64 and `weights` [B, 5 M], `real` and `remaining` [B, M] of `Sequence`
    :returns: the losses of coordinates, classes and the end, each a mean over what counts, 0 where nothing
        does. Padding counts for the end only
    """
    v = vocabulary
    slots = lambda x: x.unflatten(1, (-1, 5))
    logits, targets, weights = slots(logits.log_softmax(-1)), slots(batch['targets']), slots(batch['weights'])
    is_padding = targets[:, :, 4] == v.eos
    counts = (weights[:, :, :4] > 0) & ~is_padding[..., None]
    right = targets[:, :, :4][counts] - v.coordinate_base
    likely = logits[:, :, :4][counts][:, v.coordinate_base :]
    near = torch.arange(v.bins, device=logits.device) - right[:, None]
    target = torch.exp(-0.5 * (near / SMOOTHING) ** 2)
    coordinate = -(likely * target / target.sum(-1, keepdim=True)).sum(-1)
    of_class = -logits[:, :, 4].gather(-1, targets[:, :, 4:])[..., 0]
    class_weights = weights[:, :, 4] * ~is_padding
    end = logits[:, :, 0, v.eos].exp().clamp(1e-6, 1 - 1e-6)
    return {
        'coordinate': coordinate.sum() / max(len(coordinate), 1),
        'class': (of_class * class_weights).sum() / class_weights.sum().clamp(min=1),
        'end': OF_END * F.binary_cross_entropy(end, 1 - batch['remaining']),
    }


def published_loss(logits: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy of every token by its weight, as published: no smoothing, an end only where the sequence
    is padded. Arguments as of `losses`. Source: Pix2seq section 2.2; `tasks/object_detection.py`."""
    of_token = F.cross_entropy(logits.transpose(1, 2), batch['targets'], reduction='none')
    return {'token': (of_token * batch['weights']).sum() / batch['weights'].sum().clamp(min=1e-6)}
