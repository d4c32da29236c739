"""Writes an encoder with its convolutions in int8: smaller, and faster where the CPU has instructions for it.

    python quantise.py MODEL/encoder.onnx OUT/encoder.onnx --calibration DIR

Static quantisation (QDQ): a scale for each channel of the weights, one for each tensor between; ranges are
those that the pictures of a folder reach. The rest of the graph stays float32, its weights float16 in the
file. `files` of `model.json` must be told the new SHA-256."""
import argparse
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from graphs.graph_builder import store_as_half
from parity import canvas_of, open_graph, pictures_of

# between convolutions: what stays int8 when its neighbours are
AMONG = ('Conv', 'LeakyRelu', 'Relu', 'MaxPool', 'Concat', 'Add')
RUNS = 7  # whose median is told


class Canvases(CalibrationDataReader):
    """The pictures of a folder, one by one."""

    def __init__(self, paths: list[Path], size: int):
        self.feeds = ({'image': canvas_of(path, size)[None]} for path in paths)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.feeds, None)


def restore_floats(model: onnx.ModelProto) -> None:
    """Undoes `store_as_half`: the quantiser knows weights only where nothing stands before them."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    casts = [node for node in model.graph.node if node.op_type == 'Cast' and node.input[0] in stored]
    for node in casts:
        tensor = stored[node.input[0]]
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, node.output[0]))
        model.graph.node.remove(node)


def pool_first(model: onnx.ModelProto) -> None:
    """Takes maxima in front of an activation instead of behind it: the same numbers, since it is monotone.
    onnxruntime else takes maxima of int8, which is slower than all that int8 saves there."""
    graph = model.graph
    made_by = {node.output[0]: node for node in graph.node}
    users = Counter(name for node in graph.node for name in node.input)
    for pool in [node for node in graph.node if node.op_type == 'MaxPool']:
        activation = made_by[pool.input[0]]
        if activation.op_type in ('LeakyRelu', 'Relu') and users[pool.input[0]] == 1:
            pooled, end = f'{pool.output[0]}_first', pool.output[0]
            pool.input[0], pool.output[0] = activation.input[0], pooled
            graph.node.remove(activation)
            activation.input[0], activation.output[0] = pooled, end
            graph.node.insert(list(graph.node).index(pool) + 1, activation)


def nodes_of(model: onnx.ModelProto, num_float: int) -> list[str]:
    """The nodes to quantise: of the kinds AMONG, from the second convolution on, all that lead to another.
    The last `num_float` convolutions, the read-outs, stay as they are; so does the stem, since onnxruntime
    else normalises the picture with its three channels innermost, which takes longer than the convolution."""
    nodes = list(model.graph.node)
    convolutions = [i for i, node in enumerate(nodes) if node.op_type == 'Conv']
    floats = convolutions[len(convolutions) - num_float :]
    wanted, names = {nodes[i].output[0] for i in convolutions}, []
    for i, node in reversed([*enumerate(nodes)][convolutions[1] :]):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            if node.op_type in AMONG and i not in floats:
                names.append(node.name)
    return names


def quantise(source: Path, target: Path, paths: list[Path], num_float: int) -> None:
    """Writes the encoder anew. paths: pictures, the more unlike each other the better"""
    model = onnx.load(source)
    size = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    restore_floats(model)
    pool_first(model)
    with tempfile.TemporaryDirectory() as folder:
        floats, ready, done = (Path(folder) / f'{name}.onnx' for name in ('floats', 'ready', 'done'))
        onnx.save(model, floats)
        quant_pre_process(floats, ready, skip_symbolic_shape=True)
        quantize_static(
            ready,
            done,
            Canvases(paths, size),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(AMONG),
            nodes_to_quantize=nodes_of(onnx.load(ready), num_float),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            reduce_range=True,  # 7 bits: AVX2 adds products in pairs in 16 bits, where 8 bits overflow
        )
        model = onnx.load(done)
    store_as_half(model)
    onnx.save(model, target)


def milliseconds(paths: list[Path]) -> list[float]:
    """The median time of each graph on one thread, run in turns so that a busy machine is fair to all."""
    graphs = [open_graph(path) for path in paths]
    shape = (1, *graphs[0].get_inputs()[0].shape[1:])
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    times = [[] for _ in graphs]
    for _ in range(RUNS + 1):
        for graph, taken in zip(graphs, times):
            start = time.perf_counter()
            graph.run(None, {'image': image})
            taken.append((time.perf_counter() - start) * 1e3)
    return [statistics.median(taken[1:]) for taken in times]  # the first run warms up


def main() -> None:
    as_it_is = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_it_is)
    parser.add_argument('encoder', type=Path, help='encoder.onnx of export.py')
    parser.add_argument('out', type=Path)
    parser.add_argument('--calibration', type=Path, required=True, help='folder of pictures')
    parser.add_argument('--pictures', type=int, default=64, help='of the folder')
    parser.add_argument('--float-last', type=int, default=3, help='convolutions at the end that stay float32')
    options = parser.parse_args()
    paths = pictures_of(options.calibration)[: options.pictures]
    quantise(options.encoder, options.out, paths, options.float_last)
    both = [options.encoder, options.out]
    for path, taken in zip(both, milliseconds(both)):
        print(f'{path}: {path.stat().st_size / 1e6:.1f} MB, {taken:.1f} ms a picture on one thread')


if __name__ == '__main__':
    main()
