import json
import unittest

import numpy as np

from recipe import FIXTURES, ROOT
from sequences.vocabulary import Vocabulary


class Vectors(unittest.TestCase):
    """The same vectors as test/models/engine/decode/vocabularyVectors.test.ts."""

    def setUp(self):
        self.vectors = json.loads((FIXTURES / 'vocabulary.json').read_text())

    def test_coordinates_become_the_same_tokens(self):
        self.assertGreaterEqual(len(self.vectors['coordinates']), 4)
        for case in self.vectors['coordinates']:
            with self.subTest(bins=case['bins']):
                tokens = Vocabulary(bins=case['bins']).coordinate_tokens(case['units'])
                self.assertEqual(tokens.tolist(), case['tokens'])

    def test_classes_become_the_same_tokens(self):
        classes = self.vectors['classes']
        tokens = Vocabulary(num_classes=classes['numLabels']).class_tokens(classes['indices'])
        self.assertEqual(tokens.tolist(), classes['tokens'])


class VocabularyTest(unittest.TestCase):
    def test_gives_the_tokens_of_the_official_code(self):
        units = [0, 0.25, 0.333333, 0.5, 0.999, 1, 1.2, -0.1]
        tokens = [1000, 1250, 1333, 1500, 1998, 1999, 1999, 1000]
        self.assertEqual(Vocabulary().coordinate_tokens(units).tolist(), tokens)

    def test_clips_what_is_infinite(self):
        self.assertEqual(Vocabulary().quantize([-np.inf, np.inf]).tolist(), [0, 999])

    def test_brings_every_bin_back_exactly(self):
        for bins in (2, 250, 500, 1000, 2000):
            vocabulary = Vocabulary(bins=bins)
            every = np.arange(bins)
            np.testing.assert_array_equal(vocabulary.quantize(vocabulary.dequantize(every)), every)

    def test_brings_unit_coordinates_back_within_half_a_bin(self):
        units = np.linspace(0, 1, 10_001)
        for bins in (250, 500, 1000, 2000):
            vocabulary = Vocabulary(bins=bins)
            error = np.abs(vocabulary.dequantize(vocabulary.quantize(units)) - units)
            self.assertLessEqual(error.max(), 0.5 / (bins - 1) + 1e-7)

    def test_keeps_shapes_and_types(self):
        vocabulary = Vocabulary()
        boxes = np.float32([[0, 0.25, 0.5, 1], [0.1, 0.2, 0.3, 0.4]])
        tokens = vocabulary.coordinate_tokens(boxes)
        self.assertEqual((tokens.shape, tokens.dtype), ((2, 4), np.int64))
        self.assertEqual(vocabulary.boxes(tokens).dtype, np.float32)
        np.testing.assert_allclose(vocabulary.boxes(tokens), boxes, atol=0.5 / 999 + 1e-6)
        self.assertEqual(vocabulary.coordinate_tokens(np.zeros((0, 4))).shape, (0, 4))

    def test_clips_tokens_of_another_kind(self):
        boxes = Vocabulary(bins=500).boxes([[0, 999, 1500, 2999]])
        self.assertEqual(boxes.tolist(), [[0, 0, 1, 1]])

    def test_refuses_labels_on_either_side(self):
        for label in (-1, 80):
            with self.assertRaisesRegex(ValueError, f'from 0 to 79, got {label}$'):
                Vocabulary().class_tokens([0, label])

    def test_refuses_ranges_that_do_not_fit(self):
        for bins in (1, 2001):
            with self.assertRaisesRegex(ValueError, f'2 to 2000, got {bins}$'):
                Vocabulary(bins=bins)
        for num_classes in (0, 901):
            with self.assertRaisesRegex(ValueError, f'1 to 900, got {num_classes}$'):
                Vocabulary(num_classes=num_classes)

    def test_writes_the_block_of_the_bundled_model(self):
        model = json.loads((ROOT / 'models' / 'nano' / 'model.json').read_text())
        block = Vocabulary(bins=500).as_json()
        self.assertEqual(list(block.items()), list(model['vocabulary'].items()))


if __name__ == '__main__':
    unittest.main()
