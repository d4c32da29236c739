"""Where the copying decoder looks, as a picture: an output for people."""
import numpy as np

from graphs.graph_builder import GraphBuilder

GRID = 26  # cells across and down


def draw_attention(g: GraphBuilder, pointer: str, bins: int) -> None:
    """Adds the output `attention` [B, T, GRID, GRID], whose maps sum to 1: the pointer [B, T, K], each box's
    share laid over the box as a bell of half its size."""
    op, const, unsqueeze = g.op, g.constant, g.unsqueeze
    sides = g.split(op('Mul', 'memory.box', const(GRID / (bins - 1))), [1] * 4, axis=1)  # cells
    centres = const(np.arange(GRID) + 0.5)

    def bell(low: str, high: str) -> str:
        low, high = (op('Transpose', side, perm=[0, 2, 1]) for side in (low, high))  # [B, K, 1]
        middle = op('Mul', op('Add', low, high), const(0.5))
        size = op('Max', op('Mul', op('Sub', high, low), const(0.25)), const(0.5))
        away = op('Div', op('Sub', centres, middle), size)
        bell = op('Exp', op('Mul', op('Mul', away, away), const(-0.5)))  # [B, K, GRID]
        return op('Div', bell, op('Add', op('ReduceSum', bell, g.whole([2])), const(1e-6)))

    ymin, xmin, ymax, xmax = sides
    down = unsqueeze(op('Transpose', bell(ymin, ymax), perm=[0, 2, 1]), 1)  # [B, 1, GRID, K]
    across = unsqueeze(bell(xmin, xmax), 1)  # [B, 1, K, GRID]
    op('MatMul', op('Mul', unsqueeze(pointer, 2), down), across, names=['attention'])
