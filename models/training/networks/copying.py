"""The decoder of the bundled model: it reads objects out as tokens by copying them from the boxes that the
encoder proposes, like a pointer-generator (See et al. 2017, arXiv:1704.04368) that generates nothing.

Each token has a distribution given the tokens before, as in Pix2seq. It is a mixture over the boxes:
`pointer`, how likely each is the one being read, follows from how certain the encoder is of it, how well it
agrees with the coordinates read already, and how well it is told by objects read before. How much these count
is set by hand; learnt is what the encoder's certainty is worth: six numbers. A transformer in their place
needs far more labels than we have; the card tells what we tried.

Shapes: B pictures, T tokens a call, P tokens before, K boxes of memory, N = known coordinates of an object,
0 to 4. Tokens are those of `Vocabulary`; sequences start with the prompt."""
import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from networks.pointer import FOR_COVERAGE, FOR_DISTANCE, FOR_OVERLAP, FOR_RANK
from sequences.vocabulary import Vocabulary

IMPOSSIBLE = -30.0  # the log-probability of a token that cannot stand at its place
SPREAD = 1.5  # bins, of a copied coordinate
NEAR = 0.05  # of a box's side: how far a coordinate of it may be off
FAR = 40.0  # such units; further off is all the same
FLOOR = 0.05  # probabilities of classes below it count less and less
TOLD = 0.45  # overlap with an object read from which on a box is told


@dataclass(frozen=True)
class CopyingOptions:
    num_boxes: int = 96  # K
    sharpness: float = 3.0  # exponent on the pointer where coordinates are copied


class Look(NamedTuple):
    """What the rows of a call have seen, before they say anything."""

    known_count: Tensor  # int64 [T] coordinates known of the object
    pointer: Tensor  # [B, T, K] the box being read, sums to 1
    before: Tensor  # [B, T, K] how well each box was told before
    rows: Tensor  # [B, T, C] for the cache


class CopyingDecoder(nn.Module):
    def __init__(self, vocabulary: Vocabulary, options: CopyingOptions = CopyingOptions()):
        super().__init__()
        self.vocabulary, self.options = vocabulary, options
        learnt = lambda *values: nn.Parameter(torch.tensor(values))
        # scale and shift: of the encoder's logits of classes, of repeats, of the end
        self.calibration, self.for_repeats, self.for_end = learnt(1.0, 0.0), learnt(12.0, 6.0), learnt(2.0, 1.2)

    @property
    def cache_width(self) -> int:
        """Coverage of the boxes, and the token's coordinate."""
        return self.options.num_boxes + 1

    def memory(self, logits: Tensor, boxes: Tensor, with_splat: bool = True) -> dict[str, Tensor]:
        """
        Everything that the decoder wants of a picture, once.

        :param logits: [B, K, classes] of the encoder's own head
        :param boxes: [B, K, 4] yxyx, fractions of the square
        :param with_splat: a loss does without what takes most of the time
        """
        scale, shift = self.calibration
        prob = (logits * scale + shift).sigmoid()
        box = boxes * (self.vocabulary.bins - 1)
        sides = (box[..., 2:] - box[..., :2]).repeat(1, 1, 2)
        memory = {
            'box': box.transpose(1, 2),  # [B, 4, K] bins
            'unit': (1 / (1 + NEAR * sides)).transpose(1, 2),  # [B, 4, K]
            # eighty small probabilities would make a large sum
            'prob': prob * prob / (prob + FLOOR),  # [B, K, classes]
            'rank': prob.amax(-1).clamp(min=1e-4).log(),  # [B, K]
        }
        if with_splat:
            memory['splat'] = self.splat(box).transpose(1, 2)  # [B, 4, K, bins]
        return memory

    def splat(self, box: Tensor) -> Tensor:
        """A bell of mass 1 over the bins [..., bins] at each coordinate of `box`."""
        apart = (torch.arange(self.vocabulary.bins, device=box.device) - box[..., None]) / SPREAD
        return torch.exp(-0.5 * apart * apart) / self.splat_mass(box)[..., None]

    def splat_mass(self, box: Tensor) -> Tensor:
        """Sum over the bins of a bell at each coordinate of `box`; less where the picture's edge cuts it off."""
        low, high = ((edge - box) / (SPREAD * math.sqrt(2)) for edge in (-0.5, self.vocabulary.bins - 0.5))
        return SPREAD * math.sqrt(math.pi / 2) * (torch.erf(high) - torch.erf(low))

    def forward(self, tokens: Tensor, past: Tensor, memory: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """
        :param tokens: int64 [B, T], the prompt first of all
        :param past: [B, P, C] rows of the tokens before
        :returns: log-probabilities [B, T, V] of the token after each row, and rows [B, T, C] for the cache
        """
        look = self.look(tokens, past, memory)
        slot = torch.arange(4, device=tokens.device)
        is_first, is_class = ((look.known_count == n)[:, None] for n in (0, 4))
        by_slot = self.sharpened(look.pointer)[:, :, None] * (look.known_count[:, None] == slot)[..., None]
        l_bins = (by_slot.flatten(2) @ memory['splat'].flatten(1, 2) + 1e-9).log()
        z_end = self.z_end(look.before, memory)
        l_end = torch.where(is_first, -F.softplus(-z_end), IMPOSSIBLE)
        l_bins = (l_bins - is_first * F.softplus(z_end)).masked_fill(is_class, IMPOSSIBLE)
        l_class = self.classes(look.pointer, look.before, memory).masked_fill(~is_class, IMPOSSIBLE)
        return self.lay_out(l_end, l_class, l_bins), look.rows

    def look(self, tokens: Tensor, past: Tensor, memory: dict[str, Tensor]) -> Look:
        """What each row has seen; takes what `forward` takes."""
        T, P = tokens.shape[1], past.shape[1]
        row = torch.arange(T, device=tokens.device)
        known_count = (P + row) % 5  # [T]; the prompt and a class token know nothing of the next object
        value = (tokens - self.vocabulary.coordinate_base).float()
        past_coverage, past_value = past.split([self.options.num_boxes, 1], -1)
        slot = torch.arange(4, device=row.device)
        back = (known_count[:, None] - 1 - slot).clamp(min=0)
        context = torch.cat([past_value[..., 0], value], 1)[:, P + row[:, None] - back]  # [B, T, 4]
        known = slot < known_count[:, None]  # [T, 4]

        overlap = self.overlap(context, memory['box']) * (known_count == 4)[:, None]
        last = F.pad(past_coverage, (0, 0, 1, 0))[:, -1:].amax(1, keepdim=True)
        covered = torch.maximum(overlap.cummax(1).values, last)  # best IoU of each box with what is read
        before = torch.cat([last, covered[:, :-1]], 1)
        apart = (context[..., None] - memory['box'][:, None]).abs() * memory['unit'][:, None]
        apart = (apart * known[..., None]).sum(2)
        pointer = self.point(apart, overlap, before, known_count, memory['rank'])
        return Look(known_count, pointer, before, torch.cat([covered, value[..., None]], -1))

    def overlap(self, context: Tensor, box: Tensor) -> Tensor:
        """IoU [B, T, K] of the object read at each row with each box; only rows of whole objects mean anything."""
        low, high = context[..., None].chunk(2, 2)
        box_low, box_high = box[:, None].chunk(2, 2)
        shared = (torch.minimum(high, box_high) - torch.maximum(low, box_low)).relu().prod(2)
        either = (high - low).relu().prod(2) + (box_high - box_low).prod(2)
        return shared / (either - shared + 1e-3)

    def point(self, apart: Tensor, overlap: Tensor, before: Tensor, known_count: Tensor, rank: Tensor) -> Tensor:
        """Which box is being read: [B, T, K], sums to 1."""
        apart = (apart * apart + 1).sqrt().clamp(max=FAR)
        factor = lambda of: torch.tensor(of, device=rank.device)[known_count][:, None]
        score = factor(FOR_RANK) * rank[:, None] - factor(FOR_DISTANCE) * apart + FOR_OVERLAP * overlap
        return (score - factor(FOR_COVERAGE) * before * before).softmax(-1)

    def sharpened(self, pointer: Tensor) -> Tensor:
        """The pointer where coordinates are copied."""
        sharp = pointer**self.options.sharpness
        return sharp / sharp.sum(-1, keepdim=True)

    def z_end(self, before: Tensor, memory: dict[str, Tensor]) -> Tensor:
        """Logit [B, T, 1] of the end against a further object: how certain the best box is that is not told."""
        scale, shift = self.for_end
        untold = memory['rank'][:, None] - 4 * (before > TOLD).float()
        return -scale * (untold.amax(-1, keepdim=True) + shift)

    def classes(self, pointer: Tensor, before: Tensor, memory: dict[str, Tensor]) -> Tensor:
        """Log-probabilities [B, T, 1 + classes] of noise and of each class."""
        scale, shift = self.for_repeats
        again = (pointer * before).sum(-1, keepdim=True)
        seen = pointer @ memory['prob']
        seen = (shift - scale * again).sigmoid() * seen / seen.sum(-1, keepdim=True).clamp(min=1.0)
        return torch.cat([1 - seen.sum(-1, keepdim=True), seen], -1).clamp(min=1e-9).log()

    def lay_out(self, end: Tensor, classes: Tensor, bins: Tensor) -> Tensor:
        v = self.vocabulary
        gap = lambda x, count: F.pad(x, (0, count), value=IMPOSSIBLE)
        noise, classes = classes.split([1, v.num_classes], -1)
        end, noise = gap(end, v.noise - v.eos - 1), gap(noise, v.class_base - v.noise - 1)
        classes = gap(classes, v.coordinate_base - v.class_base - v.num_classes)
        return torch.cat([end, noise, classes, bins], -1)
