import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

import recipe  # noqa: F401

try:
    from PIL import Image
except ImportError:
    raise unittest.SkipTest('Pillow is not installed') from None

from data.coco import load_picture, read_coco

# ids neither in order nor without gaps
CATEGORIES = [{'id': 18, 'name': 'dog'}, {'id': 1, 'name': 'person'}, {'id': 3, 'name': 'car'}]


class ReadCoco(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.json = self.folder / 'instances.json'
        self.data = {
            'images': [
                {'id': 7, 'file_name': 'a.png', 'width': 40, 'height': 30, 'split': 'train'},
                {'id': 5, 'file_name': 'b.png', 'width': 20, 'height': 25, 'split': 'val'},
            ],
            'annotations': [
                {'id': 1, 'image_id': 7, 'category_id': 18, 'bbox': [4, 6, 10, 12], 'iscrowd': 0},
                {'id': 2, 'image_id': 7, 'category_id': 1, 'bbox': [30, 20, 15, 5]},
                {'id': 3, 'image_id': 7, 'category_id': 3, 'bbox': [0, 0, 40, 8], 'iscrowd': 1},
                {'id': 4, 'image_id': 7, 'category_id': 3, 'bbox': [5, 5, 0, 8]},
            ],
            'categories': CATEGORIES,
        }
        for entry in self.data['images']:
            size = (entry['width'], entry['height'])
            Image.new('RGB', size, (9, 8, 7)).save(self.folder / entry['file_name'])

    def read(self, split=None):
        self.json.write_text(json.dumps(self.data))
        return read_coco(self.folder, self.json, split)

    def assert_refused(self, pattern):
        with self.assertRaisesRegex(ValueError, pattern) as caught:
            self.read()
        self.assertNotIn('\n', str(caught.exception))

    def test_reads_boxes_as_corners_within_the_picture(self):
        (first, second), _ = self.read()
        self.assertEqual(first.boxes.tolist(), [[6, 4, 18, 14], [20, 30, 25, 40]])
        self.assertEqual((first.path, first.width, first.height), (self.folder / 'a.png', 40, 30))
        self.assertEqual(first.scores.tolist(), [1, 1])
        self.assertEqual((second.boxes.shape, second.crowds.shape), ((0, 4), (0, 4)))
        self.assertEqual((first.boxes.dtype, first.labels.dtype), (np.float32, np.int64))

    def test_numbers_labels_by_their_id(self):
        images, labels = self.read()
        self.assertEqual(labels, [(1, 'person'), (3, 'car'), (18, 'dog')])
        self.assertEqual(images[0].labels.tolist(), [2, 0])

    def test_keeps_crowds_apart(self):
        self.assertEqual(self.read()[0][0].crowds.tolist(), [[0, 0, 8, 40]])

    def test_takes_one_split(self):
        self.assertEqual([image.path.name for image in self.read('val')[0]], ['b.png'])
        with self.assertRaisesRegex(ValueError, 'no picture of split `test`; name'):
            self.read('test')

    def test_takes_scores_as_a_teachers(self):
        self.assertTrue(all(image.complete for image in self.read()[0]))
        self.data['annotations'][0]['score'] = 0.25
        first, second = self.read()[0]
        self.assertEqual(first.scores.tolist(), [0.25, 1])
        self.assertFalse(first.complete)
        self.assertFalse(second.complete)  # the teacher found nothing, which is no promise

    def test_tells_what_does_not_fit_and_the_way_out(self):
        self.data['annotations'][1]['image_id'] = 99
        self.assert_refused('annotation 2 has image_id 99, which `images` does not list; add')
        self.data['annotations'][1].update(image_id=7, category_id=2)
        self.assert_refused('annotation 2 has category_id 2, which `categories` does not list; add')
        self.data['annotations'][1]['category_id'] = 1
        (self.folder / 'b.png').unlink()
        self.assert_refused('b.png` does not exist; name the folder of the pictures, or remove image 5')
        del self.data['categories']
        self.assert_refused('has no `categories`; name a file of COCO instances')

    def test_tells_a_missing_file_from_one_that_is_no_json(self):
        with self.assertRaisesRegex(ValueError, 'instances.json` does not exist; name'):
            read_coco(self.folder, self.json)
        self.json.write_text('{"images": [')
        with self.assertRaisesRegex(ValueError, r'instances.json` is not JSON \(.*\); was it copied whole'):
            read_coco(self.folder, self.json)

    def test_loads_pixels_with_their_labels(self):
        picture = load_picture(self.read()[0][0])
        self.assertEqual((picture.pixels.shape, picture.pixels.dtype), ((30, 40, 3), np.uint8))
        self.assertEqual(picture.pixels[0, 0].tolist(), [9, 8, 7])
        self.assertEqual((len(picture.boxes), len(picture.ignored), picture.complete), (2, 1, True))

    def test_turns_a_picture_upright_where_its_labels_are_upright(self):
        # stored lying, 30 x 40, to be shown a quarter turn to the right
        lying = Image.new('RGB', (30, 40))
        exif = lying.getexif()
        exif[0x0112] = 6
        lying.save(self.folder / 'a.png', exif=exif)
        self.assertEqual(load_picture(self.read()[0][0]).pixels.shape, (30, 40, 3))

    def test_refuses_a_picture_of_another_size(self):
        Image.new('RGB', (41, 30)).save(self.folder / 'a.png')
        with self.assertRaisesRegex(ValueError, 'is 41 x 30, its annotations say 40 x 30; take'):
            load_picture(self.read()[0][0])


if __name__ == '__main__':
    unittest.main()
