import contextlib
import io
import json
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np

from recipe import ROOT

try:
    import onnx
    import onnxruntime  # noqa: F401
    import onnxscript  # noqa: F401
    import torch
    from PIL import Image
except ImportError as error:
    raise unittest.SkipTest(f'{error.name} is not installed') from None

from networks.backbones import ResNet, ResNetOptions, TransformerOptions
from networks.copying import CopyingDecoder, CopyingOptions
from export import Eye, parser, write_model
from graphs.half import as_half_, fold_norms_
from networks.nanodet import NanoDet
from parity import compare, open_graph
from networks.plain import PlainDecoder, PlainOptions
from graphs.plain_graph import build
from networks.proposals import Proposals
from quantise import quantise
from small_nanodet import write_small_nanodet
from sequences.vocabulary import Vocabulary

SIZE = 96
LABELS = [[i + 1, f'label {i + 1}'] for i in range(80)]
CONFIG = {'image_size': SIZE, 'max_objects': 24, 'class_input': 'noise', 'labels': LABELS}
OPTIONS = CopyingOptions(num_boxes=12)


def pictures(count, rng):
    """Patches of colour, so that no two cells are alike: uint8 [count, S, S, 3]"""
    small = rng.integers(0, 256, (count, 24, 24, 3), np.uint8)
    return np.stack([Image.fromarray(x).resize((SIZE, SIZE), Image.Resampling.BICUBIC) for x in small])


def memory_of(graph, images):
    names = [output.name.removeprefix('memory.') for output in graph.get_outputs()]
    return dict(zip(names, graph.run(None, {'image': images})))


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder, rng = Path(folder.name), np.random.default_rng(0)
        cls.images = pictures(3, rng)
        torch.manual_seed(0)
        write_small_nanodet(cls.folder / 'nanodet.json', rng)
        encoder = Proposals(NanoDet(cls.folder / 'nanodet.json', SIZE), OPTIONS.num_boxes)
        decoder = CopyingDecoder(Vocabulary(bins=60), OPTIONS)
        with torch.no_grad():
            for parameter in decoder.parameters():
                parameter += 0.1 * torch.randn_like(parameter)  # so that no part of it is without effect
        cls.eye = as_half_(Eye(encoder, decoder).eval().requires_grad_(False))
        cls.model = cls.folder / 'model'
        metrics = cls.folder / 'metrics.json'
        metrics.write_text('{"AP": 0.5}')
        flags = ['run', str(cls.model), '--name', 'small', '--eos-offset', '2', '--metrics', str(metrics)]
        with contextlib.redirect_stdout(io.StringIO()):
            write_model(cls.eye, CONFIG, parser().parse_args(flags))

    def test_encoder_gives_what_pytorch_gives_for_any_number_of_pictures(self):
        graph = open_graph(self.model / 'encoder.onnx')
        for count in (1, 3):
            with self.subTest(count=count):
                wanted = self.eye(torch.from_numpy(self.images[:count]))

                got = memory_of(graph, self.images[:count])

                boxes = got.pop('proposals')
                np.testing.assert_array_equal(boxes, got['box'].transpose(0, 2, 1))
                self.assertEqual(list(got), list(wanted))
                for name, x in wanted.items():
                    np.testing.assert_allclose(got[name], x.numpy(), rtol=1e-4, atol=1e-4, err_msg=name)

    def test_files_tell_nothing_of_the_machine_that_wrote_them(self):
        for path in self.model.glob('*.onnx'):
            self.assertNotIn(str(ROOT).encode(), path.read_bytes())

    def test_encoder_stores_its_weights_as_float16(self):
        stored = onnx.load(self.model / 'encoder.onnx').graph.initializer
        halves = sum(np.prod(x.dims) for x in stored if x.data_type == onnx.TensorProto.FLOAT16)
        floats = sum(np.prod(x.dims) for x in stored if x.data_type == onnx.TensorProto.FLOAT)
        self.assertLess(floats, 0.1 * halves)

    def test_describes_itself_as_the_bundled_model_does(self):
        folders = self.model, ROOT / 'models' / 'nano'
        ours, bundled = (json.loads((folder / 'model.json').read_text()) for folder in folders)
        self.assertEqual(list(ours), list(bundled))
        for name in ('format', 'task'):
            self.assertEqual(ours[name], bundled[name])
        self.assertEqual(ours['sequence'], {**bundled['sequence'], 'maxObjectsTrained': 24})
        self.assertEqual(ours['image'], {**bundled['image'], 'size': SIZE})
        self.assertEqual(ours['vocabulary'], {**bundled['vocabulary'], 'size': 1060, 'bins': 60})
        self.assertEqual(ours['decode'], {'eosOffset': 2, 'noiseThreshold': 1, 'noisePatience': 1})
        self.assertEqual(ours['labels'][79], {'id': 80, 'name': 'label 80'})
        self.assertEqual(ours['cacheWidth'], self.eye.decoder.cache_width)

    def test_the_package_reads_what_pytorch_reads(self):
        if shutil.which('node') is None or not (ROOT / 'dist' / 'models' / 'index.js').exists():
            self.skipTest('no node, or the package is not built')
        with contextlib.redirect_stdout(io.StringIO()) as told:
            is_equal = compare(self.eye, self.model, self.images, 4)
        self.assertTrue(is_equal, told.getvalue())

    def test_int8_finds_nearly_the_same(self):
        paths = [self.folder / f'{i}.png' for i in range(len(self.images))]
        for path, image in zip(paths, self.images):
            Image.fromarray(image).save(path)
        target = self.folder / 'int8.onnx'

        quantise(self.model / 'encoder.onnx', target, paths, num_float=3)

        stored = onnx.load(target).graph.initializer
        self.assertEqual(sum(x.data_type == onnx.TensorProto.INT8 and len(x.dims) == 4 for x in stored), 30)
        graphs = (open_graph(path) for path in (self.model / 'encoder.onnx', target))
        float32, int8 = (memory_of(graph, self.images)['rank'].max(1) for graph in graphs)
        np.testing.assert_allclose(int8, float32, rtol=0, atol=0.2)


class Plain(unittest.TestCase):
    def test_graph_gives_what_the_decoder_gives(self):
        torch.manual_seed(0)
        options = PlainOptions(8, 16, 2, 2, 32, max_tokens=26)
        decoder = PlainDecoder(Vocabulary(bins=20, num_classes=3), options).eval().requires_grad_(False)
        for parameter in decoder.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
        as_half_(decoder)
        memory = decoder.memory([torch.randn(2, 3, 4, 8)])
        tokens, nothing = torch.randint(0, 1020, (2, 21)), torch.zeros(2, 0, decoder.cache_width)
        _, rows = decoder(tokens, nothing, memory)
        with tempfile.TemporaryDirectory() as folder:
            build(decoder, memory, Path(folder) / 'decoder.onnx')
            graph = open_graph(Path(folder) / 'decoder.onnx')
        fixed = {f'memory.{name}': x.contiguous().numpy() for name, x in memory.items()}
        for begin, end, position in ((0, 1, [0, 0]), (0, 21, [0, 0]), (7, 9, [7, 7]), (7, 21, [7, 3])):
            with self.subTest(begin=begin, end=end, position=position):
                now, past, position = tokens[:, begin:end], rows[:, :begin], torch.tensor(position)
                wanted = decoder(now, past, memory, position)

                fed = {'tokens': now, 'past': past.contiguous(), 'position': position}
                got = graph.run(None, {**{name: x.numpy() for name, x in fed.items()}, **fixed})

                for one, other in zip(got, wanted):
                    np.testing.assert_allclose(one, other.numpy(), rtol=0, atol=2e-5)


class Half(unittest.TestCase):
    def test_rounds_every_weight(self):
        layer = as_half_(torch.nn.Linear(3, 5))
        for x in layer.parameters():
            self.assertEqual(x.dtype, torch.float32)
            torch.testing.assert_close(x, x.half().float(), rtol=0, atol=0)

    def test_refuses_weights_that_float16_cannot_hold(self):
        layer = torch.nn.Linear(1, 1)
        torch.nn.init.constant_(layer.weight, 1e5)
        with self.assertRaisesRegex(ValueError, 'weight'):
            as_half_(layer)

    def test_folds_batch_norms_into_convolutions(self):
        torch.manual_seed(0)
        transformer = TransformerOptions(num_layers=1, width=16, hidden=16, num_heads=2)
        encoder = ResNet(ResNetOptions((1, 1), 8, transformer)).requires_grad_(False)
        image = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
        encoder(image)  # in training, so that the statistics are not those of a start
        wanted = encoder.eval()(image)['maps'][0]

        got = fold_norms_(encoder)(image)['maps'][0]

        self.assertFalse([part for part in encoder.modules() if isinstance(part, torch.nn.BatchNorm2d)])
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)


if __name__ == '__main__':
    unittest.main()
