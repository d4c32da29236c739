"""Batches to train on, each made of its number alone: a run that goes on gets those that it would have got,
whatever the number of workers."""
import itertools
from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from data.augment import AugmentOptions, augment
from data.coco import LabelledImage, load_picture
from data.placing import Sample, letterbox
from sequences.sequences import Sequence, SequenceOptions, build_sequence
from sequences.old_drafts import OldDraftOptions, old_draft_prefix
from trainer.views import Views, batch_of, draw_objects, stack
from sequences.vocabulary import Vocabulary


class Recipe:
    """How sequences are made of objects. rehearse: see `views.batch_of`; pictures have none of that, since
    what the encoder proposes is not known yet."""

    def __init__(self, vocabulary: Vocabulary, options: SequenceOptions, stale: OldDraftOptions, rehearse: float):
        self.vocabulary, self.options, self.stale, self.rehearse = vocabulary, options, stale, rehearse

    def sequence(self, sample: Sample, rng: np.random.Generator) -> Sequence:
        """Of a picture; a teacher's label is as certain as its score."""
        certain = (sample.boxes, sample.scores)
        drawn = draw_objects(sample.boxes, sample.labels, sample.scores, *certain, rng)
        disturb = lambda slots: old_draft_prefix(slots, self.stale, rng)
        return build_sequence(*drawn, self.vocabulary, self.options, rng, disturb=disturb)

    def unspoilt(self) -> 'Recipe':
        """The same without stale prefixes, to compare by."""
        return Recipe(self.vocabulary, self.options, OldDraftOptions(probability=0), self.rehearse)


class ViewBatches(Dataset):
    """Of stored views: `proposals`, the arguments of `CopyingDecoder.memory`, and what `batch_of` gives."""

    def __init__(self, views: Views, batch: int, num_boxes: int, recipe: Recipe, seed: int):
        self.views, self.batch, self.num_boxes, self.recipe, self.seed = views, batch, num_boxes, recipe, seed

    def __getitem__(self, number: int) -> dict:
        rng = np.random.default_rng([self.seed, number])
        return self.of(rng.integers(0, len(self.views), self.batch), self.recipe, rng)

    def of(self, picked: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> dict:
        how = (recipe.vocabulary, recipe.options, recipe.stale, recipe.rehearse)
        sequences = batch_of(self.views, picked, *how, rng)
        return {'proposals': self.views.memory(picked, self.num_boxes), **sequences}

    def all(self) -> Iterator[dict]:
        """All views in order, the same sequences each time."""
        rng = np.random.default_rng(0)
        for first in range(0, len(self.views), self.batch):
            picked = np.arange(first, min(first + self.batch, len(self.views)))
            yield self.of(picked, self.recipe.unspoilt(), rng)


class PictureBatches(Dataset):
    """Of pictures on disk: `image` uint8 [B, S, S, 3], and what `batch_of` gives.

    options: how pictures are augmented; None: whole, as the runtime fits them"""

    def __init__(
        self,
        images: list[LabelledImage],
        size: int,
        batch: int,
        options: AugmentOptions | None,
        recipe: Recipe,
        seed: int,
    ):
        self.images, self.size, self.batch = images, size, batch
        self.options, self.recipe, self.seed = options, recipe, seed

    def __getitem__(self, number: int) -> dict:
        rng = np.random.default_rng([self.seed, number])
        return self.of([self.sample(rng) for _ in range(self.batch)], self.recipe, rng)

    def sample(self, rng: np.random.Generator) -> Sample:
        if self.options is None:
            return self.whole(self.images[rng.integers(0, len(self.images))])
        picked = rng.integers(0, len(self.images), 4)  # as many as a mosaic takes
        return augment([load_picture(self.images[i]) for i in picked], self.size, self.options, rng)

    def whole(self, image: LabelledImage) -> Sample:
        return letterbox(load_picture(image), self.size)

    def of(self, samples: list[Sample], recipe: Recipe, rng: np.random.Generator) -> dict:
        image = torch.from_numpy(np.stack([sample.canvas for sample in samples]))
        return {'image': image, **stack([recipe.sequence(sample, rng) for sample in samples])}

    def all(self) -> Iterator[dict]:
        """All pictures in order, whole, the same sequences each time."""
        rng = np.random.default_rng(0)
        for first in range(0, len(self.images), self.batch):
            samples = [self.whole(image) for image in self.images[first : first + self.batch]]
            yield self.of(samples, self.recipe.unspoilt(), rng)


class Numbers:
    """first, first + stride, ... without end."""

    def __init__(self, first: int, stride: int):
        self.first, self.stride = first, stride

    def __iter__(self) -> Iterator[int]:
        return itertools.count(self.first, self.stride)


def stream(batches: Dataset, first: int, stride: int, workers: int, pin_memory: bool) -> Iterator[dict]:
    """Batches by their numbers, made ahead by `workers` processes; by 0 of them, when asked for."""
    # a generator of its own, since a loader draws a seed for its workers
    own = torch.Generator()
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=Numbers(first, stride),
        num_workers=workers,
        pin_memory=pin_memory,
        generator=own,
    )
    return iter(loader)


def moved(batch: dict, device: torch.device) -> dict:
    """A batch on a device."""
    put = lambda x: moved(x, device) if isinstance(x, dict) else x.to(device, non_blocking=True)
    return {name: put(x) for name, x in batch.items()}
