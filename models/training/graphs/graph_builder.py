"""A small builder of ONNX graphs: constants are shared, weights lie in the file as float16 behind a
Cast (onnxruntime folds it at load), and every operation is one call that gives its output's name."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
LEAST_HALVED = 256  # numbers; a smaller tensor is not worth a Cast


class GraphBuilder:
    def __init__(self):
        self.nodes, self.initializers, self._names, self._shapes = [], [], {}, {}

    def op(self, kind, *inputs, outputs=1, names=None, **attributes):
        """Adds a node. Returns its output's name, or a list where there are several."""
        names = names or [f'{kind.lower()}_{len(self.nodes)}_{i}' for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=names[0], **attributes))
        return names[0] if len(names) == 1 else names

    def constant(self, values, dtype=np.float32):
        values = np.asarray(values, dtype)
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self._names:
            self._names[key] = f'constant_{len(self._names)}'
            self.initializers.append(numpy_helper.from_array(values, self._names[key]))
        return self._names[key]

    def whole(self, values):
        return self.constant(values, np.int64)

    def split(self, x, sizes, axis):
        return self.op('Split', x, self.whole(sizes), outputs=len(sizes), axis=axis)

    def unsqueeze(self, x, *axes):
        return self.op('Unsqueeze', x, self.whole(axes))

    def reshape(self, x, *dims):
        """Each of dims is a number or the name of a tensor [1]."""
        if all(isinstance(dim, int) for dim in dims):
            return self.op('Reshape', x, self.whole(dims))
        if dims not in self._shapes:
            parts = [self.whole([dim]) if isinstance(dim, int) else dim for dim in dims]
            self._shapes[dims] = self.op('Concat', *parts, axis=0)
        return self.op('Reshape', x, self._shapes[dims])

    def save(self, path, inputs, outputs):
        """inputs and outputs: (name, element type, shape)."""
        info = lambda specs: [helper.make_tensor_value_info(*spec) for spec in specs]
        graph = helper.make_graph(self.nodes, 'pix2seq', info(inputs), info(outputs), self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', OPSET)], ir_version=9)
        store_as_half(model)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)


def store_as_half(model):
    """Stores those weights of a graph as float16 behind a Cast that are float16 numbers already. They are
    computed with as float32: CPUs have no faster float16."""
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= LEAST_HALVED:
            continue
        with np.errstate(over='ignore'):
            half = values.astype(np.float16)
        if np.array_equal(half.astype(np.float32), values):
            name, stored = tensor.name, f'{tensor.name}_half'
            tensor.CopyFrom(numpy_helper.from_array(half, stored))
            casts.append(helper.make_node('Cast', [stored], [name], f'{name}_cast', to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
