"""What the decoders' graphs have in common, and the layers of `layers.DecoderLayer` for the plain one, written
by hand. A call of one token is mostly the dispatch of small operations, so that their number is what it costs.

Shapes: B pictures, T tokens a call, P tokens before, D width, H heads of width W, N = B T rows, C cache
width, V vocabulary. `position` counts the tokens before of each picture; a shorter past lies right-aligned
in P rows, behind padding."""
from pathlib import Path

import numpy as np
from onnx import TensorProto
from torch import Tensor, nn

from graphs.graph_builder import GraphBuilder

MASKED = -1e9  # added to an attention score


class DecoderGraph:
    """One call of a decoder. Methods add nodes and give names of tensors."""

    def __init__(self, decoder: nn.Module):
        self.g = GraphBuilder()
        self.decoder, self.options, self.vocabulary = decoder, decoder.options, decoder.vocabulary
        self.weights = {name: x.detach().numpy() for name, x in decoder.named_parameters()}
        op, whole = self.g.op, self.g.whole
        self.B, self.T = (op('Shape', 'tokens', start=i, end=i + 1) for i in (0, 1))
        self.P = op('Shape', 'past', start=1, end=2)
        self.num_new = op('Squeeze', self.T)
        self.num_all = op('Add', op('Squeeze', self.P), self.num_new)
        self.row = op('Range', whole(0), self.num_new, whole(1))  # [T]
        self.column = op('Add', self.row, self.P)  # [T], of the row in the cache
        self.position = self.g.unsqueeze('position', 1)  # [B, 1]
        self.at = op('Add', self.position, self.row)  # [B, T], of the row in its sequence

    def save(self, path: Path, memory: dict[str, Tensor], others: list[tuple]) -> None:
        """Writes the graph. Weights lie in the file as float16 where they are float16 numbers.

        memory: what the decoder's `memory` gives of any picture
        others: outputs besides `logits` and `rows`, each name, element type, shape"""
        C, V = self.decoder.cache_width, self.vocabulary.size
        inputs = [('tokens', TensorProto.INT64, ['B', 'T']), ('position', TensorProto.INT64, ['B'])]
        inputs.append(('past', TensorProto.FLOAT, ['B', 'P', C]))
        inputs += [(f'memory.{name}', TensorProto.FLOAT, ['B', *x.shape[1:]]) for name, x in memory.items()]
        outputs = [('logits', TensorProto.FLOAT, ['B', 'T', V]), ('rows', TensorProto.FLOAT, ['B', 'T', C])]
        self.g.save(path, inputs, outputs + others)

    def mask(self) -> str:
        """[B, 1, T, P + T], for the scores: a row looks at itself and what came before, not at padding."""
        op, g = self.g.op, self.g
        column = op('Range', g.whole(0), self.num_all, g.whole(1))
        later = op('Greater', column, g.unsqueeze(self.column, 1))  # [T, P + T]
        padding = g.unsqueeze(op('Less', column, op('Sub', self.P, self.position)), 1)  # [B, 1, P + T]
        return g.unsqueeze(op('Where', op('Or', later, padding), g.constant(MASKED), g.constant(0)), 1)

    def layer(self, i: int, x: str, past: str, mask: str) -> tuple[str, str, str]:
        """
        :param x: [N, D]     :param past: [B, P, 2 D] keys and values of the tokens before
        :returns: x, the new keys and values side by side [B, T, 2 D], and where it looks [B, H, T, S]
        """
        op, g, D, H = self.g.op, self.g, self.options.width, self.options.num_heads
        name, down = f'layers.{i}', self.decoder.layers[i].scale
        parts = self.linear(self.norm(x, f'{name}.norm_self'), f'{name}.self_in', np.repeat([down, 1, 1], D))
        q, kv = g.split(parts, [D, 2 * D], axis=1)
        kv = g.reshape(kv, self.B, self.T, 2 * D)
        kept = g.reshape(op('Concat', past, kv, axis=1), self.B, -1, 2 * H, D // H)
        keys, values = g.split(kept, [H, H], axis=2)  # [B, P + T, H, W]
        keys = op('Transpose', keys, perm=[0, 2, 3, 1])
        values = op('Transpose', values, perm=[0, 2, 1, 3])
        scores = op('MatMul', self.heads(q), keys)
        weights = op('Softmax', op('Add', scores, mask), axis=-1)
        x = op('Add', x, self.linear(self.joined(op('MatMul', weights, values)), f'{name}.self_out'))
        q = self.linear(self.norm(x, f'{name}.norm_cross'), f'{name}.cross_query', down)
        look = op('Softmax', op('MatMul', self.heads(q), f'memory.k{i}'), axis=-1)
        x = op('Add', x, self.linear(self.joined(op('MatMul', look, f'memory.v{i}')), f'{name}.cross_out'))
        hidden = op('Gelu', self.linear(self.norm(x, f'{name}.norm_feed'), f'{name}.feed_in'))
        return op('Add', x, self.linear(hidden, f'{name}.feed_out')), kv, look

    def norm(self, x: str, name: str) -> str:
        scale, bias = (self.g.constant(self.weights[f'{name}.{part}']) for part in ('weight', 'bias'))
        eps = self.decoder.get_submodule(name).eps
        return self.g.op('LayerNormalization', x, scale, bias, axis=-1, epsilon=eps)

    def linear(self, x: str, names: str | list[str], scale: float | np.ndarray = 1.0) -> str:
        """A linear layer of [N, D], or several side by side in one product, times `scale`: one number, or
        one for each output."""
        names = [names] if isinstance(names, str) else names
        part = lambda kind: np.concatenate([self.weights[f'{name}.{kind}'] for name in names])
        tensors = [self.g.constant(part('weight').T), self.g.constant(part('bias'))]
        if np.any(scale != 1.0):  # folded when the graph is opened, so that the file keeps float16 weights
            tensors = [self.g.op('Mul', x, self.g.constant(scale)) for x in tensors]
        return self.g.op('Gemm', x, *tensors)

    def heads(self, x: str) -> str:
        """[N, D] -> [B, H, T, W]"""
        D, H = self.options.width, self.options.num_heads
        return self.g.op('Transpose', self.g.reshape(x, self.B, self.T, H, D // H), perm=[0, 2, 1, 3])

    def joined(self, x: str) -> str:
        """[B, H, T, W] -> [N, D]"""
        return self.g.reshape(self.g.op('Transpose', x, perm=[0, 2, 1, 3]), -1, self.options.width)
