"""Writes the starter's graphs anew from those that PyTorch exported: same weights, same results to
1e-5, memory by batch and laid out as the decoder multiplies it.

    python starter_graphs.py EXPORTED_DIR OUT_DIR
"""
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import starter_decoder
from graph_builder import weights_of


def write_encoder(source, target):
    """Changes the last nodes only: what is learned stays as it is."""
    model = onnx.load(source)
    graph = model.graph
    made_by = {output: node for node in graph.node for output in node.output}
    add = lambda kind, inputs, outputs, **attributes: graph.node.append(
        helper.make_node(kind, inputs, outputs, **attributes)
    )

    def parts_of(output):
        """The tensors that were stacked into an output; the stacking goes."""
        end = made_by[output]
        stack = made_by[end.input[0]] if end.op_type == 'Reshape' else end
        unsqueezes = [made_by[name] for name in stack.input]
        for node in [*unsqueezes, stack, *([] if end is stack else [end])]:
            graph.node.remove(node)
        return [node.input[0] for node in unsqueezes]

    def rename(old, new):
        for node in graph.node:
            node.input[:] = [new if name == old else name for name in node.input]
            node.output[:] = [new if name == old else name for name in node.output]

    graph.initializer.append(numpy_helper.from_array(np.array([1]), 'plane'))
    planes = parts_of('memory.splat')
    for i, part in enumerate(planes):
        add('Unsqueeze', [part, 'plane'], [f'splat_{i}'])
    add('Concat', [f'splat_{i}' for i in range(len(planes))], ['memory.splat'], axis=1)
    for layer, part in enumerate(parts_of('memory.k')):
        add('Transpose', [part], [f'memory.k{layer}'], perm=[0, 1, 3, 2])
    for layer, part in enumerate(parts_of('memory.v')):
        rename(part, f'memory.v{layer}')
    for name in ('memory.key', 'memory.box'):
        rename(name, f'{name}_rows')
        add('Transpose', [f'{name}_rows'], [name], perm=[0, 2, 1])
    del graph.output[:], graph.value_info[:]
    for name, shape in starter_decoder.MEMORY:
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *shape]))
    drop_unused(graph)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)


def drop_unused(graph):
    used = {name for node in graph.node for name in node.input}
    idle = [node for node in graph.node if node.op_type == 'Constant' and node.output[0] not in used]
    for node in idle:
        graph.node.remove(node)


if __name__ == '__main__':
    exported, out = map(Path, sys.argv[1:])
    write_encoder(exported / 'encoder.onnx', out / 'encoder.onnx')
    weights = weights_of(exported / 'decoder.onnx')
    starter_decoder.build(weights, out / 'decoder.onnx', with_attention=False)
    starter_decoder.build(weights, out / 'attention.onnx', with_attention=True)
