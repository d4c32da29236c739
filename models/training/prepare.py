"""Step 1: makes augmented views, runs the frozen encoder on each and stores what the decoder needs of it
beside the view's objects, so that training a decoder costs no encoder run. Restartable: a part that is
there is not made again.

Objects are people's labels where a picture has them and the teacher's detections, with their scores, where
it has none; a score of 0 marks what the encoder takes for an object and what is none."""
import argparse
import os
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from data.augment import AugmentOptions, augment
from data.boxes import areas, intersections, iou
from data.coco import load_picture, read_coco
from networks.nanodet import NanoDet
from data.placing import Picture, Sample, letterbox, no_boxes
from networks.proposals import Proposals
from data.teacher import Yolox, suppress

VIEWS_A_PART = 256
HELD = -1  # the part of the pictures that were held out, as they are
NUM_BOXES = 128  # of each view; a decoder may take fewer
SURE, UNSURE = 0.05, 0.1  # least scores: of a teacher's detection, of an encoder's that fits no label
SAME, OTHER = 0.5, 0.3  # overlap with a label: from here on it is the object, below it is another


class Pool:
    """Pictures with and without labels, read from disk at each use."""

    def __init__(self, labelled: list, unlabelled: list[Path], share_labelled: float):
        self.labelled, self.unlabelled, self.share = labelled, unlabelled, share_labelled

    def draw(self, rng: np.random.Generator) -> Picture:
        if not self.unlabelled or rng.random() < self.share:
            return load_picture(self.labelled[rng.integers(len(self.labelled))])
        path = self.unlabelled[rng.integers(len(self.unlabelled))]
        pixels = np.asarray(Image.open(path).convert('RGB'))
        return Picture(pixels, no_boxes(), np.zeros(0, np.int64), np.zeros(0, np.float32), complete=False)


def objects_of(sample: Sample, proposals: dict[str, np.ndarray], teacher: Yolox):
    """The boxes, labels and scores of a view: people's where they labelled, else the teacher's, and at score 0
    what the encoder proposes and people say is none."""
    inside = lambda boxes, regions: intersections(boxes, regions).sum(1) > 0.5 * areas(boxes)
    boxes, labels, scores = teacher.detect(sample.canvas, SURE)
    told = inside(boxes, sample.labelled_regions)
    parts = [(sample.boxes, sample.labels, sample.scores), (boxes[~told], labels[~told], scores[~told])]
    score = 1 / (1 + np.exp(-proposals['logits'].max(-1)))
    label = proposals['logits'].argmax(-1)
    likely = score > UNSURE
    boxes, labels, _ = suppress(proposals['boxes'][likely], label[likely], score[likely])
    wrong = inside(boxes, sample.labelled_regions) & ~inside(boxes, sample.ignored_regions)
    wrong &= (iou(boxes, sample.boxes) < OTHER).all(1)
    parts.append((boxes[wrong], labels[wrong], np.zeros(int(wrong.sum()), np.float32)))
    return (np.concatenate(values) for values in zip(*parts))


def propose(encoder: Proposals, canvases: list[np.ndarray]) -> dict[str, np.ndarray]:
    with torch.no_grad():
        found = encoder(torch.from_numpy(np.stack(canvases)))
    return {name: x.numpy() for name, x in found.items()}


def store(path: Path, encoder: Proposals, teacher: Yolox, samples: list[Sample]) -> None:
    """Writes one part: proposals [V, K, ...] and the objects of all views in a row, `offsets` [V + 1]."""
    found = [propose(encoder, [s.canvas for s in samples[i : i + 8]]) for i in range(0, len(samples), 8)]
    found = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    objects = [
        tuple(objects_of(sample, {name: x[i] for name, x in found.items()}, teacher))
        for i, sample in enumerate(samples)
    ]
    boxes, labels, scores = (np.concatenate(values) for values in zip(*objects))
    offsets = np.cumsum([0] + [len(labels) for _, labels, _ in objects])
    found['logits'] = found['logits'].astype(np.float16)
    temporary = path.with_suffix('.part.npz')
    objects = dict(object_boxes=boxes, object_labels=labels, object_scores=scores, offsets=offsets)
    np.savez(temporary, **found, **objects)
    os.replace(temporary, path)


def path_of(out: Path, part: int) -> Path:
    return out / ('held.npz' if part == HELD else f'views-{part:04d}.npz')


def one_thread() -> None:
    torch.set_num_threads(1)


class Maker:
    """Makes one part in a worker; the models are opened there, at the first."""

    def __init__(self, options: argparse.Namespace, pool: Pool, held: list):
        self.options, self.pool, self.held = options, pool, held

    @cached_property
    def encoder(self) -> Proposals:
        return Proposals(NanoDet(self.options.encoder), NUM_BOXES).eval()

    @cached_property
    def teacher(self) -> Yolox:
        return Yolox(self.options.teacher, num_threads=1)

    def samples(self, part: int) -> list[Sample]:
        size = self.encoder.encoder.size
        if part == HELD:
            return [letterbox(load_picture(image), size) for image in self.held]
        rng = np.random.default_rng([self.options.seed, part])
        drawn = ([self.pool.draw(rng) for _ in range(4)] for _ in range(VIEWS_A_PART))
        changes = AugmentOptions(scale=tuple(self.options.scale), mosaic=self.options.mosaic)
        return [augment(four, size, changes, rng) for four in drawn]

    def __call__(self, part: int) -> Path:
        path = path_of(self.options.out, part)
        store(path, self.encoder, self.teacher, self.samples(part))
        return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', type=Path)
    parser.add_argument('--images', type=Path, required=True)
    parser.add_argument('--annotations', type=Path, required=True)
    parser.add_argument('--split')
    parser.add_argument('--hold-out', type=int, default=40, help='labelled pictures kept to choose by')
    parser.add_argument('--unlabelled', type=Path, nargs='*', default=[], help='folders of pictures')
    parser.add_argument('--share-labelled', type=float, default=0.6)
    parser.add_argument('--encoder', type=Path, required=True, help='nanodet.json')
    parser.add_argument('--teacher', type=Path, required=True, help='yolox_nano.onnx')
    parser.add_argument('--scale', type=float, nargs=2, default=AugmentOptions.scale, help='of the fitting size')
    parser.add_argument('--mosaic', type=float, default=AugmentOptions.mosaic, help='share of the views')
    parser.add_argument('--views', type=int, default=12000)
    parser.add_argument('--workers', type=int, default=os.cpu_count())
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()

    images, _ = read_coco(options.images, options.annotations, options.split)
    held, images = images[: options.hold_out], images[options.hold_out :]
    unlabelled = sorted(path for folder in options.unlabelled for path in folder.glob('*.jpg'))
    pool = Pool(images, unlabelled, options.share_labelled)
    make = Maker(options, pool, held)
    options.out.mkdir(parents=True, exist_ok=True)
    print(f'{len(images)} labelled pictures, {len(held)} held out, {len(unlabelled)} without labels')
    parts = [HELD] if held else []
    parts += range(-(-options.views // VIEWS_A_PART))
    parts = [part for part in parts if not path_of(options.out, part).exists()]
    # a process a core, one thread each: small convolutions do not share well
    with get_context('spawn').Pool(options.workers, one_thread) as workers:
        for done, path in enumerate(workers.imap_unordered(make, parts), 1):
            print(f'{path}: {done} of {len(parts)}', flush=True)


if __name__ == '__main__':
    main()
