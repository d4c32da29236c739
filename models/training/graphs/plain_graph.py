"""The plain decoder as a graph written by hand, see `graphs/decoder_graph.py`."""
from pathlib import Path

from torch import Tensor

from graphs.decoder_graph import DecoderGraph
from networks.plain import PlainDecoder


def build(decoder: PlainDecoder, memory: dict[str, Tensor], path: Path) -> None:
    """Writes the graph; its results are those of `decoder`.

    memory: what `decoder.memory` gives of any picture"""
    graph = DecoderGraph(decoder)
    op, g, D, V = graph.g.op, graph.g, decoder.options.width, decoder.vocabulary.size
    table = g.constant(graph.weights['of_token'])
    # behind the longest sequence learnt there is nothing to look up
    at = op('Min', graph.at, g.whole(decoder.options.max_tokens - 1))
    positions = op('Gather', g.constant(graph.weights['of_position']), at)
    x = g.reshape(op('Add', op('Gather', table, 'tokens'), positions), -1, D)
    past = g.split('past', [2 * D] * decoder.options.num_layers, axis=2)
    mask, new = graph.mask(), []
    for i, rows in enumerate([past] if isinstance(past, str) else past):
        x, kv, _ = graph.layer(i, x, rows, mask)
        new.append(kv)
    logits = op('Gemm', graph.norm(x, 'norm_out'), table, g.constant(graph.weights['bias_out']), transB=1)
    op('Reshape', logits, op('Concat', graph.B, graph.T, g.whole([V]), axis=0), names=['logits'])
    op('Concat', *new, names=['rows'], axis=2)
    graph.save(path, memory, [])
