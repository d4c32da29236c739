"""The decoder of Pix2seq as published. It learns from nothing where things are and how boxes are said, so
that it wants many pictures; the bundled model's is `networks/copying.py`.

Shapes: B pictures, T tokens a call, P tokens before, S positions of memory, D width, A heads, V vocabulary.
Source: Pix2seq section 2.2; google-research/pix2seq `models/ar_model.py` (`_encode_images`) and
`architectures/transformers.py` (`AutoregressiveDecoder`)."""
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from networks.layers import DecoderLayer, FeedForward, causal_mask, grid_positions, padding_mask, start_as_keras
from sequences.vocabulary import Vocabulary

EPS = 1e-6  # of every layer norm
EMBEDDING_SIGMA = 0.02


@dataclass(frozen=True)
class PlainOptions:
    """Sizes of the decoder. The defaults are those of the published model with ResNet-50."""

    feature_channels: int = 256  # of the encoder
    width: int = 256  # D
    num_layers: int = 6
    num_heads: int = 8
    hidden: int = 1024
    max_tokens: int = 512  # the prompt and five for each object
    dropout: float = 0.1
    drop_path: float = 0.1


class PlainDecoder(nn.Module):
    def __init__(self, vocabulary: Vocabulary, options: PlainOptions = PlainOptions()):
        super().__init__()
        self.vocabulary, self.options = vocabulary, options
        width, drop = options.width, {'dropout': options.dropout, 'drop_path': options.drop_path}
        # memory
        self.of_features = nn.Linear(options.feature_channels, width)
        self.norm_features = nn.LayerNorm(width, EPS)
        self.memory_feed = FeedForward(width, 4 * width, EPS, **drop)
        # tokens; their table is also the read-out
        self.of_token = nn.Parameter(torch.randn(vocabulary.size, width) * EMBEDDING_SIGMA)
        self.of_position = nn.Parameter(torch.randn(options.max_tokens, width) * EMBEDDING_SIGMA)
        self.layers = nn.ModuleList(
            DecoderLayer(width, options.num_heads, options.hidden, eps=EPS, **drop)
            for _ in range(options.num_layers)
        )
        self.norm_out = nn.LayerNorm(width, EPS)
        self.bias_out = nn.Parameter(torch.zeros(vocabulary.size))
        start_as_keras(self)

    @property
    def cache_width(self) -> int:
        """Keys and values of all layers."""
        return self.options.num_layers * 2 * self.options.width

    def memory(self, maps: list[Tensor]) -> dict[str, Tensor]:
        """
        Everything that the decoder wants of a picture, once.

        :param maps: feature maps [B, h, w, C] of one or more levels; S is the number of all their cells. Each
            level has the positions of its own grid, so that levels tell themselves apart by their features
        :returns: for each layer i, keys `k<i>` [B, A, D / A, S] and values `v<i>` [B, A, S, D / A]
        """
        levels = []
        for level in maps:
            positions = grid_positions(*level.shape[1:3], self.options.width, level.device)
            levels.append(self.norm_features(self.of_features(level.flatten(1, 2))) + positions)
        x = self.memory_feed(torch.cat(levels, 1))
        projected = {}
        for i, layer in enumerate(self.layers):
            projected[f'k{i}'], projected[f'v{i}'] = layer.cross(x)
        return projected

    def forward(
        self, tokens: Tensor, past: Tensor, memory: dict[str, Tensor], position: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """
        :param tokens: int64 [B, T], the prompt first of all
        :param past: [B, P, C] rows of the tokens before
        :param position: int64 [B] of the first of the tokens; of picture b only the last `position[b]` rows
            of `past` count. Default: P for all
        :returns: logits [B, T, V] of the token after each row, rows [B, T, C] for the cache
        """
        (batch, T), P = tokens.shape, past.shape[1]
        mask = causal_mask(T, P, tokens.device)
        if position is None:
            position = torch.full((batch,), P, device=tokens.device)
        else:
            mask = mask + padding_mask(T, P, position)
        at = position[:, None] + torch.arange(T, device=tokens.device)
        x = self.of_token[tokens] + self.of_position[at]
        new = []
        for i, (layer, rows) in enumerate(zip(self.layers, past.split(2 * self.options.width, -1))):
            x, kv = layer(x, rows, (memory[f'k{i}'], memory[f'v{i}']), mask)
            new.append(kv)
        return self.norm_out(x) @ self.of_token.T + self.bias_out, torch.cat(new, -1)
