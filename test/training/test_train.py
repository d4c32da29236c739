import contextlib
import io
import json
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np

import recipe  # noqa: F401

try:
    import matplotlib  # noqa: F401
    import onnxruntime  # noqa: F401
    import torch
    from PIL import Image
except ImportError as error:
    raise unittest.SkipTest(f'{error.name} is not installed') from None

from trainer.batches import stream
from data.coco import read_coco
from label import as_coco, label
from networks.loss import losses, published_loss
from trainer.options import parse
from networks.reader import read
from trainer.runs import CURVES, LOG, Log, open_run, read_log, write_config
from sequences.sequences import SequenceOptions, build_sequence
from train import open_data, train
from trainer.trainer import Trainer
from trainer.views import stack
from sequences.vocabulary import Vocabulary

CPU = torch.device('cpu')
COLOURS = {1: (220, 40, 40), 2: (40, 60, 220)}
SIZE = 64


def make_pictures(folder, count, rng):
    """Grey pictures with one or two rectangles each, red of class 1 and blue of class 2."""
    data = {'images': [], 'annotations': [], 'categories': [{'id': i, 'name': str(i)} for i in COLOURS]}
    for number in range(count):
        pixels = np.full((SIZE, SIZE, 3), 150, np.uint8)
        for category in list(COLOURS)[: rng.integers(1, 3)]:
            (y, x), (height, width) = rng.integers(0, 32, 2).tolist(), rng.integers(12, 30, 2).tolist()
            pixels[y : y + height, x : x + width] = COLOURS[category]
            annotation = {'id': len(data['annotations']), 'image_id': number, 'category_id': category}
            data['annotations'].append({**annotation, 'bbox': [x, y, width, height]})
        name = f'{number}.png'
        Image.fromarray(pixels).save(folder / name)
        data['images'].append({'id': number, 'file_name': name, 'width': SIZE, 'height': SIZE})
    (folder / 'instances.json').write_text(json.dumps(data))


def make_views(path, count, rng):
    """Views whose three best proposals are their objects, as prepare.py stores them."""
    low = rng.uniform(0, 0.6, (count, 96, 2)).astype(np.float32)
    boxes = np.concatenate([low, low + rng.uniform(0.1, 0.4, low.shape)], axis=2).astype(np.float32)
    logits = rng.normal(-5, 1, (count, 96, 80))
    labels = rng.integers(0, 80, (count, 3))
    np.put_along_axis(logits[:, :3], labels[..., None], 1.0, axis=2)
    np.savez(
        path,
        features=rng.normal(size=(count, 96, 128)).astype(np.float16),
        logits=logits.astype(np.float16),
        boxes=boxes,
        centres=boxes.reshape(count, 96, 2, 2).mean(2),
        levels=rng.integers(0, 3, (count, 96)),
        object_boxes=boxes[:, :3].reshape(-1, 4),
        object_labels=labels.reshape(-1),
        object_scores=np.ones(3 * count, np.float32),
        offsets=np.arange(0, 3 * count + 1, 3),
    )


class Train(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        rng = np.random.default_rng(0)
        make_pictures(self.folder, 10, rng)
        make_views(self.folder / 'views-0000.npz', 4, rng)
        shutil.copy(self.folder / 'views-0000.npz', self.folder / 'held.npz')
        pictures = ['--images', self.folder, '--annotations', self.folder / 'instances.json', '--hold-out', 2]
        small = ['--image-size', SIZE, '--batch', 4, '--bins', 32, '--max-objects', 4]
        fast = ['--warm-up', 5, '--lr', 2e-3]
        self.plain = ['--decoder', 'plain', '--encoder', 'vit', *pictures, *small, *fast]
        few = ['--batch', 4, '--max-objects', 5, '--bins', 50, *fast]
        self.copying = ['--decoder', 'copying', '--views', self.folder, *few]

    def configure(self, name, flags, *more):
        return parse([str(flag) for flag in (self.folder / name, *flags, '--workers', 0, *more)])

    def run_for(self, name, flags, steps, *more):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            train(self.configure(name, flags, '--steps', steps, *more), CPU, 0, 1)
        return printed.getvalue()

    def held(self, name):
        lines = read_log(self.folder / name / LOG)
        return [(line['step'], sum(line['held'].values())) for line in lines if 'held' in line]

    def test_learns_and_goes_on(self):
        for flags in (self.plain, self.copying):
            name = flags[1]
            self.run_for(name, flags, 1)
            printed = self.run_for(name, flags, 25, '--resume')
            (first, before), (last, after) = self.held(name)
            self.assertEqual((first, last), (1, 25))
            self.assertLess(after, 0.9 * before, name)
            self.assertIn('step 25  100%', printed)
            self.assertTrue((self.folder / name / CURVES).exists())

    def test_takes_the_same_steps_after_a_stop(self):
        for flags in (self.plain, self.copying):
            config = self.configure(f'{flags[1]}-stopped', flags, '--steps', 4)
            labels, batches, _ = open_data(config)
            config['labels'] = labels
            folder = Path(config['run'])
            write_config(folder, config)

            def steps(trainer, count):
                source = stream(batches, trainer.step, 1, 0, False)
                found = [trainer.update(source, trainer.step / 4) for _ in range(count)]
                return [{name: value.item() for name, value in losses.items()} for losses in found]

            whole = Trainer(config, CPU)
            steps(whole, 2)
            whole.save(folder)
            second = Trainer(config, CPU)
            second.resume(folder)
            self.assertEqual(steps(second, 2), steps(whole, 2))

    def test_opens_what_it_has_trained(self):
        for flags, has_encoder in ((self.plain, True), (self.copying, False)):
            name = f'{flags[1]}-open'
            self.run_for(name, flags, 1)
            encoder, decoder, vocabulary, config = open_run(self.folder / name)
            self.assertEqual(encoder is not None, has_encoder)
            self.assertEqual(vocabulary.bins, config['bins'])
            self.assertEqual(vocabulary.num_classes, len(config['labels']))
            _, batches, _ = open_data(config)
            seen = batches[0]['proposals'] if encoder is None else encoder(batches[0]['image'])
            reading = read(decoder, decoder.memory(**seen), vocabulary, 2)
            self.assertEqual(tuple(reading.tokens.shape), (4, 2, 4))

    def test_starts_no_run_over_another(self):
        self.run_for('taken', self.copying, 1)
        with self.assertRaisesRegex(ValueError, 'add --resume'):
            self.run_for('taken', self.copying, 2)
        with self.assertRaisesRegex(ValueError, 'has lr 0.002, not 0.1; start a new run'):
            self.run_for('taken', self.copying, 2, '--resume', '--lr', 0.1)

    def test_forgets_the_lines_behind_the_checkpoint(self):
        path = self.folder / LOG
        path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"st')
        Log(path, 2)
        self.assertEqual(read_log(path), [{'step': 1}, {'step': 2}])


class Losses(unittest.TestCase):
    VOCABULARY = Vocabulary(bins=20, num_classes=3)

    def batch(self, count, noise):
        boxes = np.float32([[0.1, 0.2, 0.5, 0.6], [0.3, 0.3, 0.9, 0.8]])[:count]
        options = SequenceOptions(max_objects=4, noise=noise)
        objects = boxes, np.arange(count), np.ones(count, np.float32)
        return stack([build_sequence(*objects, self.VOCABULARY, options, np.random.default_rng(0))])

    def test_are_small_for_the_right_tokens_only(self):
        for noise in (True, False):
            batch = self.batch(2, noise)
            right = torch.nn.functional.one_hot(batch['targets'], self.VOCABULARY.size) * 20.0
            wrong = right.roll(1, -1)
            parts = losses(wrong, batch, self.VOCABULARY) | published_loss(wrong, batch)
            for name, value in parts.items():
                self.assertGreater(value, 1, name)
            self.assertLess(published_loss(right, batch)['token'], 1e-3)
            self.assertLess(losses(right, batch, self.VOCABULARY)['class'], 1e-3)

    def test_are_numbers_without_an_object(self):
        for noise in (True, False):
            batch = self.batch(0, noise)
            logits = torch.zeros(1, 20, self.VOCABULARY.size, requires_grad=True)
            parts = losses(logits, batch, self.VOCABULARY) | published_loss(logits, batch)
            sum(parts.values()).backward()
            self.assertTrue(all(torch.isfinite(part) for part in parts.values()))
            self.assertTrue(torch.isfinite(logits.grad).all())
            self.assertEqual(parts['coordinate'], 0)


class FakeTeacher:
    """Sees one object of label 1 in the upper left quarter of the square."""

    size = SIZE

    def detect(self, canvas, threshold):
        return np.float32([[0, 0, 0.25, 0.5]]), np.array([1]), np.float32([0.75])


class Label(unittest.TestCase):
    def test_gives_boxes_in_pixels_and_scores(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            Image.new('RGB', (128, 64)).save(folder / 'a.png')
            seen = {'a.png': label(folder / 'a.png', FakeTeacher(), 0.05)}
            (folder / 'teacher.json').write_text(json.dumps(as_coco(seen, [(3, 'car'), (7, 'dog')])))
            (image,), labels = read_coco(folder, folder / 'teacher.json')
        self.assertEqual(labels, [(3, 'car'), (7, 'dog')])
        np.testing.assert_allclose(image.boxes, [[0, 0, 32, 64]])
        self.assertEqual((image.labels.tolist(), image.scores.tolist(), image.complete), ([1], [0.75], False))


if __name__ == '__main__':
    unittest.main()
