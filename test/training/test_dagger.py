"""Sequences as they are read."""
import unittest

import numpy as np

import recipe  # noqa: F401
from sequences.dagger import judged, read_boxes
from sequences.sequences import NOISE


def boxes(*rows):
    return np.array(rows, np.float32).reshape(-1, 4)


LEFT, LEFT_AGAIN, RIGHT = (0.1, 0.1, 0.5, 0.4), (0.1, 0.1, 0.5, 0.39), (0.2, 0.6, 0.8, 0.9)


class ReadBoxes(unittest.TestCase):
    def test_reads_the_most_certain_first_and_a_duplicate_last(self):
        proposed, scores = boxes(RIGHT, LEFT_AGAIN, LEFT, (0.8, 0.0, 0.9, 0.1)), np.float32([0.3, 0.8, 0.9, 0.2])
        for seed in range(5):
            read = read_boxes(proposed, scores, 4, np.random.default_rng(seed))
            self.assertIn(read[0], (1, 2))
            self.assertEqual(sorted(read[1:3].tolist()), [0, 3])
            self.assertEqual(sorted(read.tolist()), [0, 1, 2, 3])

    def test_wavers_between_boxes_that_are_as_certain(self):
        proposed = boxes(LEFT, RIGHT)
        firsts = {int(read_boxes(proposed, np.float32([0.5, 0.5]), 1, np.random.default_rng(i))[0]) for i in range(20)}
        self.assertEqual(firsts, {0, 1})


class Judged(unittest.TestCase):
    def test_gives_an_object_to_the_box_that_finds_it_first(self):
        slots = judged(boxes(LEFT_AGAIN, LEFT, RIGHT), boxes(RIGHT, LEFT), np.array([7, 3]))
        self.assertEqual(slots.labels.tolist(), [3, NOISE, 7])
        np.testing.assert_array_equal(slots.boxes, boxes(LEFT, LEFT, RIGHT))
        np.testing.assert_array_equal(slots.input_boxes, boxes(LEFT_AGAIN, LEFT, RIGHT))
        self.assertEqual(slots.scores[1:].tolist(), [0, 1])

    def test_values_a_box_by_how_well_it_fits(self):
        half = (0.2, 0.6, 0.8, 0.81)  # 0.7 of RIGHT
        slots = judged(boxes(half), boxes(RIGHT), np.array([7]))
        self.assertAlmostEqual(float(slots.scores[0]), 0.5, places=4)

    def test_takes_what_overlaps_too_little_for_noise(self):
        third = (0.2, 0.6, 0.8, 0.7)
        slots = judged(boxes(third), boxes(RIGHT), np.array([7]))
        self.assertEqual((slots.labels.tolist(), slots.scores.tolist()), ([NOISE], [0.0]))

    def test_takes_all_for_noise_where_nothing_is(self):
        slots = judged(boxes(LEFT), boxes(), np.zeros(0, np.int64))
        self.assertEqual(slots.labels.tolist(), [NOISE])


if __name__ == '__main__':
    unittest.main()
