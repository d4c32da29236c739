"""The decoder of the bundled model: it reads objects out as tokens and copies what it can from the
boxes that the encoder proposes (a pointer-generator, See et al. 2017, arXiv 1704.04368).

A plain Pix2seq decoder (`plain.py`) has to learn from nothing where things are; this one starts as a
greedy reader of the encoder's most certain boxes and learns what to do better.

Shapes: B pictures, T tokens a call, P tokens before, K boxes of memory, D width, N = known coordinates
of an object, 0 to 4. Tokens are those of `Vocabulary`; sequences start with the prompt."""
import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from layers import DecoderLayer, causal_mask
from vocabulary import Vocabulary

IMPOSSIBLE = -30.0  # the log-probability of a token that cannot stand at its place
NUM_FREQUENCIES = 48
SPREAD = 1.5  # bins, of a copied coordinate
NEAR = 0.05  # of a box's side: how far a coordinate of it may be off
FLOOR = 0.05  # probabilities of classes below it count less and less
FAR = 40.0  # such units; further off is all the same


@dataclass(frozen=True)
class CopyingOptions:
    width: int = 192
    num_layers: int = 0  # of a transformer; more did not help with the data at hand, see the card
    num_heads: int = 6
    hidden: int = 512
    num_boxes: int = 96  # K
    feature_channels: int = 128
    sharpness: float = 3.0  # exponent on the pointer where coordinates are copied


class Look(NamedTuple):
    """What the rows of a call have seen, before they say anything."""

    known_count: Tensor  # int64 [T] coordinates known of the object
    x: Tensor  # [B, T, D]
    pointer: Tensor  # [B, T, K] the box being read, sums to 1
    before: Tensor  # [B, T, K] how well each box was told before
    rows: Tensor  # [B, T, C] for the cache


class CopyingDecoder(nn.Module):
    def __init__(self, vocabulary: Vocabulary, options: CopyingOptions = CopyingOptions()):
        super().__init__()
        self.vocabulary, self.options = vocabulary, options
        width, bins, classes = options.width, vocabulary.bins, vocabulary.num_classes
        frequencies = torch.exp(torch.linspace(math.log(0.5), math.log(100.0), NUM_FREQUENCIES)) * 2 * math.pi
        self.register_buffer('frequencies', frequencies, persistent=False)
        self.register_buffer('table', self.waves(torch.arange(bins) / (bins - 1)), persistent=False)
        # memory: what is known of a box, summed
        self.norm_features = nn.LayerNorm(options.feature_channels)
        self.of_features = nn.Linear(options.feature_channels, width)
        self.of_level = nn.Parameter(torch.randn(3, width) * 0.1)
        self.of_classes = nn.Linear(classes, width)
        self.of_centre = nn.Linear(4 * NUM_FREQUENCIES, width)
        # one projection of coordinates for the boxes of memory and for the tokens read
        self.of_coordinate = nn.Parameter(torch.randn(4, 2 * NUM_FREQUENCIES, width) * NUM_FREQUENCIES**-0.5 / 2)
        self.of_known = nn.Parameter(torch.randn(5, width) * 0.3)
        self.norm_context = nn.LayerNorm(width)
        self.context = nn.MultiheadAttention(width, options.num_heads, batch_first=True)
        self.norm_memory, self.norm_memory_out = nn.LayerNorm(width), nn.LayerNorm(width)
        self.memory_feed = nn.Sequential(
            nn.Linear(width, options.hidden), nn.GELU(), nn.Linear(options.hidden, width)
        )
        self.layers = nn.ModuleList(
            DecoderLayer(width, options.num_heads, options.hidden) for _ in range(options.num_layers)
        )
        self.norm_out = nn.LayerNorm(width)
        # read-outs
        self.key, self.query = nn.Linear(width, 64), nn.Linear(width, 64)
        self.keep, self.end = nn.Linear(width, 1), nn.Linear(width, 1)
        # of the pointer, by the number of known coordinates
        self.for_distance = nn.Parameter(torch.full((5,), 1.0))
        self.for_rank = nn.Parameter(torch.tensor([3.0, 1.0, 1.0, 1.0, 1.0]))
        self.for_coverage = nn.Parameter(torch.tensor([10.0, 8.0, 6.0, 5.0, 1.0]))
        # how certain the encoder's certainty is: scale and shift of its logits
        self.calibration = nn.Parameter(torch.tensor([1.0, 0.0]))
        self.for_overlap = nn.Parameter(torch.tensor(20.0))
        self.for_repeats = nn.Parameter(torch.tensor([6.0, 12.0]))
        self.for_open = nn.Parameter(torch.tensor(2.0))
        self.start_as_a_greedy_reader()

    def start_as_a_greedy_reader(self) -> None:
        for layer in self.layers:
            # a query finds the box that looks like itself from the first step on
            layer.memory_in.weight.data[: self.options.width] = layer.cross_query.weight.data * 1.7
            layer.cross_query.weight.data *= 1.7
        for layer in (self.query, self.keep, self.end, self.context.out_proj):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.memory_feed[2].weight.data *= 0.3
        self.keep.bias.data.fill_(4.0)

    @property
    def cache_width(self) -> int:
        """Keys and values of all layers, coverage of the boxes, the token's coordinate."""
        return self.options.num_layers * 2 * self.options.width + self.options.num_boxes + 1

    def waves(self, unit: Tensor) -> Tensor:
        """[...] -> [..., 2 F]"""
        angle = unit[..., None] * self.frequencies
        return torch.cat([angle.sin(), angle.cos()], -1)

    def memory(self, features, logits, boxes, centres, levels, with_splat=True) -> dict[str, Tensor]:
        """
        Everything that the decoder wants of a picture, once.

        :param features: [B, K, C]     :param logits: [B, K, classes] of the encoder's own head
        :param boxes: [B, K, 4] yxyx, fractions of the square     :param centres: [B, K, 2] likewise
        :param levels: int64 [B, K] 0 to 2
        :param with_splat: a loss does without what takes half the time
        """
        bins = self.vocabulary.bins
        prob = logits.sigmoid()
        likely = (logits * self.calibration[0] + self.calibration[1]).sigmoid()
        x = self.of_features(self.norm_features(features)) + self.of_level[levels]
        x = x + self.of_classes(prob.sqrt()) + self.of_centre(self.waves(centres).flatten(-2))
        x = x + torch.einsum('bkif,ifd->bkd', self.waves(boxes), self.of_coordinate)
        normed = self.norm_context(x)
        x = x + self.context(normed, normed, normed, need_weights=False)[0]
        x = self.norm_memory_out(x + self.memory_feed(self.norm_memory(x)))
        box = boxes * (bins - 1)
        sides = (box[..., 2:] - box[..., :2]).relu().repeat(1, 1, 2)
        memory = {
            'key': self.key(x).transpose(1, 2),  # [B, 64, K]
            'box': box.transpose(1, 2),  # [B, 4, K] bins
            'unit': (1 / (1 + NEAR * sides)).transpose(1, 2),  # [B, 4, K]
            # eighty small probabilities would make a large sum
            'prob': likely * likely / (likely + FLOOR),  # [B, K, classes]
            'rank': prob.amax(-1).clamp(min=1e-4).log(),  # [B, K]
        }
        if with_splat:
            memory['splat'] = self.splat(box).transpose(1, 2)  # [B, 4, K, bins]
        for i, layer in enumerate(self.layers):
            memory[f'k{i}'], memory[f'v{i}'] = layer.cross(x)
        return memory

    def forward(self, tokens: Tensor, past: Tensor, memory: dict[str, Tensor]):
        """
        :param tokens: int64 [B, T], the prompt first of all
        :param past: [B, P, C] rows of the tokens before
        :returns: log-probabilities [B, T, V] of the token after each row, and rows [B, T, C] for the cache
        """
        look = self.look(tokens, past, memory)
        slot = torch.arange(4, device=tokens.device)
        is_first, is_class = ((look.known_count == n)[:, None] for n in (0, 4))
        by_slot = self.sharpened(look.pointer)[:, :, None] * (look.known_count[:, None] == slot)[..., None]
        copied = by_slot.flatten(2) @ memory['splat'].flatten(1, 2)
        l_bins = (copied + 1e-9).log()
        z_end = self.z_end(look, memory)
        l_end = torch.where(is_first, -F.softplus(-z_end), IMPOSSIBLE)
        l_bins = (l_bins - is_first * F.softplus(z_end)).masked_fill(is_class, IMPOSSIBLE)
        l_class = self.classes(look.x, look.pointer, look.before, memory).masked_fill(~is_class, IMPOSSIBLE)
        return self.lay_out(l_end, l_class, l_bins), look.rows

    def look(self, tokens: Tensor, past: Tensor, memory: dict[str, Tensor]) -> 'Look':
        """What each row has seen; takes what `forward` takes."""
        vocabulary, options = self.vocabulary, self.options
        (_, T), P, bins = tokens.shape, past.shape[1], vocabulary.bins
        row = torch.arange(T, device=tokens.device)
        known_count = (P + row) % 5  # [T]; the prompt and a class token know nothing of the next object
        value = (tokens - vocabulary.coordinate_base).float()
        *past_kv, past_coverage, past_value = past.split(
            [2 * options.width] * options.num_layers + [options.num_boxes, 1], -1
        )
        history = F.pad(torch.cat([past_value[..., 0], value], 1), (3, 0))
        back = (known_count[:, None] - 1 - torch.arange(4, device=row.device)).clamp(min=0)
        context = history[:, row[:, None] + P + 3 - back]  # [B, T, 4]
        known = torch.arange(4, device=row.device) < known_count[:, None]  # [T, 4]

        tables = torch.einsum('nf,ifd->ind', self.table, self.of_coordinate)  # [4, bins, D]
        at = context.long().clamp(0, bins - 1)
        x = self.of_known[known_count].expand(tokens.shape[0], -1, -1)
        for i in range(4):
            x = x + F.embedding(at[..., i], tables[i]) * known[:, i : i + 1]
        mask = causal_mask(T, P, tokens.device)
        new = []
        for i, layer in enumerate(self.layers):
            x, kv = layer(x, past_kv[i], (memory[f'k{i}'], memory[f'v{i}']), mask)
            new.append(kv)
        x = self.norm_out(x)

        overlap = self.overlap(context, memory['box']) * (known_count == 4)[:, None]
        last = F.pad(past_coverage, (0, 0, 1, 0))[:, -1:].amax(1, keepdim=True)
        covered = torch.maximum(overlap.cummax(1).values, last)  # best IoU of each box with what is read
        before = torch.cat([last, covered[:, :-1]], 1)
        apart = (context[..., None] - memory['box'][:, None]).abs() * memory['unit'][:, None]
        apart = (apart * known[..., None]).sum(2)
        pointer = self.point(x, apart, overlap, before, known_count, memory)
        rows = torch.cat([*new, covered, value[..., None]], -1)
        return Look(known_count, x, pointer, before, rows)

    def splat(self, box: Tensor) -> Tensor:
        """A bell of mass 1 over the bins [..., bins] at each coordinate of `box`."""
        apart = (torch.arange(self.vocabulary.bins, device=box.device) - box[..., None]) / SPREAD
        return torch.exp(-0.5 * apart * apart) / self.splat_mass(box)[..., None]

    def splat_mass(self, box: Tensor) -> Tensor:
        """Sum over the bins of a bell at each coordinate of `box`; less where the picture's edge cuts it off."""
        edges = torch.stack([-0.5 - box, self.vocabulary.bins - 0.5 - box]) / SPREAD
        low, high = torch.special.ndtr(edges)
        return SPREAD * math.sqrt(2 * math.pi) * (high - low)

    def sharpened(self, pointer: Tensor) -> Tensor:
        """The pointer where coordinates are copied."""
        if self.options.sharpness == 1.0:
            return pointer
        sharp = pointer**self.options.sharpness
        return sharp / sharp.sum(-1, keepdim=True)

    def z_end(self, look: 'Look', memory: dict[str, Tensor]) -> Tensor:
        """Logit [B, T, 1] of the end against a further object; means something where none is begun."""
        unread = memory['rank'][:, None] - 4 * (look.before > 0.45).float()
        return self.end(look.x) - self.for_open * (unread.amax(-1, keepdim=True) + 1.2)

    def classes(self, x: Tensor, pointer: Tensor, before: Tensor, memory: dict[str, Tensor]) -> Tensor:
        """Log-probabilities [B, T, 1 + classes] of noise and of each class."""
        again = (pointer * before).sum(-1, keepdim=True)
        # two factors: what a box is worth must not shift how much of it may be told already
        keep = self.keep(x).sigmoid() * (self.for_repeats[0] - self.for_repeats[1] * again).sigmoid()
        seen = pointer @ memory['prob']
        seen = keep * seen / seen.sum(-1, keepdim=True).clamp(min=1.0)
        return torch.cat([1 - seen.sum(-1, keepdim=True), seen], -1).clamp(min=1e-9).log()

    def lay_out(self, end: Tensor, classes: Tensor, bins: Tensor) -> Tensor:
        v = self.vocabulary
        gap = lambda x, count: F.pad(x, (0, count), value=IMPOSSIBLE)
        noise, classes = classes.split([1, v.num_classes], -1)
        end, noise = gap(end, v.noise - v.eos - 1), gap(noise, v.class_base - v.noise - 1)
        classes = gap(classes, v.coordinate_base - v.class_base - v.num_classes)
        return torch.cat([end, noise, classes, bins], -1)

    def overlap(self, context: Tensor, box: Tensor) -> Tensor:
        """IoU [B, T, K] of the object read at each row with each box; only rows of whole objects mean anything."""
        low, high = context[..., None].chunk(2, 2)
        box_low, box_high = box[:, None].chunk(2, 2)
        shared = (torch.minimum(high, box_high) - torch.maximum(low, box_low)).relu().prod(2)
        either = (high - low).relu().prod(2) + (box_high - box_low).prod(2)
        return shared / (either - shared + 1e-3)

    def point(self, x, apart, overlap, before, known_count, memory) -> Tensor:
        """Which box is being read: [B, T, K], sums to 1."""
        apart = (apart * apart + 1).sqrt().clamp(max=FAR)
        factor = lambda of: of[known_count][:, None]
        score = self.query(x) @ memory['key'] / 8 - factor(self.for_distance) * apart
        score = score + factor(self.for_rank) * memory['rank'][:, None] + self.for_overlap * overlap
        return (score - factor(self.for_coverage) * before * before).softmax(-1)
