import unittest

import numpy as np

import recipe  # noqa: F401

try:
    import torch
except ImportError:
    raise unittest.SkipTest('PyTorch is not installed') from None

from networks.backbones import decoder_options, open_encoder
from networks.layers import grid_positions
from networks.plain import PlainDecoder, PlainOptions
from sequences.vocabulary import Vocabulary

SMALL = PlainOptions(feature_channels=8, width=16, num_layers=2, num_heads=2, hidden=32, max_tokens=26)
VOCABULARY = Vocabulary(bins=20, num_classes=3)
OFFICIAL = Vocabulary(bins=2000)  # 3000 tokens, half of the coordinates unused
# of the published models: encoder with its transformer, then all
TOTALS = {'resnet50': (28_772_160, 36_587_768), 'vit': (85_648_128, 115_169_976)}
# of a map of 20 x 20 cells, 256 channels, as the published code has them
CHANNELS = [0, 1, 63, 64, 65, 127, 128, 129, 191, 192, 255]
GOLDEN = {
    (0, 0): [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1],
    (1, 0): [0.324699, 0.282471, 3.8e-5, 0.945817, 0.959276, 1, 0, 0, 0, 1, 1],
    (0, 1): [0, 0, 0, 1, 1, 1, 0.324699, 0.282471, 3.8e-5, 0.945817, 1],
    (7, 13): [
        *(0.735724, 0.90738, 0.000267, -0.677282, -0.420311, 1),
        *(-0.915773, -0.549033, 0.000496, -0.401695, 1),
    ],
}


class Plain(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.decoder = PlainDecoder(VOCABULARY, SMALL).eval().requires_grad_(False)
        for parameter in self.decoder.parameters():
            parameter += 0.1 * torch.randn_like(parameter)  # so that biases count
        self.memory = self.decoder.memory([torch.randn(2, 4, 3, 8), torch.randn(2, 2, 2, 8)])
        self.tokens = torch.randint(0, VOCABULARY.size, (2, 11))
        self.nothing = torch.zeros(2, 0, self.decoder.cache_width)

    def row_by_row(self, tokens, memory, past):
        logits = []
        for token in tokens.split(1, 1):
            ahead, rows = self.decoder(token, past, memory)
            logits.append(ahead)
            past = torch.cat([past, rows], 1)
        return torch.cat(logits, 1), past

    def test_gives_rows_one_by_one_as_at_once(self):
        at_once, rows = self.decoder(self.tokens, self.nothing, self.memory)
        logits, past = self.row_by_row(self.tokens, self.memory, self.nothing)
        self.assertEqual(tuple(at_once.shape), (2, 11, VOCABULARY.size))
        torch.testing.assert_close(logits, at_once, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(past, rows, atol=1e-5, rtol=1e-5)
        ahead, _ = self.decoder(self.tokens[:, 6:], past[:, :6], self.memory)
        torch.testing.assert_close(ahead, at_once[:, 6:], atol=1e-5, rtol=1e-5)

    def test_is_blind_to_what_comes_later(self):
        at_once, _ = self.decoder(self.tokens, self.nothing, self.memory)
        other = self.tokens.clone()
        other[:, 7:] = (other[:, 7:] + 1) % VOCABULARY.size
        changed, _ = self.decoder(other, self.nothing, self.memory)
        torch.testing.assert_close(changed[:, :7], at_once[:, :7])
        self.assertGreater((changed[:, 7:] - at_once[:, 7:]).abs().max(), 1e-3)

    def test_leaves_the_padding_of_a_shorter_past_out(self):
        _, past = self.decoder(self.tokens[:, :8], self.nothing, self.memory)
        position = torch.tensor([3, 8])
        shorter = past.clone()
        shorter[0] = 1e3  # what stands there must not count
        shorter[0, 5:] = past[0, :3]
        new = torch.stack([self.tokens[0, 3:6], self.tokens[1, 8:11]])
        logits, _ = self.decoder(new, shorter, self.memory, position)
        expected, _ = self.decoder(self.tokens, self.nothing, self.memory)
        expected = torch.stack([expected[0, 3:6], expected[1, 8:11]])
        torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)

    def test_looks_at_the_picture(self):
        at_once, _ = self.decoder(self.tokens, self.nothing, self.memory)
        other = self.decoder.memory([torch.randn(2, 4, 3, 8), torch.randn(2, 2, 2, 8)])
        changed, _ = self.decoder(self.tokens, self.nothing, other)
        self.assertGreater((changed - at_once).abs().max(), 1e-3)
        self.assertEqual(tuple(other['k1'].shape), (2, 2, 8, 16))
        self.assertEqual(tuple(other['v1'].shape), (2, 2, 16, 8))

    def test_drops_units_in_training_only(self):
        twice = [self.decoder.train()(self.tokens, self.nothing, self.memory)[0] for _ in range(2)]
        self.assertGreater((twice[0] - twice[1]).abs().max(), 1e-3)
        twice = [self.decoder.eval()(self.tokens, self.nothing, self.memory)[0] for _ in range(2)]
        torch.testing.assert_close(*twice, atol=0, rtol=0)


class Published(unittest.TestCase):
    def test_has_the_published_number_of_parameters(self):
        count = lambda module: sum(parameter.numel() for parameter in module.parameters())
        for name, (of_encoder, of_all) in TOTALS.items():
            with torch.device('meta'):
                encoder = open_encoder(name, 'published', 640, None, 0.1, 0.1)
                options = decoder_options(name, 'published', encoder.channels, 512, 0.1, 0.1)
                decoder = PlainDecoder(OFFICIAL, options)
            self.assertEqual(count(encoder), of_encoder, name)
            self.assertEqual(count(encoder) + count(decoder), of_all, name)

    def test_gives_maps_of_the_published_strides(self):
        for name, stride in (('resnet50', 32), ('vit', 16)):
            encoder = open_encoder(name, 'small', 64, None, 0.1, 0.1).eval()
            with torch.no_grad():
                (level,) = encoder(torch.zeros(2, 64, 64, 3, dtype=torch.uint8))['maps']
            self.assertEqual(tuple(level.shape), (2, 64 // stride, 64 // stride, encoder.channels))

    def test_has_the_published_positions(self):
        positions = grid_positions(20, 20, 256, torch.device('cpu')).view(20, 20, 256)
        for (y, x), expected in GOLDEN.items():
            np.testing.assert_allclose(positions[y, x, CHANNELS].numpy(), expected, atol=2e-6)


if __name__ == '__main__':
    unittest.main()
