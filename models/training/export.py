"""Step 3: writes a run as a model folder that the package opens: `encoder.onnx`, `decoder.onnx`,
`model.json`, and `attention.onnx` where the decoder can tell where it looks.

    python export.py RUN OUT --name NAME

`models/readme.md` has the contract. Weights are rounded to float16, which is how they lie in the files;
`parity.py` compares what the folder reads with what the rounded run reads."""
import argparse
import hashlib
import json
import warnings
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from graphs import copying_graph
from graphs import plain_graph
from networks.copying import CopyingDecoder
from graphs.graph_builder import OPSET, store_as_half
from graphs.half import as_half_, fold_norms_
from networks.nanodet import NanoDet
from data.placing import PAD
from networks.plain import PlainDecoder
from networks.proposals import Proposals
from trainer.runs import open_run


class Eye(nn.Module):
    """The encoder of a model folder: from a picture to all that the decoder wants of it."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """uint8 [B, S, S, 3] RGB -> the memory"""
        return self.decoder.memory(**self.encoder(image))


def open_eye(run: Path, encoder_weights: Path | None) -> tuple[Eye, dict]:
    """The model of a run as its files will have it, weights rounded, and its flags.

    encoder_weights: `nanodet.json`, of a run on stored views, which has no encoder of its own"""
    encoder, decoder, _, config = open_run(run)
    if encoder is None:
        if encoder_weights is None:
            raise ValueError(f'`{run}` was trained on stored views; name their encoder by --encoder-weights')
        encoder = Proposals(NanoDet(encoder_weights, config['image_size']), decoder.options.num_boxes)
    eye = Eye(encoder, decoder).eval().requires_grad_(False)
    return as_half_(fold_norms_(eye)), config


def write_encoder(eye: Eye, size: int, path: Path) -> dict[str, Tensor]:
    """Writes the graph for pictures of a size, any number of them. Returns the memory of grey ones."""
    grey = torch.full((2, size, size, 3), PAD, dtype=torch.uint8)
    with torch.no_grad():
        memory = eye(grey)
    with warnings.catch_warnings():
        # the exporter's own use of what PyTorch deprecates
        warnings.simplefilter('ignore')
        program = torch.onnx.export(
            eye,
            (grey,),
            input_names=['image'],
            output_names=[f'memory.{name}' for name in memory],
            dynamic_shapes=({0: torch.export.Dim('B')},),
            opset_version=OPSET,
            verbose=False,
        )
    model = program.model_proto
    if 'box' in memory:
        add_proposals(model, memory['box'].shape[2])
    forget_origin(model)
    store_as_half(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return memory


def add_proposals(model: onnx.ModelProto, count: int) -> None:
    """Gives out the boxes that a copying decoder chooses from as `proposals` [B, K, 4] too: the engine guesses
    with them."""
    graph = model.graph
    graph.node.append(helper.make_node('Transpose', ['memory.box'], ['proposals'], name='proposals', perm=[0, 2, 1]))
    graph.output.append(helper.make_tensor_value_info('proposals', TensorProto.FLOAT, ['B', count, 4]))


def forget_origin(model: onnx.ModelProto) -> None:
    """Takes out what the exporter tells of each node's way through this machine's files."""
    graph = model.graph
    del graph.value_info[:]
    for part in [model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer]:
        del part.metadata_props[:]
        part.ClearField('doc_string')


def write_decoder(decoder: nn.Module, memory: dict[str, Tensor], out: Path) -> list[Path]:
    """Writes the decoder's graphs into a folder. Returns their paths.

    memory: what its `memory` gives of any picture"""
    plain, with_attention = out / 'decoder.onnx', out / 'attention.onnx'
    with_attention.unlink(missing_ok=True)  # of a model that was here before
    if isinstance(decoder, PlainDecoder):
        plain_graph.build(decoder, memory, plain)
        return [plain]
    if isinstance(decoder, CopyingDecoder):
        copying_graph.build(decoder, memory, plain, with_attention=False)
        copying_graph.build(decoder, memory, with_attention, with_attention=True)
        return [plain, with_attention]
    raise TypeError(f'There is no graph for a {type(decoder).__name__}')


def describe(eye: Eye, config: dict, options: argparse.Namespace, graphs: list[Path]) -> dict:
    """`model.json`"""
    description = {
        'format': 1,
        'name': options.name,
        'task': 'detection',
        'image': {
            'size': config['image_size'],
            'channels': 'RGB',
            'fit': 'contain',
            'anchor': 'top-left',
            'pad': PAD,
        },
        'vocabulary': eye.decoder.vocabulary.as_json(),
        'sequence': {
            'box': 'ymin xmin ymax xmax',
            'classInput': 'noise',  # a run learns nothing from it, whatever its CLASS_INPUTS
            'maxObjectsTrained': config['max_objects'],
        },
        'cacheWidth': eye.decoder.cache_width,
        'decode': {
            'eosOffset': options.eos_offset,
            'noiseThreshold': options.noise_threshold,
            'noisePatience': options.noise_patience,
        },
        'labels': [{'id': id, 'name': name} for id, name in config['labels']],
        'files': {path.name: {'sha256': hashlib.sha256(path.read_bytes()).hexdigest()} for path in graphs},
        'license': options.license,
        'provenance': options.provenance,
    }
    if options.metrics is not None:
        description['metrics'] = json.loads(options.metrics.read_text(encoding='utf8'))
    return description


def write_model(eye: Eye, config: dict, options: argparse.Namespace) -> None:
    """Writes the folder `options.out`."""
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    memory = write_encoder(eye, config['image_size'], out / 'encoder.onnx')
    graphs = [out / 'encoder.onnx', *write_decoder(eye.decoder, memory, out)]
    text = json.dumps(describe(eye, config, options, graphs), indent=1, ensure_ascii=False) + '\n'
    (out / 'model.json').write_text(text, encoding='utf8')
    for path in graphs:
        print(f'{path}: {path.stat().st_size / 1e6:.1f} MB, {len(onnx.load(path).graph.node)} nodes')


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('run', type=Path, help='folder of a run of train.py')
    parser.add_argument('out', type=Path, help='folder of the model; files there are replaced')
    parser.add_argument('--name', required=True, help='shown to people')
    parser.add_argument('--encoder-weights', type=Path, help='nanodet.json, of a run on stored views')
    parser.add_argument('--eos-offset', type=float, default=0.0, help='taken off the end token (default 0)')
    parser.add_argument('--noise-threshold', type=float, default=1.0, help='0 to 1 (default 1: no rule)')
    parser.add_argument('--noise-patience', type=int, default=1, help='noise objects in a row (default 1)')
    parser.add_argument('--license', default='Apache-2.0')
    parser.add_argument('--provenance', default='', help='a sentence on encoder, decoder and their data')
    parser.add_argument('--metrics', type=Path, help='a file of JSON for `metrics`')
    return parser


if __name__ == '__main__':
    given = parser().parse_args()
    write_model(*open_eye(given.run, given.encoder_weights), given)
