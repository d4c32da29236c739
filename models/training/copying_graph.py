"""The copying decoder as a graph written by hand, with the attention on request, see `decoder_graph.py`.

Shapes besides: K boxes of memory, G = T / 5 objects at most that a call completes. A row's slot is the number
of coordinates that are known of its object, 0 to 4."""
from pathlib import Path

import numpy as np
from onnx import TensorProto
from torch import Tensor

from attention_graph import GRID, draw_attention
from copying import FAR, IMPOSSIBLE, CopyingDecoder
from decoder_graph import DecoderGraph

ALL = 2**62  # an end of a slice


def build(decoder: CopyingDecoder, memory: dict[str, Tensor], path: Path, with_attention: bool) -> None:
    """Writes the graph. Its results are those of `decoder`; the output `attention` tells besides where each
    row looked.

    memory: what `decoder.memory` gives of any picture"""
    graph = CopyingGraph(decoder)
    looks, pointer = graph.call()
    others = []
    if with_attention:
        draw_attention(graph.g, looks, pointer, decoder.vocabulary.bins)
        others = [('attention', TensorProto.FLOAT, ['B', 'T', GRID, GRID])]
    graph.save(path, memory, others)


class CopyingGraph(DecoderGraph):
    """One call, part by part; the words are those of `CopyingDecoder`, as are methods where they can be."""

    def call(self) -> tuple[list[str], str]:
        """Adds everything. Returns where it looks: each layer's [B, H, T, K], and the pointer [B, T, K]."""
        op, g, options = self.g.op, self.g, self.options
        parts = [2 * options.width] * options.num_layers + [options.num_boxes, 1]
        *past_kv, past_coverage, past_value = g.split('past', parts, axis=2)
        base = g.constant(self.vocabulary.coordinate_base)
        value = g.unsqueeze(op('Sub', op('Cast', 'tokens', to=TensorProto.FLOAT), base), 2)  # [B, T, 1] bins
        self.places()
        history = op('Concat', past_value, value, axis=1)  # [B, P + T, 1]
        context = op('GatherND', history, self.context_at, batch_dims=1)  # [B, T, 4, 1]
        x, mask, new, looks = self.embedding(context), self.mask(), [], []
        for i, past in enumerate(past_kv):
            x, kv, look = self.layer(i, x, past, mask)
            new.append(kv)
            looks.append(look)
        query, keep, end = self.read_outs(x)
        overlap = self.overlap(context)
        covered, before = self.coverage(overlap, past_coverage)
        pointer = self.point(query, context, overlap, before)
        z_end = self.z_end(end, before)
        l_end = op('Neg', op('Softplus', op('Neg', z_end)))
        not_end = op('Mul', self.is_first, op('Softplus', z_end))
        l_bins = op('Sub', self.coordinate_bins(pointer), not_end)
        self.lay_out(l_end, self.classes(pointer, before, keep), l_bins)
        op('Concat', *new, covered, value, names=['rows'], axis=2)
        return looks, pointer

    def places(self) -> None:
        """What the slots of the rows mean, looked up in tables of five lines; and the boxes beside rows."""
        op, g, whole = self.g.op, self.g, self.g.whole
        slot, coordinate, bins = np.arange(5), np.arange(4), self.vocabulary.bins
        back = np.maximum(slot[:, None] - 1 - coordinate, 0)  # rows since the coordinate
        known = coordinate < slot[:, None]
        # where the embedding of each coordinate lies in the table: its plane, or a row behind the planes
        place = np.where(known, coordinate * bins, 4 * bins)
        place[:4, 3] += 1 + slot[:4]
        fours = np.concatenate([known, place, np.eye(5, 4)], 1)
        factors = [self.weights[name] for name in ('for_distance', 'for_rank', 'for_coverage')]
        ones = np.stack([slot == 0, slot == 4, *factors], 1)

        self.slot = op('Mod', self.at, whole(5))  # [B, T]
        back = op('Gather', whole(back[..., None]), self.slot)
        self.context_at = op('Sub', g.unsqueeze(self.column, 1, 2), back)  # [B, T, 4, 1]
        fours = op('Gather', g.constant(fours[..., None]), self.slot)
        self.known, self.place, self.is_slot = g.split(fours, [4] * 3, axis=2)  # [B, T, 4, 1]
        ones = op('Gather', g.constant(ones), self.slot)
        self.is_first, self.is_class, *self.factors = g.split(ones, [1] * 5, axis=2)  # [B, T, 1]
        self.box = g.unsqueeze('memory.box', 1)  # [B, 1, 4, K]
        self.rank = g.unsqueeze('memory.rank', 1)  # [B, 1, K]

    def embedding(self, context: str) -> str:
        """[B, T, 4, 1] -> [N, D], the sum of four rows of a table: a row for each bin of each coordinate,
        one for nothing, one for the slots 0 to 3, which leave the fourth coordinate free; what slot 4 adds
        lies in the fourth coordinate's rows, which no other slot knows."""
        op, g, const = self.g.op, self.g, self.g.constant
        bins, D = self.vocabulary.bins, self.options.width
        of_slot = self.weights['of_known']
        # all of this is folded when the graph is opened
        unit = np.arange(bins, dtype=np.float32) / np.float32(bins - 1)
        angle = op('Mul', const(unit[:, None]), const(self.decoder.frequencies.numpy()))
        waves = op('Concat', op('Sin', angle), op('Cos', angle), axis=1)  # [bins, 2 F]
        planes = op('MatMul', waves, const(self.weights['of_coordinate']))  # [4, bins, D]
        planes = op('Add', planes, const(np.stack([*np.zeros((3, 1, D)), of_slot[4:]])))
        table = op('Concat', g.reshape(planes, -1, D), const(np.stack([np.zeros(D), *of_slot[:4]])), axis=0)
        at = op('Mul', op('Clip', context, const(0), const(bins - 1)), self.known)
        rows = op('Gather', table, op('Cast', op('Add', at, self.place), to=TensorProto.INT64))
        return g.reshape(op('ReduceSum', rows, g.whole([2, 3]), keepdims=0), -1, D)

    def read_outs(self, x: str) -> list[str]:
        """[N, D] -> query [B, T, 64], keep and end [B, T, 1]"""
        names = ['query', 'keep', 'end']
        sizes = [self.weights[f'{name}.bias'].size for name in names]
        scale = np.repeat([1 / 8, 1, 1], sizes)
        read = self.linear(self.norm(x, 'norm_out'), names, scale)
        return self.g.split(self.g.reshape(read, self.B, self.T, sum(sizes)), sizes, axis=2)

    def overlap(self, context: str) -> str:
        """IoU [B, T, K] of the object read at each row with each box, 0 where none is whole."""
        op, g = self.g.op, self.g
        (low, high), (box_low, box_high) = (g.split(x, [2, 2], axis=2) for x in (context, self.box))
        area = lambda sides: op('Mul', *g.split(sides, [1, 1], axis=2))
        shared = area(op('Relu', op('Sub', op('Min', high, box_high), op('Max', low, box_low))))
        either = op('Add', area(op('Relu', op('Sub', high, low))), area(op('Sub', box_high, box_low)))
        iou = op('Div', shared, op('Add', op('Sub', either, shared), g.constant(1e-3)))  # [B, T, 1, K]
        return op('Mul', op('Squeeze', iou, g.whole([2])), self.is_class)

    def coverage(self, overlap: str, past: str) -> tuple[str, str]:
        """The best overlap of each box up to each row and before it, [B, T, K] both. One row in five has
        any, so that the maxima are over those of an object G, not over all rows."""
        op, g, whole = self.g.op, self.g, self.g.whole
        # rows in which an object is whole; those behind the call's last row never count
        whole_at = op('Mod', op('Sub', whole(4), self.position), whole(5))
        whole_at = op('Add', whole_at, op('Range', whole(0), self.num_new, whole(5)))  # [B, G]
        inside = op('Min', g.unsqueeze(whole_at, 2), op('Sub', self.num_new, whole(1)))
        overlap = g.unsqueeze(op('GatherND', overlap, inside, batch_dims=1), 1)  # [B, 1, G, K]
        is_told = op('LessOrEqual', g.unsqueeze(whole_at, 1, 3), g.unsqueeze(self.row, 1, 2))  # [B, T, G, 1]
        here = op('ReduceMax', op('Where', is_told, overlap, g.constant(0)), whole([2]), keepdims=0)
        last = op('Slice', past, whole([-1]), whole([ALL]), whole([1]))
        # zero before the first token, when there is no past
        last = op('ReduceMax', op('Pad', last, whole([0, 1, 0, 0, 0, 0])), whole([1]))  # [B, 1, K]
        covered = op('Max', here, last)
        before = op('Slice', op('Concat', last, covered, axis=1), whole([0]), whole([-1]), whole([1]))
        return covered, before

    def point(self, query: str, context: str, overlap: str, before: str) -> str:
        """Which box is being read: [B, T, K], sums to 1."""
        op, g, const = self.g.op, self.g, self.g.constant
        for_distance, for_rank, for_coverage = self.factors
        apart = op('Mul', op('Abs', op('Sub', context, self.box)), g.unsqueeze('memory.unit', 1))
        apart = op('ReduceSum', op('Mul', apart, self.known), g.whole([2]), keepdims=0)  # [B, T, K]
        apart = op('Min', op('Sqrt', op('Add', op('Mul', apart, apart), const(1))), const(FAR))
        score = op('Sub', op('MatMul', query, 'memory.key'), op('Mul', for_distance, apart))
        score = op('Add', score, op('Mul', for_rank, self.rank))
        score = op('Add', score, op('Mul', overlap, const(self.weights['for_overlap'])))
        score = op('Sub', score, op('Mul', for_coverage, op('Mul', before, before)))
        return op('Softmax', score, axis=-1)

    def coordinate_bins(self, pointer: str) -> str:
        """Log-probabilities [B, T, bins], given that a coordinate follows."""
        op, g = self.g.op, self.g
        K, bins = self.options.num_boxes, self.vocabulary.bins
        by_slot = op('Mul', g.unsqueeze(self.sharpened(pointer), 2), self.is_slot)  # [B, T, 4, K]
        by_slot = g.reshape(by_slot, self.B, self.T, 4 * K)
        copied = op('MatMul', by_slot, g.reshape('memory.splat', self.B, 4 * K, bins))
        return op('Log', op('Add', copied, g.constant(1e-9)))

    def sharpened(self, pointer: str) -> str:
        op, g = self.g.op, self.g
        if self.options.sharpness == 1.0:
            return pointer
        sharp = op('Pow', pointer, g.constant(self.options.sharpness))
        return op('Div', sharp, op('ReduceSum', sharp, g.whole([2])))

    def z_end(self, end: str, before: str) -> str:
        """Logit [B, T, 1] of the end against a further object."""
        op, g, const = self.g.op, self.g, self.g.constant
        told = op('Where', op('Greater', before, const(0.45)), const(4), const(0))
        most = op('ReduceMax', op('Sub', self.rank, told), g.whole([2]))
        return op('Sub', end, op('Mul', op('Add', most, const(1.2)), const(self.weights['for_open'])))

    def classes(self, pointer: str, before: str, keep: str) -> str:
        """Log-probabilities of noise and classes [B, T, 1 + classes]."""
        op, g, const = self.g.op, self.g, self.g.constant
        again = op('ReduceSum', op('Mul', pointer, before), g.whole([2]))
        keep = op('Sub', keep, op('Mul', again, const(self.weights['for_repeats'])))
        seen = op('MatMul', pointer, 'memory.prob')
        total = op('ReduceSum', seen, g.whole([2]))
        share = op('Div', op('Sigmoid', keep), op('Max', total, const(1)))
        noise = op('Sub', const(1), op('Mul', share, total))
        likely = op('Concat', noise, op('Mul', share, seen), axis=2)
        return op('Log', op('Max', likely, const(1e-9)))

    def lay_out(self, end: str, classes: str, bins: str) -> None:
        """Brings what may stand in each slot to its place in the vocabulary; the rest is impossible."""
        op, g, v = self.g.op, self.g, self.vocabulary
        impossible = g.constant(IMPOSSIBLE)
        slot = np.arange(5)
        stands = g.constant(np.stack([slot == 0, slot == 4, slot < 4], 1), bool)
        stands = g.split(op('Gather', stands, self.slot), [1, 1, 1], axis=2)  # [B, T, 1]
        end, classes, bins = (op('Where', *of, impossible) for of in zip(stands, (end, classes, bins)))
        noise, classes = g.split(classes, [1, v.num_classes], axis=2)
        gap = lambda x, count: op('Pad', x, g.whole([0, 0, 0, 0, 0, count]), impossible)
        end, noise = gap(end, v.noise - v.eos - 1), gap(noise, v.class_base - v.noise - 1)
        classes = gap(classes, v.coordinate_base - v.class_base - v.num_classes)
        op('Concat', end, noise, classes, bins, names=['logits'], axis=2)
