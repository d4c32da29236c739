"""What the transformers of the recipe are made of: pre-norm layers, their masks, their positions.

Shapes: B pictures, T tokens a call, P tokens before, S positions of memory, D width, A heads.
Source: Pix2seq section 2.2; google-research/pix2seq `architectures/transformers.py`."""
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DropPath(nn.Module):
    """Leaves a residual branch out for a random share of the pictures, in training (arXiv:1603.09382)."""

    def __init__(self, probability: float):
        super().__init__()
        self.keep = 1 - probability

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.keep == 1:
            return x
        return x * torch.empty(len(x), 1, 1, device=x.device).bernoulli_(self.keep) / self.keep


class FeedForward(nn.Module):
    """x + MLP(LN(x)) of [B, T, D], with the exact (erf) GELU. Dropout is 0 to 1, of the hidden units."""

    def __init__(self, width: int, hidden: int, eps: float, dropout: float = 0.0, drop_path: float = 0.0):
        super().__init__()
        self.norm_feed = nn.LayerNorm(width, eps)
        self.feed_in, self.feed_out = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.dropout, self.drop_path = nn.Dropout(dropout), DropPath(drop_path)

    def feed(self, x: Tensor) -> Tensor:
        hidden = self.dropout(F.gelu(self.feed_in(self.norm_feed(x))))
        return x + self.drop_path(self.feed_out(hidden))

    forward = feed


class EncoderLayer(FeedForward):
    """A pre-norm layer of an image encoder: every position looks at all."""

    def __init__(
        self,
        width: int,
        num_heads: int,
        hidden: int,
        eps: float = 1e-5,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ):
        super().__init__(width, hidden, eps, dropout, drop_path)
        self.num_heads = num_heads
        self.norm_self = nn.LayerNorm(width, eps)
        self.self_in, self.self_out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def heads(self, x: Tensor) -> Tensor:
        """[B, T, D] -> [B, A, T, D / A]"""
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.self_in(self.norm_self(x)).chunk(3, -1)
        attended = F.scaled_dot_product_attention(*(self.heads(part) for part in parts))
        return self.feed(x + self.drop_path(self.self_out(attended.transpose(1, 2).flatten(2))))


class DecoderLayer(EncoderLayer):
    """A pre-norm layer of a decoder; the memory's keys and values are projected once a picture."""

    def __init__(self, width: int, num_heads: int, hidden: int, **options: float):
        super().__init__(width, num_heads, hidden, **options)
        self.scale = (width // num_heads) ** -0.5
        self.norm_cross = nn.LayerNorm(width, self.norm_self.eps)
        self.cross_query, self.cross_out = nn.Linear(width, width), nn.Linear(width, width)
        self.memory_in = nn.Linear(width, 2 * width)

    def cross(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Projects the memory [B, S, D] to keys [B, A, D / A, S] and values [B, A, S, D / A]."""
        key, value = (self.heads(part) for part in self.memory_in(memory).chunk(2, -1))
        return key.transpose(-1, -2), value

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        """
        :param query: [B, T, D]     :param key: [B, A, D / A, N]     :param value: [B, A, N, D / A]
        :param mask: added to the scores [B, A, T, N]
        :returns: [B, T, D]
        """
        weights = self.heads(query) * self.scale @ key
        weights = (weights if mask is None else weights + mask).softmax(-1)
        return (weights @ value).transpose(1, 2).flatten(2)

    def forward(self, x: Tensor, past: Tensor, cross: tuple[Tensor, Tensor], mask: Tensor):
        """
        :param x: [B, T, D]     :param past: [B, P, 2 D] keys and values of the tokens before
        :param cross: as `cross` gives it     :param mask: as `causal_mask` gives it
        :returns: x [B, T, D] and the new keys and values side by side [B, T, 2 D]
        """
        query, *new = self.self_in(self.norm_self(x)).chunk(3, -1)
        key, value = (self.heads(torch.cat(parts, 1)) for parts in zip(past.chunk(2, -1), new))
        attended = self.attend(query, key.transpose(-1, -2), value, mask)
        x = x + self.drop_path(self.self_out(attended))
        attended = self.attend(self.cross_query(self.norm_cross(x)), *cross, None)
        x = x + self.drop_path(self.cross_out(attended))
        return self.feed(x), torch.cat(new, -1)


def causal_mask(num_tokens: int, num_past: int, device: torch.device) -> Tensor:
    """[T, P + T], for the scores: a row sees itself and what came before it."""
    row, column = (torch.arange(count, device=device) for count in (num_tokens, num_past + num_tokens))
    return (column > num_past + row[:, None]).float() * -1e9


def padding_mask(num_tokens: int, num_past: int, position: Tensor) -> Tensor:
    """[B, 1, 1, P + T], for the scores: of the P rows before, only the last `position` (int64 [B]) count."""
    column = torch.arange(num_past + num_tokens, device=position.device)
    return (column < num_past - position[:, None]).float()[:, None, None] * -1e9


def grid_positions(height: int, width: int, channels: int, device: torch.device) -> Tensor:
    """Sines and cosines of the row, then of the column, of each cell of a map, row by row:
    [height * width, channels]; a map of any size spans one turn.

    Source: google-research/pix2seq `get_2d_position_codes`."""
    half = channels // 2
    k = torch.arange(half, device=device)
    slow = 10000.0 ** (2 * (k // 2) / half)

    def waves(count: int) -> Tensor:
        angle = torch.arange(count, device=device)[:, None] * (2 * math.pi / max(count - 1, 1)) / slow
        return torch.cat([angle[:, 0::2].sin(), angle[:, 1::2].cos()], 1)

    rows, columns = waves(height), waves(width)
    grid = (rows[:, None].expand(-1, width, -1), columns[None].expand(height, -1, -1))
    return torch.cat(grid, 2).flatten(0, 1)


def start_as_keras(module: nn.Module) -> None:
    """Random weights as the published code has them: Glorot's for dense layers, no bias."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            nn.init.zeros_(part.bias)
