import unittest
from dataclasses import replace

import numpy as np

import recipe  # noqa: F401

try:
    from PIL import Image
except ImportError:
    raise unittest.SkipTest('Pillow is not installed') from None

from data.augment import AugmentOptions, augment, copy_paste, mosaic
from data.boxes import areas, intersections
from data.colour import ColourOptions, colour, compressed, grained, saturated, turned
from data.placing import PAD, Picture, crop, flip, grey_canvas, letterbox, place, scale_jitter, unchanged

COLOURS = RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
AS_IT_IS = ColourOptions(jitter=0, grey=0, blur=0, grain=0, jpeg=0)


def painted(height, width, box, colour_of_box=RED, complete=True):
    """A dark picture with one filled box in whole pixels."""
    pixels = np.full((height, width, 3), 30, np.uint8)
    ymin, xmin, ymax, xmax = box
    pixels[ymin:ymax, xmin:xmax] = colour_of_box
    return Picture(
        pixels=pixels,
        boxes=np.float32([box]),
        labels=np.array([COLOURS.index(colour_of_box)]),
        scores=np.ones(1, np.float32),
        complete=complete,
    )


def found(canvas, wanted=RED):
    """The box of a colour on a picture, by its pixels: at least half of it. Pixels, or None."""
    distance = np.abs(canvas.astype(int) - wanted).max(axis=2)
    rows, columns = np.nonzero(distance < 115)
    return None if len(rows) == 0 else [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]


class FollowsThePixels(unittest.TestCase):
    def assert_follows(self, sample, wanted=RED, within=1.01):
        """The box of a colour, if it has one, is where its pixels are."""
        size = sample.canvas.shape[0]
        at = np.flatnonzero(sample.labels == COLOURS.index(wanted))
        if len(at):
            np.testing.assert_allclose(sample.boxes[at[0]] * size, found(sample.canvas, wanted), atol=within)
        return len(at)


class Letterbox(FollowsThePixels):
    def test_fits_from_the_upper_left_and_fills_with_grey(self):
        shapes = {(60, 100): (38, 64), (100, 60): (64, 38), (20, 16): (64, 51), (7, 7): (64, 64)}
        for shape, drawn in shapes.items():
            with self.subTest(shape=shape):
                sample = letterbox(painted(*shape, (2, 3, 6, 6)), 64)
                is_pad = (sample.canvas == PAD).all(axis=2)
                self.assertFalse(is_pad[: drawn[0], : drawn[1]].any())
                self.assertTrue(is_pad[drawn[0] :].all() and is_pad[:, drawn[1] :].all())

    def test_rounds_halves_up_as_the_runtime_does(self):
        canvas = letterbox(painted(25, 64, (2, 3, 6, 6)), 32).canvas  # 12.5 rows
        self.assertEqual(int((canvas != PAD).any(axis=(1, 2)).sum()), 13)

    def test_keeps_boxes_on_their_pixels(self):
        for shape in ((300, 400), (400, 300), (40, 31)):
            self.assertEqual(self.assert_follows(letterbox(painted(*shape, (10, 8, 30, 25)), 256)), 1)

    def test_is_exact_where_the_size_is_right(self):
        picture = painted(64, 64, (10, 20, 30, 40))
        np.testing.assert_array_equal(letterbox(picture, 64).canvas, picture.pixels)


class Flip(FollowsThePixels):
    def test_mirrors_pixels_boxes_and_regions(self):
        picture = painted(60, 100, (10, 5, 30, 40))
        picture = replace(picture, ignored=np.float32([[0, 0, 10, 20]]))
        mirrored = flip(picture)
        self.assertEqual(mirrored.boxes.tolist(), [[10, 60, 30, 95]])
        self.assertEqual(found(mirrored.pixels), [10, 60, 30, 95])
        self.assertEqual(mirrored.ignored.tolist(), [[0, 80, 10, 100]])
        self.assertEqual(mirrored.boxes.dtype, np.float32)

    def test_undoes_itself(self):
        picture = painted(60, 100, (10, 5, 30, 40))
        twice = flip(flip(picture))
        np.testing.assert_array_equal(twice.pixels, picture.pixels)
        np.testing.assert_array_equal(twice.boxes, picture.boxes)


class ScaleJitter(unittest.TestCase):
    def test_follows_its_law(self):
        rng = np.random.default_rng(0)
        for law, median in (('log', 0.6**0.5), ('uniform', 1.15)):
            drawn = [scale_jitter((0.3, 2.0), law, rng) for _ in range(4000)]
            self.assertAlmostEqual(np.median(drawn), median, delta=0.05)
            self.assertTrue(0.3 <= min(drawn) < 0.32 and 1.97 < max(drawn) <= 2)


class Crop(unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(0)

    def test_shows_all_of_what_fits(self):
        self.assertEqual(crop((60, 100), (50, 50), 1, self.rng), ((0, 0, 60, 100), (30, 50)))
        self.assertEqual(crop((60, 100), (50, 50), 0.5, self.rng), ((0, 0, 60, 100), (15, 25)))

    def test_shows_a_window_at_any_place(self):
        windows = np.array([crop((60, 100), (50, 50), 2, self.rng)[0] for _ in range(2000)])
        np.testing.assert_allclose(windows[:, 2] - windows[:, 0], 50, rtol=1e-6)
        np.testing.assert_allclose(windows[:, 3] - windows[:, 1], 50, rtol=1e-6)
        np.testing.assert_allclose(windows[:, :2].mean(axis=0), [5, 25], atol=1)
        self.assertLess(abs(np.corrcoef(windows[:, 0], windows[:, 1])[0, 1]), 0.1)

    def test_stays_within_the_picture_and_the_room(self):
        for _ in range(3000):
            shape, room = self.rng.integers(1, 700, 2), self.rng.integers(1, 500, 2)
            (ymin, xmin, ymax, xmax), drawn = crop(shape, room, self.rng.uniform(0.1, 4), self.rng)
            self.assertTrue(0 <= ymin < ymax <= shape[0] and 0 <= xmin < xmax <= shape[1])
            self.assertTrue(1 <= drawn[0] <= room[0] and 1 <= drawn[1] <= room[1])

    def test_stays_within_the_picture_at_its_very_end(self):
        class Last:
            uniform = staticmethod(lambda low, high: high)

        for scale in self.rng.uniform(1, 10, 2000):
            (_, _, ymax, xmax), _ = crop((61, 97), (50, 50), scale, Last())
            self.assertTrue(ymax <= 61 and xmax <= 97)


class Place(unittest.TestCase):
    def placed(self, picture, window):
        return place(picture, window, (0, 0, 100, 100), grey_canvas(100), unchanged)

    def test_drops_boxes_of_which_little_is_left(self):
        picture = painted(100, 100, (20, 0, 40, 40))
        for left, number in ((29, 1), (31, 1), (33, 0), (45, 0)):  # 11, 9, 7 and 0 of 40 columns are left
            with self.subTest(left=left):
                self.assertEqual(len(self.placed(picture, (0, left, 100, 100)).boxes), number)

    def test_ignores_what_is_left_of_a_dropped_object(self):
        picture = painted(100, 100, (20, 0, 40, 40))
        sample = self.placed(picture, (0, 36, 100, 100))
        np.testing.assert_allclose(sample.ignored_regions, [[0.2, 0, 0.4, 4 / 64]], atol=1e-6)
        self.assertEqual(len(self.placed(picture, (0, 50, 100, 100)).ignored_regions), 0)

    def test_does_not_ignore_what_is_no_object(self):
        picture = replace(painted(100, 100, (20, 0, 40, 40)), scores=np.zeros(1, np.float32))
        self.assertEqual(len(self.placed(picture, (0, 36, 100, 100)).ignored_regions), 0)

    def test_drops_boxes_thinner_than_two_pixels(self):
        for width, number in ((1, 0), (2, 1)):
            sample = self.placed(painted(100, 100, (20, 10, 60, 10 + width)), (0, 0, 100, 100))
            self.assertEqual(len(sample.boxes), number)

    def test_moves_regions_along(self):
        picture = replace(painted(100, 100, (20, 0, 40, 40)), ignored=np.float32([[50, 50, 70, 100]]))
        sample = self.placed(picture, (50, 50, 100, 100))
        np.testing.assert_allclose(sample.ignored_regions, [[0, 0, 0.4, 1]], atol=1e-6)
        np.testing.assert_array_equal(sample.labelled_regions, [[0, 0, 1, 1]])

    def test_labels_no_region_of_a_teacher(self):
        picture = painted(100, 100, (20, 0, 40, 40), complete=False)
        self.assertEqual(self.placed(picture, (0, 0, 100, 100)).labelled_regions.shape, (0, 4))


class Mosaic(FollowsThePixels):
    def setUp(self):
        self.pictures = [
            painted(90, 120, (30, 40, 60, 80), RED),
            painted(120, 90, (40, 30, 80, 60), GREEN, complete=False),
            painted(100, 100, (35, 35, 65, 70), BLUE),
            painted(200, 150, (60, 50, 140, 100), WHITE),
        ]

    def test_keeps_boxes_on_their_pixels(self):
        kept = 0
        for seed in range(60):
            sample = mosaic(self.pictures, 160, np.random.default_rng(seed), unchanged)
            kept += sum(self.assert_follows(sample, wanted) for wanted in COLOURS)
        self.assertGreater(kept, 180)

    def test_keeps_shapes(self):
        number = 0
        for seed in range(60):
            sample = mosaic(self.pictures, 160, np.random.default_rng(seed), unchanged)
            region, box = sample.labelled_regions[0], sample.boxes[0]
            if sample.labels[0] == 0 and (box[:2] > region[:2]).all() and (box[2:] < region[2:]).all():
                number += 1  # the whole box is seen
                self.assertAlmostEqual((box[2] - box[0]) / (box[3] - box[1]), 30 / 40, delta=0.05)
        self.assertGreater(number, 10)

    def test_meets_at_a_random_point(self):
        corners = []
        for seed in range(200):
            regions = mosaic(self.pictures, 160, np.random.default_rng(seed), unchanged).labelled_regions
            self.assertEqual(regions.shape, (3, 4))  # one of the four is a teacher's
            self.assertEqual(regions[0, :2].tolist(), [0, 0])
            self.assertEqual(intersections(regions, regions).sum(), areas(regions).sum().item())
            corners.append(regions[2, :2])
        self.assertGreaterEqual(np.min(corners), 0.3 - 0.01)
        self.assertLessEqual(np.max(corners), 0.7 + 0.01)
        np.testing.assert_allclose(np.mean(corners, axis=0), 0.5, atol=0.03)


class CopyPaste(unittest.TestCase):
    def setUp(self):
        self.picture = painted(200, 200, (20, 20, 120, 120), BLUE)
        self.donor = replace(painted(100, 100, (30, 30, 60, 70), RED), scores=np.float32([0.5]))

    def pasted(self, seed, picture=None, donor=None):
        return copy_paste(picture or self.picture, donor or self.donor, np.random.default_rng(seed))

    def test_brings_the_object_and_its_label(self):
        number = 0
        for seed in range(60):
            result = self.pasted(seed)
            if len(result.boxes) == 1:
                continue
            number += 1
            np.testing.assert_allclose(result.boxes[1], found(result.pixels), atol=7)  # the soft edge
            self.assertEqual(result.labels.tolist(), [2, 0])
            self.assertEqual(result.scores.tolist(), [1, 0.5])
            np.testing.assert_array_equal(result.ignored, result.boxes[1:])
        self.assertGreater(number, 30)

    def test_scales_with_the_pictures(self):
        pasted = np.concatenate([self.pasted(seed).boxes[1:] for seed in range(200)])
        sides = pasted[:, 2:] - pasted[:, :2]
        # 30 by 40 in a picture of half the size, and 0.5 to 1.5 of that
        self.assertTrue((sides >= [29, 39]).all() and (sides <= [91, 121]).all())
        self.assertTrue((sides.min(axis=0) < [34, 44]).all() and (sides.max(axis=0) > [75, 100]).all())

    def test_hides_no_object_by_more_than_half(self):
        most = 0
        for seed in range(300):
            boxes = self.pasted(seed).boxes
            if len(boxes) > 1:
                hidden = intersections(boxes[1:], boxes[:1])[0, 0] / areas(boxes[:1])[0]
                most = max(most, hidden)
        self.assertLessEqual(most, 0.5)
        self.assertGreater(most, 0.3)

    def test_has_soft_edges(self):
        result = next(r for r in map(self.pasted, range(100)) if len(r.boxes) > 1 and r.boxes[1, 0] > 125)
        top, left, bottom, right = result.boxes[1].astype(int)
        self.assertEqual(result.pixels[(top + bottom) // 2, (left + right) // 2].tolist(), list(RED))
        edge = result.pixels[(top + bottom) // 2, left : left + 5, 0].astype(int)
        self.assertTrue((np.diff(edge) > 0).all() and edge[0] < 120)

    def test_leaves_the_given_pictures_alone(self):
        before = self.picture.pixels.copy()
        for seed in range(10):
            self.pasted(seed)
        np.testing.assert_array_equal(self.picture.pixels, before)

    def test_pastes_no_hard_negatives_and_nothing_tiny(self):
        negative = replace(self.donor, scores=np.zeros(1, np.float32))
        tiny = painted(100, 100, (30, 30, 33, 33), RED)
        for seed in range(30):
            self.assertEqual(len(self.pasted(seed, donor=negative).boxes), 1)
            self.assertEqual(len(self.pasted(seed, donor=tiny).boxes), 1)


class Colour(unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(0)
        self.image = Image.fromarray(self.rng.integers(60, 180, (50, 70, 3), np.uint8))

    def changed(self, **options):
        # of this seed no draw is close to 0
        changed = colour(self.image, replace(AS_IT_IS, **options), np.random.default_rng(0))
        return np.asarray(changed).astype(int)

    def test_does_nothing_where_nothing_is_asked_for(self):
        np.testing.assert_array_equal(self.changed(), np.asarray(self.image))

    def test_takes_all_colour_away(self):
        grey = self.changed(grey=1)
        np.testing.assert_array_equal(grey[:, :, 0], grey[:, :, 2])

    def test_changes_each_quality_alone(self):
        none = {'jitter': 1, 'brightness': 0, 'contrast': 0, 'saturation': 0, 'hue': 0}
        original = np.asarray(self.image).astype(int)
        light = self.changed(**{**none, 'brightness': 0.3}) / original
        self.assertLess(light.std(), 0.01)
        self.assertGreater(abs(light.mean() - 1), 0.01)
        contrast = self.changed(**{**none, 'contrast': 0.3}) - 114
        slope = (contrast * (original - 114)).sum() / ((original - 114) ** 2).sum()
        self.assertGreater(abs(slope - 1), 0.01)
        np.testing.assert_allclose(contrast, slope * (original - 114), atol=0.6)
        grey = lambda pixels: pixels @ [0.299, 0.587, 0.114]
        saturation = self.changed(**{**none, 'saturation': 0.3})
        np.testing.assert_allclose(grey(saturation), grey(original), atol=1.5)
        self.assertGreater(np.abs(saturation - original).max(), 2)
        hue = self.changed(**{**none, 'hue': 0.05})
        np.testing.assert_allclose(hue.sum(axis=2), original.sum(axis=2), atol=2)
        self.assertGreater(np.abs(hue - original).max(), 2)

    def test_turns_hues_about_grey(self):
        np.testing.assert_allclose(turned(2 * np.pi / 3) @ RED, GREEN, atol=1e-9)
        np.testing.assert_allclose(turned(1) @ [80, 80, 80], 80, atol=1e-9)
        np.testing.assert_allclose(saturated(1), np.eye(3), atol=1e-9)

    def test_grains_by_a_deviation(self):
        grain = np.asarray(grained(self.image, 8, self.rng)).astype(int) - np.asarray(self.image)
        self.assertAlmostEqual(grain.std(), 8, delta=0.4)
        self.assertAlmostEqual(grain.mean(), 0, delta=0.3)

    def test_blurs_and_compresses(self):
        rough = lambda pixels: np.abs(np.diff(pixels, axis=1)).mean()
        self.assertLess(rough(self.changed(blur=1, max_blur=1.5)), 0.95 * rough(self.changed()))
        self.assertEqual(compressed(self.image, 50).size, self.image.size)
        self.assertGreater(np.abs(self.changed(jpeg=1) - np.asarray(self.image)).mean(), 1)


class Augment(FollowsThePixels):
    def setUp(self):
        self.pictures = [painted(90, 120, (30, 40, 60, 80), wanted) for wanted in COLOURS]
        self.plain = AugmentOptions(mosaic=0, copy_paste=0, colours=AS_IT_IS)

    def made(self, seed, options, number=4, size=128):
        return augment(self.pictures[:number], size, options, np.random.default_rng(seed))

    def test_keeps_boxes_on_their_pixels(self):
        kept = sum(self.assert_follows(self.made(seed, self.plain)) for seed in range(200))
        self.assertGreater(kept, 120)

    def test_mirrors_half_of_the_pictures(self):
        options = replace(self.plain, scale=(1, 1))
        self.pictures[0] = painted(90, 120, (30, 10, 60, 40))  # in the left half
        is_mirrored = [self.made(seed, options).boxes[0, 1] > 0.5 for seed in range(400)]
        self.assertAlmostEqual(np.mean(is_mirrored), 0.5, delta=0.08)

    def test_leaves_padding_as_it_is(self):
        strong = ColourOptions(jitter=1, grey=0.5, blur=1, grain=1, jpeg=1)
        for seed in range(10):
            sample = self.made(seed, replace(self.plain, scale=(0.5, 0.5), colours=strong))
            self.assertTrue((sample.canvas[64:] == PAD).all() and (sample.canvas[:, 64:] == PAD).all())

    def test_makes_mosaics_of_four_only(self):
        options = replace(self.plain, mosaic=1)
        self.assertEqual(len(self.made(0, options).labelled_regions), 4)
        self.assertEqual(len(self.made(0, options, number=3).labelled_regions), 1)
        seldom = replace(options, mosaic=0.3)
        is_mosaic = [len(self.made(seed, seldom).labelled_regions) == 4 for seed in range(300)]
        self.assertAlmostEqual(np.mean(is_mosaic), 0.3, delta=0.08)

    def test_pastes_from_the_last_picture(self):
        options = replace(self.plain, copy_paste=1, scale=(1, 1))
        labels = np.concatenate([self.made(seed, options).labels for seed in range(50)])
        self.assertEqual(set(labels.tolist()), {0, 3})
        self.assertEqual(set(self.made(0, options, number=1).labels.tolist()), {0})

    def test_has_the_stated_types(self):
        for seed in range(30):
            sample = self.made(seed, AugmentOptions())
            self.assertEqual((sample.canvas.shape, sample.canvas.dtype), ((128, 128, 3), np.uint8))
            self.assertEqual(sample.labels.dtype, np.int64)
            for values in (sample.boxes, sample.labelled_regions, sample.ignored_regions):
                self.assertEqual((values.shape[1:], values.dtype), ((4,), np.float32))
                self.assertTrue(((values >= 0) & (values <= 1)).all())
            self.assertEqual(len(sample.boxes), len(sample.scores))

    def test_is_the_same_for_the_same_seed(self):
        first, again = self.made(3, AugmentOptions()), self.made(3, AugmentOptions())
        for one, other in zip(first, again):
            np.testing.assert_array_equal(one, other)

    def test_refuses_an_unknown_law(self):
        with self.assertRaisesRegex(ValueError, "got 'normal'"):
            AugmentOptions(scale_law='normal')


if __name__ == '__main__':
    unittest.main()
