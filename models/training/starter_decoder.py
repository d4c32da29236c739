"""The starter's decoder as a graph written by hand: the mathematics and the weights of the graph that
PyTorch exported, in half the nodes, for any batch, with the attention on request. A call of one token
is mostly the dispatch of small operations, so that their number is what it costs.

Shapes: B sources, T tokens a call, P tokens before, K = 96 boxes of memory, D = 192, N = B T rows."""
import numpy as np
from onnx import TensorProto

from graph_builder import GraphBuilder

LAYERS, HEADS, WIDTH, D, K, BINS = 2, 6, 32, 192, 96, 500
CACHE = LAYERS * 2 * D + K + 1  # keys and values, coverage of the boxes, the token's coordinate
GRID = 26  # cells across and down of an attention picture
IMPOSSIBLE = -30.0
MEMORY = (
    [(f'memory.k{layer}', [HEADS, WIDTH, K]) for layer in range(LAYERS)]
    + [(f'memory.v{layer}', [HEADS, K, WIDTH]) for layer in range(LAYERS)]
    + [('memory.key', [64, K]), ('memory.box', [4, K]), ('memory.prob', [K, 80])]
    + [('memory.rank', [K]), ('memory.splat', [4, K, BINS])]
)
# names that PyTorch's exporter gave to the transposed weights
TABLE = [1186, 1189, 1192, 1195]
LAYER = [(1203, 1210, 1211, 1214, 1215, 1216), (1221, 1228, 1229, 1232, 1233, 1234)]


def build(weights, path, with_attention):
    g = GraphBuilder()
    op, const, whole, unsqueeze, reshape = g.op, g.constant, g.whole, g.unsqueeze, g.reshape
    w = lambda number: weights[f'onnx::MatMul_{number}']
    as_float = lambda x: op('Cast', x, to=TensorProto.FLOAT)

    B, T = (op('Shape', 'tokens', start=i, end=i + 1) for i in (0, 1))
    P = op('Shape', 'past', start=1, end=2)
    numT, numP, numB = (op('Squeeze', dim) for dim in (T, P, B))
    numAll = op('Add', numP, numT)
    row = op('Range', whole(0), numT, whole(1))  # [T]
    position = unsqueeze('position', 1)  # [B, 1]
    known_count = unsqueeze(op('Mod', op('Add', position, row), whole(5)), 2)  # [B, T, 1] of the object's coordinates
    is_first, is_class = (op('Equal', known_count, whole(n)) for n in (0, 4))

    # the coordinates known of the object that a row belongs to
    value = op('Sub', as_float('tokens'), const(1000.0))  # [B, T] bins
    *past_kv, past_coverage, past_value = g.split('past', [D] * 4 + [K, 1], axis=2)
    history = op('Concat', op('Squeeze', past_value, whole([2])), value, axis=1)
    history = reshape(op('Pad', history, whole([0, 3, 0, 0])), -1)  # B times 3 + P + T
    begin = op('Mul', op('Range', whole(0), numB, whole(1)), op('Add', numAll, whole(3)))
    here = op('Add', unsqueeze(op('Add', row, op('Add', numP, whole(3))), 1), unsqueeze(begin, 1, 2))
    back = op('Max', op('Sub', known_count, whole([1, 2, 3, 4])), whole(0))
    context = op('Gather', history, op('Sub', here, back))  # [B, T, 4]
    known = op('Less', whole([0, 1, 2, 3]), known_count)  # [B, T, 4]

    # embedding: one row of a table a known coordinate, one for their number
    coordinates = [op('MatMul', const(weights['p.tab']), const(w(n))) for n in TABLE]
    table = op('Concat', *coordinates, const(np.zeros((1, D))), const(weights['p.slot']), axis=0)
    bins = op('Clip', op('Cast', context, to=TensorProto.INT64), whole(0), whole(BINS - 1))
    bins = op('Where', known, op('Add', bins, whole(np.arange(4) * BINS)), whole(4 * BINS))
    picked = op('Concat', bins, op('Add', known_count, whole(4 * BINS + 1)), axis=2)
    x = reshape(op('ReduceSum', op('Gather', table, picked), whole([2]), keepdims=0), -1, D)  # [N, D]

    # a row looks at itself and what came before, not at the padding in front of a shorter past
    column = op('Range', whole(0), numAll, whole(1))
    later = op('Greater', column, unsqueeze(op('Add', row, numP), 1))  # [T, P + T]
    padding = unsqueeze(op('Less', column, op('Sub', numP, position)), 1)  # [B, 1, P + T]
    mask = unsqueeze(op('Where', op('Or', later, padding), const(-1e9), const(0.0)), 1)

    def norm(x, name):
        scale, bias = (const(weights[f'{name}.{part}']) for part in ('weight', 'bias'))
        return op('LayerNormalization', x, scale, bias, axis=-1, epsilon=1e-5)

    def linear(x, weight, bias, scale=None):
        parts = [const(weight), const(bias)]
        if scale is not None:  # folded at load, so that the weights stay float16 in the file
            parts = [op('Mul', part, const(scale)) for part in parts]
        return op('Gemm', x, *parts)

    def heads(x):
        return op('Transpose', reshape(x, B, -1, HEADS, WIDTH), perm=[0, 2, 1, 3])

    def joined(x):
        return reshape(op('Transpose', x, perm=[0, 2, 1, 3]), -1, D)

    new_kv, looks = [], []
    down = np.float32(WIDTH**-0.5)
    for layer, (qkv, out1, query, out2, up, out3) in enumerate(LAYER):
        name = f'p.layers.{layer}'
        bias = lambda part: weights[f'{name}.{part}.bias']
        scale = np.repeat(np.float32([down, 1, 1]), D)
        q, k, v = g.split(linear(norm(x, f'{name}.n1'), w(qkv), bias('qkv'), scale), [D] * 3, axis=1)
        kv = [reshape(part, B, T, D) for part in (k, v)]
        new_kv += kv
        keys, values = (op('Concat', old, new, axis=1) for old, new in zip(past_kv[2 * layer :], kv))
        keys = op('Transpose', reshape(keys, B, -1, HEADS, WIDTH), perm=[0, 2, 3, 1])
        attention = op('Softmax', op('Add', op('MatMul', heads(q, ), keys), mask), axis=-1)
        x = op('Add', x, linear(joined(op('MatMul', attention, heads(values))), w(out1), bias('o1')))
        q = heads(linear(norm(x, f'{name}.n2'), w(query), bias('q'), down))
        look = op('Softmax', op('MatMul', q, f'memory.k{layer}'), axis=-1)  # [B, HEADS, T, K]
        looks.append(look)
        x = op('Add', x, linear(joined(op('MatMul', look, f'memory.v{layer}')), w(out2), bias('o2')))
        hidden = op('Gelu', linear(norm(x, f'{name}.n3'), w(up), bias('f1')))
        x = op('Add', x, linear(hidden, w(out3), bias('f2')))

    # all read-outs in one product: pointer, gate, coordinates, noise, classes, end
    x = norm(x, 'p.out')
    end_bias = weights['onnx::Add_1265']
    end_weight = weights['onnx::Mul_1266']
    pieces = [op('Mul', const(w(1247)), const(0.125))] + [const(w(n)) for n in (1252, 1256, 1259)]
    read_out = op('Concat', *pieces, const(w(1264)[:, None]), axis=1)
    bias = [weights['p.qp.bias'] / 8, weights['p.g.bias'], weights['onnx::Add_1257'], weights['onnx::Add_1260'].copy()]
    bias[3][1:] += weights['onnx::Add_1263']
    bias = np.concatenate(bias + [np.reshape(2 * end_bias - end_weight * np.float32(1.2), 1)])
    read = reshape(op('Gemm', x, read_out, const(bias)), B, T, 647)
    query, gate, z_bins, z_noise, z_class, z_end = g.split(read, [64, 1, BINS, 1, 80, 1], axis=2)

    # how well each box agrees with what is known; one plane a coordinate, so that inner loops are long
    plane = lambda x: unsqueeze(op('Transpose', x, perm=[0, 2, 1]), 3)
    point, box = plane(context), unsqueeze('memory.box', 2)  # [B, 4, T, 1], [B, 4, 1, K]
    apart = op('Mul', op('Abs', op('Sub', point, box)), plane(as_float(known)))
    apart = op('ReduceSum', apart, whole([1]), keepdims=0)  # [B, T, K]
    apart = op('Min', op('Sqrt', op('Add', op('Mul', apart, apart), const(1.0))), const(120.0))
    (low_point, high_point), (low_box, high_box) = (g.split(x, [2, 2], axis=1) for x in (point, box))
    area = lambda sides: op('Mul', *g.split(sides, [1, 1], axis=1))
    shared = area(op('Relu', op('Sub', op('Min', high_point, high_box), op('Max', low_point, low_box))))
    either = op('Add', area(op('Relu', op('Sub', high_point, low_point))), area(op('Sub', high_box, low_box)))
    iou = op('Div', shared, op('Add', op('Sub', either, shared), const(1e-3)))
    iou = op('Mul', op('Squeeze', iou, whole([1])), as_float(is_class))  # [B, T, K], whole objects only

    # coverage: how well each box is told already; one object in five rows, hence their maxima first
    num_groups = op('Add', op('Div', numT, whole(5)), whole(1))
    missing = unsqueeze(op('Sub', op('Mul', num_groups, whole(5)), numT), 0)
    fill = op('Concat', whole([0, 0, 0, 0]), missing, whole([0]), axis=0)
    by_object = op('ReduceMax', reshape(op('Pad', iou, fill), B, -1, 5, K), whole([2]), keepdims=0)  # [B, G, K]
    told_at = op('Mod', op('Sub', whole(4), position), whole(5))
    told_at = op('Add', op('Mul', op('Range', whole(0), num_groups, whole(1)), whole(5)), told_at)  # [B, G]
    is_told = as_float(op('LessOrEqual', unsqueeze(told_at, 1), unsqueeze(row, 1)))  # [B, T, G]
    here = op('ReduceMax', op('Mul', unsqueeze(by_object, 1), unsqueeze(is_told, 3)), whole([2]), keepdims=0)
    last = op('Pad', op('Slice', past_coverage, whole([-1]), whole([2**62]), whole([1])), whole([0, 1, 0, 0, 0, 0]))
    last = op('ReduceMax', last, whole([1]))  # [B, 1, K], zero before the first token
    covered = op('Max', here, last)
    before = op('Slice', op('Concat', last, covered, axis=1), whole([0]), whole([-1]), whole([1]))

    # the pointer to the boxes, and the coordinates that it copies
    factors = np.stack([weights['p.lam'], weights['p.pri'], weights['p.kap']], 1)
    factors = op('Gather', const(factors), op('Squeeze', known_count, whole([2])))
    for_distance, for_rank, for_coverage = g.split(factors, [1, 1, 1], axis=2)
    rank = unsqueeze('memory.rank', 1)
    pointer = op('Sub', op('MatMul', query, 'memory.key'), op('Mul', for_distance, apart))
    worth = op('Sub', op('Mul', for_rank, rank), op('Mul', for_coverage, op('Mul', before, before)))
    pointer = op('Softmax', op('Add', pointer, worth), axis=-1)  # [B, T, K]
    which = unsqueeze(op('Gather', const(np.eye(5, 4)), op('Squeeze', known_count, whole([2]))), 3)
    spread = reshape(op('Mul', unsqueeze(pointer, 2), which), B, T, 4 * K)
    copied = op('MatMul', spread, reshape('memory.splat', B, 4 * K, BINS))
    own = op('Softmax', z_bins, axis=-1)
    bins = op('Add', own, op('Mul', op('Sigmoid', gate), op('Sub', copied, own)))

    open_boxes = op('Sub', rank, op('Mul', as_float(op('Greater', before, const(0.45))), const(4.0)))
    z_end = op('Sub', z_end, op('Mul', const(end_weight), op('ReduceMax', open_boxes, whole([2]))))
    l_end = op('Where', is_first, op('Neg', op('Softplus', op('Neg', z_end))), const(IMPOSSIBLE))
    l_bins = op('Log', op('Add', bins, const(1e-9)))
    l_bins = op('Sub', l_bins, op('Mul', as_float(is_first), op('Softplus', z_end)))
    l_bins = op('Where', is_class, const(IMPOSSIBLE), l_bins)
    again = op('ReduceSum', op('Mul', pointer, before), whole([2]))
    z_noise = op('Add', z_noise, op('Mul', const(weights['p.wd']), again))
    seen = op('Log', op('Add', op('MatMul', pointer, 'memory.prob'), const(0.003)))
    z_class = op('Add', z_class, op('Mul', const(weights['onnx::Mul_1261']), seen))
    l_class = op('LogSoftmax', op('Concat', z_noise, z_class, axis=2), axis=-1)
    l_noise, l_class = g.split(op('Where', is_class, l_class, const(IMPOSSIBLE)), [1, 80], axis=2)
    gap = lambda x, length: op('Pad', x, whole([0, 0, 0, 0, 0, length]), const(IMPOSSIBLE))
    op('Concat', gap(l_end, 29), gap(l_noise, 69), gap(l_class, 820), l_bins, names=['logits'], axis=2)
    op('Concat', *new_kv, covered, unsqueeze(value, 2), names=['rows'], axis=2)

    outputs = [('logits', TensorProto.FLOAT, ['B', 'T', 1500]), ('rows', TensorProto.FLOAT, ['B', 'T', CACHE])]
    if with_attention:
        draw_attention(g, looks, pointer)
        outputs.append(('attention', TensorProto.FLOAT, ['B', 'T', GRID, GRID]))
    inputs = [('tokens', TensorProto.INT64, ['B', 'T']), ('position', TensorProto.INT64, ['B'])]
    inputs.append(('past', TensorProto.FLOAT, ['B', 'P', CACHE]))
    inputs += [(name, TensorProto.FLOAT, ['B', *shape]) for name, shape in MEMORY]
    g.save(path, inputs, outputs)


def draw_attention(g, looks, pointer):
    """The cross-attention of each row over the picture: the mean of the layers' heads and of the
    pointer, each box's share laid over the box as a bell of half its size."""
    op, const, unsqueeze = g.op, g.constant, g.unsqueeze
    heads = [op('ReduceMean', look, g.whole([1]), keepdims=0) for look in looks]
    share = op('Mul', op('Add', op('Add', *heads), pointer), const(1 / 3))  # [B, T, K]
    sides = g.split(op('Mul', 'memory.box', const(GRID / (BINS - 1))), [1] * 4, axis=1)  # cells
    centres = const(np.arange(GRID) + 0.5)

    def bell(low, high):
        low, high = (op('Transpose', side, perm=[0, 2, 1]) for side in (low, high))  # [B, K, 1]
        middle = op('Mul', op('Add', low, high), const(0.5))
        size = op('Max', op('Mul', op('Sub', high, low), const(0.25)), const(0.5))
        away = op('Div', op('Sub', centres, middle), size)
        bell = op('Exp', op('Mul', op('Mul', away, away), const(-0.5)))  # [B, K, GRID]
        return op('Div', bell, op('Add', op('ReduceSum', bell, g.whole([2])), const(1e-6)))

    ymin, xmin, ymax, xmax = sides
    down = unsqueeze(op('Transpose', bell(ymin, ymax), perm=[0, 2, 1]), 1)  # [B, 1, GRID, K]
    across = unsqueeze(bell(xmin, xmax), 1)  # [B, 1, K, GRID]
    op('MatMul', op('Mul', unsqueeze(share, 2), down), across, names=['attention'])
