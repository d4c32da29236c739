import unittest

import numpy as np

import recipe  # noqa: F401
from data.boxes import areas, iou
from sequences.sequences import (
    NOISE,
    PADDING,
    SequenceOptions,
    arrange,
    build_sequence,
    class_inputs,
    jitter_boxes,
    noise_boxes,
    order_objects,
    random_boxes,
    shift_boxes,
    truncated_normal,
)
from sequences.vocabulary import Vocabulary

VOCABULARY = Vocabulary()
# three objects far apart; in the order of their area 1 0 2, of their distance 2 0 1
BOXES = np.float32([[0.3, 0.3, 0.5, 0.6], [0.5, 0.5, 1, 1], [0, 0.1, 0.1, 0.2]])
LABELS = np.array([5, 3, 79])
SCORES = np.float32([1, 0.25, 0.5])


def built(seed=0, boxes=BOXES, labels=LABELS, scores=SCORES, negatives=None, **options):
    options = SequenceOptions(**options)
    return build_sequence(
        boxes, labels, scores, VOCABULARY, options, np.random.default_rng(seed), hard_negatives=negatives
    )


def sample_of(count):
    rng = np.random.default_rng(1)
    corners = np.sort(rng.random((count, 2, 2), np.float32), axis=1)
    return corners.reshape(count, 4), rng.integers(0, 80, count), np.ones(count, np.float32)


class OrderObjects(unittest.TestCase):
    def order(self, order, seed=0):
        return order_objects(BOXES, LABELS, SCORES, order, np.random.default_rng(seed)).tolist()

    def test_orders_by_each_rule(self):
        self.assertEqual(self.order('area'), [1, 0, 2])
        self.assertEqual(self.order('distance'), [2, 0, 1])
        self.assertEqual(self.order('class'), [1, 0, 2])
        self.assertEqual(self.order('score'), [0, 2, 1])

    def test_gives_every_random_order_equally_often(self):
        seen = [tuple(self.order('random', seed)) for seed in range(1200)]
        self.assertEqual(len(set(seen)), 6)
        for order in set(seen):
            self.assertAlmostEqual(seen.count(order) / len(seen), 1 / 6, delta=0.05)

    def test_breaks_ties_at_random(self):
        ones = np.ones(3, np.float32)
        first = [
            order_objects(BOXES, LABELS, ones, 'score', np.random.default_rng(seed))[0] for seed in range(300)
        ]
        for index in range(3):
            self.assertAlmostEqual(first.count(index) / 300, 1 / 3, delta=0.1)


class Noise(unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(0)

    def test_truncates_at_two_sigma(self):
        values = truncated_normal((20_000,), 0.5, self.rng)
        self.assertEqual(values.dtype, np.float32)
        self.assertLessEqual(np.abs(values).max(), 1)
        self.assertGreater(np.abs(values).max(), 0.97)
        # of a normal distribution cut at two sigma, 0.8796 of sigma is left
        self.assertAlmostEqual(values.std(), 0.5 * 0.8796, delta=0.01)
        self.assertAlmostEqual(values.mean(), 0, delta=0.01)

    def test_jitters_by_a_share_of_the_size(self):
        box = np.float32([0.4, 0.4, 0.6, 0.5])
        moved = (jitter_boxes(np.tile(box, (5000, 1)), 0.1, self.rng) - box) / [0.2, 0.1, 0.2, 0.1]
        self.assertLessEqual(np.abs(moved).max(), 0.1 + 1e-5)
        np.testing.assert_allclose(moved.std(axis=0), 0.05 * 0.8796, atol=0.003)

    def test_shifts_to_a_uniform_centre_and_keeps_the_size(self):
        box = np.tile(np.float32([0.4, 0.4, 0.42, 0.41]), (5000, 1))
        moved = shift_boxes(box, self.rng)
        inside = moved[((moved > 0) & (moved < 1)).all(axis=1)]
        np.testing.assert_allclose(inside[:, 2:] - inside[:, :2], [[0.02, 0.01]] * len(inside), atol=1e-6)
        centres = (moved[:, :2] + moved[:, 2:]) / 2
        np.testing.assert_allclose(centres.mean(axis=0), 0.5, atol=0.02)
        np.testing.assert_allclose(centres.std(axis=0), 12**-0.5, atol=0.01)

    def test_draws_random_boxes_of_half_normal_sides(self):
        boxes = random_boxes(20_000, self.rng)
        self.assertEqual((boxes.shape, boxes.dtype), ((20_000, 4), np.float32))
        # whole boxes around the middle only, whose sides nothing has cut
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        middle = boxes[(np.abs(centre - 0.5) < 0.02).all(axis=1)]
        self.assertAlmostEqual((middle[:, 2:] - middle[:, :2]).mean(), 0.36, delta=0.08)

    def test_stays_within_the_picture(self):
        boxes = np.float32([[0, 0, 1, 1], [0.9, 0.9, 1, 1], [0, 0, 0.01, 0.01]])
        noise = noise_boxes(boxes, 3000, self.rng)
        self.assertGreaterEqual(noise.min(), 0)
        self.assertLessEqual(noise.max(), 1)
        self.assertTrue((noise[:, 2:] >= noise[:, :2]).all())

    def kinds(self, seed, count=97):
        """How many of the noise boxes are duplicates, and how many have the size of a real box elsewhere."""
        real = np.float32([[0.5, 0.5, 0.52, 0.53]])
        noise = noise_boxes(real, count, np.random.default_rng(seed))
        self.assertEqual(noise.shape, (count, 4))
        is_duplicate = iou(noise, real)[:, 0] > 0.6
        is_size = np.isclose(noise[:, 2:] - noise[:, :2], [[0.02, 0.03]], atol=1e-5).all(axis=1)
        return is_duplicate.sum(), (is_size & ~is_duplicate).sum(), np.flatnonzero(is_duplicate)

    def test_duplicates_a_uniform_number_and_shifts_half_of_the_others(self):
        drawn = [self.kinds(seed) for seed in range(800)]
        duplicates = np.array([found[0] for found in drawn])
        shifted = np.array([found[1] for found in drawn])
        self.assertAlmostEqual(duplicates.mean() / 97, 0.5, delta=0.03)
        self.assertAlmostEqual(duplicates.std() / 97, 12**-0.5, delta=0.02)
        self.assertIn(0, duplicates)
        self.assertIn(97, duplicates)
        # a few shifted boxes are cut by the edge and are not counted
        self.assertAlmostEqual(shifted.sum() / (97 - duplicates).sum(), 0.48, delta=0.03)

    def test_shuffles_the_kinds(self):
        places = np.concatenate([self.kinds(seed)[2] for seed in range(300)])
        self.assertAlmostEqual(places.mean(), 48, delta=1.5)

    def test_draws_only_random_boxes_where_there_is_no_object(self):
        noise = noise_boxes(np.zeros((0, 4), np.float32), 500, self.rng)
        self.assertEqual(noise.shape, (500, 4))
        self.assertGreater(len(np.unique(noise, axis=0)), 490)


class ClassInputs(unittest.TestCase):
    def test_is_half_noise_and_half_uniform(self):
        tokens = class_inputs(40_000, 'random or noise', VOCABULARY, np.random.default_rng(0))
        is_noise = tokens == 30
        self.assertAlmostEqual(is_noise.mean(), 0.5, delta=0.01)
        others = tokens[~is_noise]
        self.assertEqual((others.min(), others.max()), (100, 999))
        share = np.bincount((others - 100) // 90, minlength=10) / len(others)
        np.testing.assert_allclose(share, 0.1, atol=0.01)

    def test_is_always_noise_where_asked_for(self):
        tokens = class_inputs(100, 'noise', VOCABULARY, np.random.default_rng(0))
        self.assertEqual(set(tokens.tolist()), {30})


class BuildSequence(unittest.TestCase):
    def test_says_the_objects_then_noise(self):
        built_now = built(order='area', max_objects=5)
        targets = built_now.targets.reshape(5, 5)
        self.assertEqual(targets[0].tolist(), [1500, 1500, 1999, 1999, 103])
        self.assertEqual(targets[1].tolist(), [1300, 1300, 1500, 1599, 105])
        self.assertEqual(targets[2].tolist(), [1000, 1100, 1100, 1200, 179])
        self.assertEqual(targets[3:, 4].tolist(), [30, 30])
        self.assertTrue((targets[3:, :4] >= 1000).all())

    def test_weighs_objects_and_noise(self):
        weights = built(max_objects=5, noise_class_weight=0.7).weights.reshape(5, 5)
        np.testing.assert_array_equal(weights[:3], np.ones((3, 5)))
        np.testing.assert_array_equal(weights[3:], np.float32([[0, 0, 0, 0, 0.7]] * 2))

    def test_ends_in_place_of_noise(self):
        sequence = built(max_objects=5, noise=False, eos_weight=0.2)
        np.testing.assert_array_equal(sequence.targets[15:], np.zeros(10))
        np.testing.assert_array_equal(sequence.weights[15:], np.full(10, np.float32(0.2)))
        np.testing.assert_array_equal(sequence.inputs[16:], np.zeros(9))
        np.testing.assert_array_equal(sequence.weights[:15], np.ones(15))

    def test_reads_the_prompt_and_what_was_said_before(self):
        sequence = built()
        self.assertEqual(sequence.inputs[0], 10)
        position = np.arange(1, 500)
        is_coordinate = position % 5 != 0
        np.testing.assert_array_equal(
            sequence.inputs[1:][is_coordinate], sequence.targets[:-1][is_coordinate]
        )

    def test_never_reads_a_true_class_but_by_chance(self):
        read = np.concatenate([built(seed).inputs[5:20:5] for seed in range(400)])
        said = np.concatenate([built(seed).targets[4:19:5] for seed in range(400)])
        self.assertAlmostEqual((read == 30).mean(), 0.5, delta=0.05)
        self.assertLess((read == said).mean(), 0.01)
        self.assertEqual(set(built(class_input='noise').inputs[5::5].tolist()), {30})

    def test_gives_probabilities_of_the_classes(self):
        scores = built(order='area', max_objects=5).class_scores
        np.testing.assert_array_equal(scores, np.float32([0.25, 1, 0.5, 0, 0]))
        padded = built(order='area', max_objects=5, noise=False).class_scores
        np.testing.assert_array_equal(padded, np.float32([0.25, 1, 0.5, 1, 1]))

    def test_counts_what_remains(self):
        self.assertEqual(built(max_objects=5).remaining.tolist(), [1, 1, 1, 0, 0])
        self.assertEqual(built(max_objects=3).remaining.tolist(), [1, 1, 1])

    def test_keeps_the_first_hundred_after_ordering(self):
        boxes, labels, scores = sample_of(130)
        sequence = built(boxes=boxes, labels=labels, scores=scores, order='area')
        largest = np.argsort(-areas(boxes))[:100]
        np.testing.assert_array_equal(sequence.targets[4::5], VOCABULARY.class_tokens(labels[largest]))
        self.assertEqual(sequence.weights.tolist(), [1] * 500)

    def test_has_the_official_shapes(self):
        sequence = built()
        for values, shape, kind in (
            (sequence.inputs, 500, np.int64),
            (sequence.targets, 500, np.int64),
            (sequence.weights, 500, np.float32),
            (sequence.class_scores, 100, np.float32),
            (sequence.remaining, 100, np.float32),
        ):
            self.assertEqual((values.shape, values.dtype), ((shape,), kind))

    def test_never_ends_where_noise_fills_up(self):
        self.assertNotIn(0, built().targets)

    def test_builds_pictures_without_objects(self):
        boxes, labels, scores = sample_of(0)
        sequence = built(boxes=boxes, labels=labels, scores=scores)
        self.assertEqual(set(sequence.targets[4::5].tolist()), {30})
        self.assertEqual(sequence.remaining.sum(), 0)

    def test_is_the_same_for_the_same_seed(self):
        np.testing.assert_array_equal(built(7).inputs, built(7).inputs)
        self.assertTrue((built(7).inputs != built(8).inputs).any())

    def test_refuses_unknown_names_and_labels(self):
        with self.assertRaisesRegex(ValueError, "got 'size'"):
            SequenceOptions(order='size')
        with self.assertRaisesRegex(ValueError, "got 'true'"):
            SequenceOptions(class_input='true')
        with self.assertRaisesRegex(ValueError, 'got 0'):
            SequenceOptions(max_objects=0)
        with self.assertRaisesRegex(ValueError, 'got 80'):
            built(labels=np.array([0, 80, 1]))


class HardNegatives(unittest.TestCase):
    def setUp(self):
        # no noise box is drawn with such a side
        self.negatives = np.tile(np.float32([0.125, 0.25, 0.375, 0.875]), (30, 1))

    def arranged(self, negatives, scores=SCORES, seed=0, **options):
        rng = np.random.default_rng(seed)
        return arrange(BOXES, LABELS, scores, SequenceOptions(**options), rng, negatives)

    def is_negative(self, slots):
        return (slots.boxes == self.negatives[0]).all(axis=1)

    def test_come_before_other_noise_is_drawn(self):
        slots = self.arranged(self.negatives)
        self.assertEqual(self.is_negative(slots).sum(), 30)
        self.assertEqual(set(slots.labels[self.is_negative(slots)].tolist()), {NOISE})
        self.assertEqual(set(slots.scores[self.is_negative(slots)].tolist()), {0})

    def test_take_up_to_half_of_the_noise(self):
        self.assertEqual(self.is_negative(self.arranged(self.negatives, max_objects=24)).sum(), 10)

    def test_stand_anywhere_among_the_noise(self):
        places = [np.flatnonzero(self.is_negative(self.arranged(self.negatives, seed=i))) for i in range(50)]
        self.assertAlmostEqual(np.concatenate(places).mean(), 51, delta=2)

    def test_are_boxes_of_score_zero_too(self):
        slots = self.arranged(None, scores=np.float32([1, 0, 1]))
        self.assertEqual((slots.labels >= 0).sum(), 2)
        at = np.flatnonzero((slots.boxes == BOXES[1]).all(axis=1))
        self.assertEqual(slots.labels[at].tolist(), [NOISE])

    def test_have_no_place_where_there_is_no_noise(self):
        slots = self.arranged(self.negatives, noise=False)
        self.assertEqual(slots.labels[3:].tolist(), [PADDING] * 97)
        self.assertEqual(self.is_negative(slots).sum(), 0)


if __name__ == '__main__':
    unittest.main()
