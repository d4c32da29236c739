import tempfile
import unittest
from pathlib import Path

import numpy as np

import recipe  # noqa: F401

try:
    import onnx
    import onnxruntime  # noqa: F401
    import torch
except ImportError as error:
    raise unittest.SkipTest(f'{error.name} is not installed') from None

from networks.copying import CopyingDecoder, CopyingOptions
from graphs.copying_graph import build
from graphs.half import as_half_
from parity import open_graph
from sequences.vocabulary import Vocabulary

CONFIGURATIONS = [
    (Vocabulary(bins=50, num_classes=7), CopyingOptions(num_boxes=11)),
    (Vocabulary(bins=31, num_classes=80), CopyingOptions(num_boxes=5, sharpness=2.0)),
    (Vocabulary(bins=20, num_classes=2), CopyingOptions(num_boxes=8, sharpness=1.0)),
]
TOLERANCE = dict(rtol=0, atol=2e-4)  # log-probabilities, of which those of the least likely are least exact


def random_decoder(vocabulary, options):
    """With other numbers than it starts with, and float16 ones, as the graph has them."""
    decoder = CopyingDecoder(vocabulary, options).eval().requires_grad_(False)
    for parameter in decoder.parameters():
        parameter += 0.1 * torch.randn_like(parameter)
    return as_half_(decoder)


def random_memory(decoder, batch):
    K, classes = decoder.options.num_boxes, decoder.vocabulary.num_classes
    low = torch.rand(batch, K, 2) * 0.7
    boxes = torch.cat([low, low + 0.05 + torch.rand(batch, K, 2) * 0.25], -1)
    return decoder.memory(torch.randn(batch, K, classes) - 1, boxes)


def random_tokens(decoder, memory, count):
    """Prompts, then objects whose coordinates are near the boxes of memory, so that some are told twice.
    int64 [B, count]"""
    vocabulary, box = decoder.vocabulary, memory['box']
    batch, _, K = box.shape
    which = torch.randint(0, K, (batch, 1, count // 5 + 1)).expand(-1, 4, -1)
    read = (box.gather(2, which) + torch.randn(which.shape)).round().clamp(0, vocabulary.bins - 1).long()
    coordinates = vocabulary.coordinate_base + read.transpose(1, 2)  # [B, objects, 4]
    noise = torch.full((batch, which.shape[2], 1), vocabulary.noise)
    prompt = torch.full((batch, 1), vocabulary.prompt)
    return torch.cat([prompt, torch.cat([coordinates, noise], 2).flatten(1)], 1)[:, :count]


def all_at_once(decoder, memory, tokens):
    return decoder(tokens, torch.zeros(len(tokens), 0, decoder.cache_width), memory)[:2]


class Copying(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)

    def test_reads_the_same_row_by_row_as_all_at_once(self):
        for vocabulary, options in CONFIGURATIONS:
            with self.subTest(options=options):
                decoder = random_decoder(vocabulary, options)
                memory = random_memory(decoder, 2)
                tokens = random_tokens(decoder, memory, 23)
                logits, rows = all_at_once(decoder, memory, tokens)

                for at in range(23):
                    one, row = decoder(tokens[:, at : at + 1], rows[:, :at], memory)[:2]

                    torch.testing.assert_close(one[:, 0], logits[:, at], **TOLERANCE)
                    torch.testing.assert_close(row[:, 0], rows[:, at], **TOLERANCE)

    def test_probabilities_sum_to_one_in_every_row(self):
        for vocabulary, options in CONFIGURATIONS:
            with self.subTest(options=options):
                decoder = random_decoder(vocabulary, options)
                memory = random_memory(decoder, 2)

                logits, _ = all_at_once(decoder, memory, random_tokens(decoder, memory, 23))

                total = logits.exp().sum(-1)
                # what is copied lies on bins only in part where a box is at the picture's edge
                torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=0.02)


class Graph(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / 'decoder.onnx'

    def open(self, decoder, memory, with_attention=False):
        build(decoder, memory, self.path, with_attention)
        graph = open_graph(self.path)
        fixed = {f'memory.{name}': x.contiguous().numpy() for name, x in memory.items()}

        def run(tokens, past, position):
            feeds = {'tokens': tokens.numpy(), 'past': past.contiguous().numpy(), **fixed}
            return graph.run(None, {**feeds, 'position': np.array(position)})

        return run

    def test_gives_what_the_decoder_gives(self):
        for vocabulary, options in CONFIGURATIONS:
            decoder = random_decoder(vocabulary, options)
            memory = random_memory(decoder, 2)
            run = self.open(decoder, memory)
            tokens = random_tokens(decoder, memory, 38)
            logits, rows = (x.numpy() for x in all_at_once(decoder, memory, tokens))
            for begin, end in ((0, 1), (0, 38), (0, 2), (7, 8), (9, 11), (4, 38), (37, 38), (5, 6)):
                with self.subTest(options=options, begin=begin, end=end):
                    got = run(tokens[:, begin:end], torch.from_numpy(rows[:, :begin]), [begin, begin])

                    np.testing.assert_allclose(got[0], logits[:, begin:end], **TOLERANCE)
                    np.testing.assert_allclose(got[1], rows[:, begin:end], **TOLERANCE)

    def test_reads_pictures_side_by_side_whose_pasts_differ_in_length(self):
        vocabulary, options = CONFIGURATIONS[0]
        decoder = random_decoder(vocabulary, options)
        memory = random_memory(decoder, 4)
        run = self.open(decoder, memory)
        tokens = random_tokens(decoder, memory, 38)
        logits, rows = all_at_once(decoder, memory, tokens)
        for positions in ([0, 3, 14, 20], [19, 1, 4, 9], [6, 0, 5, 2]):
            for count in (1, 2, 18):
                with self.subTest(positions=positions, count=count):
                    most = max(positions)
                    pad = lambda x: torch.cat([torch.zeros(most - len(x), x.shape[1]), x])
                    past = torch.stack([pad(x[:p]) for x, p in zip(rows, positions)])
                    fed = torch.stack([x[p : p + count] for x, p in zip(tokens, positions)])

                    got = run(fed, past, positions)

                    for of, p in enumerate(positions):
                        np.testing.assert_allclose(got[0][of], logits[of, p : p + count].numpy(), **TOLERANCE)
                        np.testing.assert_allclose(got[1][of], rows[of, p : p + count].numpy(), **TOLERANCE)

    def test_tells_where_it_looks_and_gives_the_same_besides(self):
        decoder = random_decoder(*CONFIGURATIONS[0])
        memory = random_memory(decoder, 2)
        tokens, past = random_tokens(decoder, memory, 11), torch.zeros(2, 0, decoder.cache_width)
        plain = self.open(decoder, memory)(tokens, past, [0, 0])

        *same, attention = self.open(decoder, memory, with_attention=True)(tokens, past, [0, 0])

        for one, other in zip(plain, same):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
        np.testing.assert_allclose(attention.sum((2, 3)), 1, atol=1e-4)
        self.assertGreaterEqual(attention.min(), 0)

    def test_stores_its_weights_as_float16(self):
        decoder = random_decoder(*CONFIGURATIONS[0])
        self.open(decoder, random_memory(decoder, 1))

        stored = onnx.load(self.path).graph.initializer
        large = [x for x in stored if np.prod(x.dims) > 256 and x.data_type == onnx.TensorProto.FLOAT]

        self.assertEqual([x.name for x in large], [])


if __name__ == '__main__':
    unittest.main()
