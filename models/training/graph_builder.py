"""A small builder of ONNX graphs: constants are shared, weights lie in the file as float16 behind a
Cast (onnxruntime folds it at load), and every operation is one call that gives its output's name."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20


class GraphBuilder:
    def __init__(self):
        self.nodes, self.initializers, self._names = [], [], {}

    def op(self, kind, *inputs, outputs=1, names=None, **attributes):
        """Adds a node. Returns its output's name, or a list where there are several."""
        names = names or [f'{kind.lower()}_{len(self.nodes)}_{i}' for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=names[0], **attributes))
        return names[0] if len(names) == 1 else names

    def constant(self, values, dtype=np.float32):
        values = np.asarray(values, dtype)
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self._names:
            name = f'constant_{len(self._names)}'
            half = values.astype(np.float16) if values.dtype == np.float32 and values.size > 256 else values
            if half.dtype != values.dtype and np.array_equal(half.astype(np.float32), values):
                self.initializers.append(numpy_helper.from_array(half, f'{name}_half'))
                self.op('Cast', f'{name}_half', names=[name], to=TensorProto.FLOAT)
            else:
                self.initializers.append(numpy_helper.from_array(values, name))
            self._names[key] = name
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
        parts = [self.whole([dim]) if isinstance(dim, int) else dim for dim in dims]
        return self.op('Reshape', x, self.op('Concat', *parts, axis=0))

    def save(self, path, inputs, outputs):
        """inputs and outputs: (name, element type, shape)."""
        info = lambda specs: [helper.make_tensor_value_info(*spec) for spec in specs]
        graph = helper.make_graph(self.nodes, 'pix2seq', info(inputs), info(outputs), self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', OPSET)], ir_version=9)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)


def weights_of(path):
    """The float32 weights of a graph by name; those stored as float16 under the name behind their Cast."""
    tensors = onnx.load(path).graph.initializer
    return {t.name.removesuffix('_h'): numpy_helper.to_array(t).astype(np.float32) for t in tensors}
