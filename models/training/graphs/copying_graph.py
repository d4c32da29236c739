"""The copying decoder as a graph written by hand, with the attention on request, see `graphs/decoder_graph.py`.

Shapes besides: K boxes of memory, G = T / 5 objects at most that a call completes. A row's slot is the number
of coordinates that are known of its object, 0 to 4."""
from pathlib import Path

import numpy as np
from onnx import TensorProto
from torch import Tensor

from graphs.attention_graph import GRID, draw_attention
from networks.copying import FAR, IMPOSSIBLE, TOLD, CopyingDecoder
from graphs.decoder_graph import DecoderGraph
from networks.pointer import FOR_COVERAGE, FOR_DISTANCE, FOR_OVERLAP, FOR_RANK

ALL = 2**62  # an end of a slice


def build(decoder: CopyingDecoder, memory: dict[str, Tensor], path: Path, with_attention: bool) -> None:
    """Writes the graph. Its results are those of `decoder`; the output `attention` tells besides where each
    row looked.

    memory: what `decoder.memory` gives of any picture"""
    graph = CopyingGraph(decoder)
    pointer = graph.call()
    others = []
    if with_attention:
        draw_attention(graph.g, pointer, decoder.vocabulary.bins)
        others = [('attention', TensorProto.FLOAT, ['B', 'T', GRID, GRID])]
    graph.save(path, memory, others)


class CopyingGraph(DecoderGraph):
    """One call, part by part; the words are those of `CopyingDecoder`, as are methods where they can be."""

    def call(self) -> str:
        """Adds everything. Returns where it looks: the pointer [B, T, K]."""
        op, g = self.g.op, self.g
        past_coverage, past_value = g.split('past', [self.options.num_boxes, 1], axis=2)
        base = g.constant(self.vocabulary.coordinate_base)
        value = g.unsqueeze(op('Sub', op('Cast', 'tokens', to=TensorProto.FLOAT), base), 2)  # [B, T, 1] bins
        self.places()
        history = op('Concat', past_value, value, axis=1)  # [B, P + T, 1]
        context = op('GatherND', history, self.context_at, batch_dims=1)  # [B, T, 4, 1]
        overlap = self.overlap(context)
        covered, before = self.coverage(overlap, past_coverage)
        pointer = self.point(context, overlap, before)
        z_end = self.z_end(before)
        l_end = op('Neg', op('Softplus', op('Neg', z_end)))
        not_end = op('Mul', self.is_first, op('Softplus', z_end))
        l_bins = op('Sub', self.coordinate_bins(pointer), not_end)
        self.lay_out(l_end, self.classes(pointer, before), l_bins)
        op('Concat', covered, value, names=['rows'], axis=2)
        return pointer

    def places(self) -> None:
        """What the slots of the rows mean, looked up in tables of five lines; and the boxes beside rows."""
        op, g, whole = self.g.op, self.g, self.g.whole
        slot, coordinate = np.arange(5), np.arange(4)
        back = np.maximum(slot[:, None] - 1 - coordinate, 0)  # rows since the coordinate
        fours = np.concatenate([coordinate < slot[:, None], np.eye(5, 4)], 1)
        ones = np.stack([slot == 0, slot == 4, FOR_DISTANCE, FOR_RANK, FOR_COVERAGE], 1)

        self.slot = op('Mod', self.at, whole(5))  # [B, T]
        back = op('Gather', whole(back[..., None]), self.slot)
        self.context_at = op('Sub', g.unsqueeze(self.column, 1, 2), back)  # [B, T, 4, 1]
        fours = op('Gather', g.constant(fours[..., None]), self.slot)
        self.known, self.is_slot = g.split(fours, [4, 4], axis=2)  # [B, T, 4, 1]
        ones = op('Gather', g.constant(ones), self.slot)
        self.is_first, self.is_class, *self.factors = g.split(ones, [1] * 5, axis=2)  # [B, T, 1]
        self.box = g.unsqueeze('memory.box', 1)  # [B, 1, 4, K]
        self.rank = g.unsqueeze('memory.rank', 1)  # [B, 1, K]

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

    def point(self, context: str, overlap: str, before: str) -> str:
        """Which box is being read: [B, T, K], sums to 1."""
        op, g, const = self.g.op, self.g, self.g.constant
        for_distance, for_rank, for_coverage = self.factors
        apart = op('Mul', op('Abs', op('Sub', context, self.box)), g.unsqueeze('memory.unit', 1))
        apart = op('ReduceSum', op('Mul', apart, self.known), g.whole([2]), keepdims=0)  # [B, T, K]
        apart = op('Min', op('Sqrt', op('Add', op('Mul', apart, apart), const(1))), const(FAR))
        score = op('Sub', op('Mul', for_rank, self.rank), op('Mul', for_distance, apart))
        score = op('Add', score, op('Mul', overlap, const(FOR_OVERLAP)))
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
        sharp = op('Pow', pointer, g.constant(self.options.sharpness))
        return op('Div', sharp, op('ReduceSum', sharp, g.whole([2])))

    def z_end(self, before: str) -> str:
        """Logit [B, T, 1] of the end against a further object."""
        op, g, const = self.g.op, self.g, self.g.constant
        scale, shift = self.weights['for_end']
        told = op('Where', op('Greater', before, const(TOLD)), const(4), const(0))
        most = op('ReduceMax', op('Sub', self.rank, told), g.whole([2]))
        return op('Mul', op('Add', most, const(shift)), const(-scale))

    def classes(self, pointer: str, before: str) -> str:
        """Log-probabilities of noise and classes [B, T, 1 + classes]."""
        op, g, const = self.g.op, self.g, self.g.constant
        scale, shift = self.weights['for_repeats']
        again = op('ReduceSum', op('Mul', pointer, before), g.whole([2]))
        keep = op('Sub', const(shift), op('Mul', again, const(scale)))
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
