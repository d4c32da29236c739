import unittest

import numpy as np

import recipe  # noqa: F401
from data.boxes import areas, iou
from sequences.sequences import NOISE, SequenceOptions, arrange, build_sequence
from sequences.old_drafts import OldDraftOptions, phantom_boxes, old_draft_prefix
from sequences.vocabulary import Vocabulary

BOXES = np.float32([[0.1, 0.1, 0.3, 0.25], [0.5, 0.5, 0.9, 0.8], [0.1, 0.6, 0.4, 0.9], [0.6, 0.1, 0.8, 0.3]])
LABELS = np.arange(4)
ONES = np.ones(4, np.float32)


def slots_of(seed=0, max_objects=20, boxes=BOXES, **options):
    rng = np.random.default_rng(seed)
    return arrange(boxes, LABELS, ONES, SequenceOptions(max_objects=max_objects, **options), rng)


def stale(slots, seed=0, **options):
    return old_draft_prefix(slots, OldDraftOptions(**{'probability': 1, **options}), np.random.default_rng(seed))


def real(slots):
    return slots.labels >= 0


class StalePrefix(unittest.TestCase):
    def test_leaves_the_other_share_alone(self):
        slots = slots_of()
        same = sum(stale(slots, seed, probability=0.3) is slots for seed in range(1000))
        self.assertAlmostEqual(same / 1000, 0.7, delta=0.05)

    def test_keeps_the_targets_clean(self):
        for seed in range(100):
            before, after = slots_of(seed), stale(slots_of(seed), seed)
            np.testing.assert_array_equal(after.boxes[real(after)], before.boxes[real(before)])
            np.testing.assert_array_equal(after.labels[real(after)], before.labels[real(before)])
            np.testing.assert_array_equal(after.scores[real(after)], before.scores[real(before)])
            self.assertEqual(after.boxes.shape, before.boxes.shape)
            self.assertEqual(after.input_boxes.dtype, np.float32)

    def test_moves_leading_objects_only(self):
        numbers = []
        for seed in range(400):
            after = stale(slots_of(), seed, max_phantoms=0)
            is_moved = (after.input_boxes != after.boxes).any(axis=1)
            numbers.append(int(is_moved.sum()))
            self.assertEqual(np.flatnonzero(is_moved).tolist(), list(range(numbers[-1])))
        self.assertEqual(set(numbers), {1, 2, 3, 4})
        for number in set(numbers):
            self.assertAlmostEqual(numbers.count(number) / 400, 0.25, delta=0.08)

    def test_jitters_by_a_share_of_the_size(self):
        sides = np.tile(BOXES[:, 2:] - BOXES[:, :2], (1, 2))
        slots = slots_of(order='class')
        moved = np.stack(
            [
                (stale(slots, seed, max_phantoms=0, pan_probability=0).input_boxes[:4] - BOXES) / sides
                for seed in range(400)
            ]
        )
        self.assertLessEqual(np.abs(moved).max(), 0.06 + 1e-5)
        self.assertGreater(np.abs(moved[:, 0]).max(), 0.055)

    def test_moves_all_by_the_same_where_the_camera_pans(self):
        slots, largest = slots_of(order='class'), 0
        for seed in range(200):
            after = stale(slots, seed, max_phantoms=0, max_jitter=0, pan_probability=1)
            moved = (after.input_boxes - after.boxes)[:4]
            moved = moved[(moved != 0).any(axis=1)]
            np.testing.assert_allclose(moved, np.tile(moved[:1], (len(moved), 1)), atol=1e-6)
            np.testing.assert_allclose(moved[:, :2], moved[:, 2:], atol=1e-6)
            largest = max(largest, np.abs(moved).max(initial=0))
        self.assertLessEqual(largest, 0.04 + 1e-6)
        self.assertGreater(largest, 0.035)

    def test_pans_no_box_off_its_object(self):
        tiny = np.concatenate([[[0.5, 0.2, 0.51, 0.21]], BOXES[1:]]).astype(np.float32)
        slots, lowest = slots_of(order='class', boxes=tiny), 1
        for seed in range(200):
            after = stale(slots, seed, max_phantoms=0, max_pan=0.2, pan_probability=1)
            lowest = min(lowest, iou(after.input_boxes[:4], after.boxes[:4]).diagonal().min())
            self.assertTrue((after.input_boxes[0] != after.boxes[0]).any())  # jittered all the same
        self.assertGreaterEqual(lowest, 0.5)
        self.assertLess(lowest, 0.6)

    def test_puts_phantoms_between_the_leading_objects(self):
        counts, first = [], []
        for seed in range(400):
            after = stale(slots_of(), seed)
            last = np.flatnonzero(real(after)).max()
            at = np.flatnonzero(after.labels[: last + 1] == NOISE)
            counts.append(len(at))
            first.extend(at.tolist())
            phantoms = after.boxes[at]
            np.testing.assert_array_equal(after.input_boxes[at], phantoms)
            self.assertFalse(after.scores[at].any())
            self.assertEqual(real(after).sum(), 4)
            if len(at):
                self.assertLess(iou(phantoms, BOXES).max(), 0.3)
        self.assertIn(0, first)
        self.assertGreater(np.mean(counts), 0.5)
        self.assertLessEqual(max(counts), 3)

    def test_loses_no_object_where_slots_are_few(self):
        for seed in range(100):
            after = stale(slots_of(max_objects=5), seed)
            self.assertEqual(sorted(after.labels[real(after)].tolist()), [0, 1, 2, 3])
        full = stale(slots_of(max_objects=4))
        self.assertEqual(real(full).sum(), 4)

    def test_leaves_pictures_without_objects_alone(self):
        empty = np.zeros((0, 4), np.float32)
        slots = arrange(empty, LABELS[:0], ONES[:0], SequenceOptions(), np.random.default_rng(0))
        self.assertIs(stale(slots), slots)

    def test_reaches_the_tokens(self):
        vocabulary, options = Vocabulary(), SequenceOptions(max_objects=20, order='class')
        differing, phantoms = 0, 0
        for seed in range(60):
            rng = np.random.default_rng(seed)
            sequence = build_sequence(
                BOXES,
                LABELS,
                ONES,
                vocabulary,
                options,
                rng,
                disturb=lambda slots: stale(slots, seed),
            )
            targets = sequence.targets.reshape(-1, 5)
            read = np.append(sequence.inputs[1:], 0).reshape(-1, 5)
            is_real = targets[:, 4] >= 100
            np.testing.assert_array_equal(targets[is_real, :4], vocabulary.coordinate_tokens(BOXES))
            differing += (read[is_real, :4] != targets[is_real, :4]).any()
            is_phantom = ~is_real & (sequence.remaining == 1)
            phantoms += is_phantom.sum()
            weights = sequence.weights.reshape(-1, 5)[is_phantom]
            np.testing.assert_array_equal(weights, np.tile([0, 0, 0, 0, 1], (len(weights), 1)))
        self.assertGreater(differing, 50)
        self.assertGreater(phantoms, 20)


class PhantomBoxes(unittest.TestCase):
    def test_have_the_size_of_a_real_box(self):
        phantoms = phantom_boxes(BOXES[:1] / 4, 50, np.random.default_rng(0))
        inside = phantoms[((phantoms > 0) & (phantoms < 1)).all(axis=1)]
        self.assertGreater(len(inside), 40)
        np.testing.assert_allclose(areas(inside), areas(BOXES[:1] / 4)[0], rtol=1e-3)

    def test_are_none_where_the_picture_is_full(self):
        full = np.float32([[0, 0, 1, 1]])
        rng = np.random.default_rng(0)
        found = [iou(phantom_boxes(full, 3, rng), full) for _ in range(200)]
        self.assertLess(np.concatenate(found).max(), 0.3)


if __name__ == '__main__':
    unittest.main()
