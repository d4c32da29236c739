"""Step 2: trains a decoder on stored views, or with its encoder on pictures, by teacher forcing.

    python train.py RUN --decoder copying --views VIEWS --minutes 60 --resume
    torchrun --nproc-per-node 8 train.py RUN --decoder plain --encoder resnet50 ... --resume

Runs on a CPU, where `OMP_NUM_THREADS` says how many threads, on a GPU (`plain` in bfloat16) or on several.
`--help` lists the flags; `trainer/runs.py` says what the folder then holds."""
import math
import os
import time
from pathlib import Path

import torch
import torch.distributed as dist

from data.augment import AugmentOptions
from trainer.batches import PictureBatches, Recipe, ViewBatches, stream
from data.coco import read_coco, read_labels
from networks.copying import CopyingOptions
from trainer.curves import draw
from networks.nanodet import NUM_CLASSES
from trainer.options import parse, wants_views
from trainer.runs import CHECKPOINT, CURVES, LOG, Log, write_config
from sequences.sequences import SequenceOptions
from sequences.old_drafts import OldDraftOptions
from trainer.trainer import Trainer
from trainer.views import Views
from sequences.vocabulary import Vocabulary

LOG_SECONDS = 10  # between two lines


def open_data(config: dict) -> tuple[list[tuple[int, str]], object, object | None]:
    """The labels, the batches to train on and those held out, if there are any.

    Raises ValueError where the files do not fit together."""
    labels, open_batches = of_views(config) if wants_views(config) else of_pictures(config)
    vocabulary = Vocabulary(bins=config['bins'], num_classes=len(labels))
    options = SequenceOptions(
        max_objects=config['max_objects'],
        order=config['order'],
        noise=config['noise'],
        eos_weight=config['eos_weight'],
        class_input=config['class_input'],
    )
    recipe = Recipe(vocabulary, options, OldDraftOptions(probability=config['stale']), config['rehearse'])
    return labels, *open_batches(recipe)


def of_views(config: dict):
    """The labels, and what makes both kinds of batches by a recipe; the arrays are read then."""
    folder = Path(config['views'])
    paths, held = sorted(folder.glob('views-????.npz')), folder / 'held.npz'
    if not paths:
        raise ValueError(f'`{folder}` holds no views; make some with prepare.py')
    num_boxes = CopyingOptions().num_boxes

    def open_batches(recipe: Recipe):
        batches = lambda of: ViewBatches(Views(of), config['batch'], num_boxes, recipe, config['seed'])
        return batches(paths), batches([held]) if held.exists() else None

    return read_labels(config['labels_file']), open_batches


def of_pictures(config: dict):
    """The same, of one or more folders of pictures; those held out are the first of the first."""
    splits = [config['split']] + [None] * (len(config['images']) - 1)
    sets = [read_coco(*of) for of in zip(config['images'], config['annotations'], splits)]
    labels = sets[0][1]
    if any(other != labels for _, other in sets):
        raise ValueError(f'The files {config["annotations"]} have not the same categories')
    if config['decoder'] == 'copying' and len(labels) != NUM_CLASSES:
        raise ValueError(f'NanoDet knows {NUM_CLASSES} labels, the annotations have {len(labels)}')
    held, first = sets[0][0][: config['hold_out']], sets[0][0][config['hold_out'] :]
    images = (first + [image for pictures, _ in sets[1:] for image in pictures])[: config['pictures']]
    if not images:
        raise ValueError(f'--hold-out {config["hold_out"]} leaves no picture to train on')

    def open_batches(recipe: Recipe):
        of = lambda images, options: PictureBatches(
            images, config['image_size'], config['batch'], options, recipe, config['seed']
        )
        return of(images, AugmentOptions() if config['augment'] else None), of(held, None) if held else None

    return labels, open_batches


def progress_of(trainer: Trainer, seconds: float) -> float:
    """Share of the run that is done; all processes go by the clock of the first."""
    config = trainer.config
    shares = [trainer.step / config['steps']] if config['steps'] else []
    if config['minutes']:
        shares.append(seconds / (60 * config['minutes']))
    share = min(max(shares), 1.0)
    if trainer.world == 1 or not config['minutes']:
        return share
    shared = torch.tensor(share, device=trainer.device)
    dist.broadcast(shared, 0)
    return shared.item()


class Watch:
    """Writes the log, the progress, checkpoints and curves; of several processes only the first does."""

    def __init__(self, trainer: Trainer, folder: Path, held):
        self.trainer, self.folder, self.held = trainer, folder, held
        self.log = Log(folder / LOG, trainer.step)
        self.told = self.saved = time.monotonic()
        self.parts: list[dict[str, torch.Tensor]] = []
        self.waited = 0.0

    def see(self, losses: dict[str, torch.Tensor], waited: float, progress: float, is_last: bool) -> None:
        """waited: seconds that the step stood still for its batches."""
        self.parts.append(losses)
        self.waited += waited
        now = time.monotonic()
        is_due = is_last or now - self.saved >= 60 * self.trainer.config['checkpoint_minutes']
        if is_due or now - self.told >= LOG_SECONDS:
            self.tell(now, progress)
        if is_due:
            self.keep()

    def tell(self, now: float, progress: float) -> None:
        trainer, config, count = self.trainer, self.trainer.config, len(self.parts)
        mean = {name: sum(part[name] for part in self.parts).item() / count for name in self.parts[0]}
        if not all(map(math.isfinite, mean.values())):
            raise FloatingPointError(f'Losses at step {trainer.step}: {mean}; go on with a smaller --lr')
        speed = count * config['batch'] * config['accumulate'] * trainer.world / (now - self.told)
        left = trainer.seconds * (1 - progress) / max(progress, 1e-6) / 60
        rate = trainer.optimiser.param_groups[-1]['lr']
        waited = self.waited / (now - self.told)
        text = '  '.join(f'{name} {value:.3f}' for name, value in mean.items())
        print(
            f'step {trainer.step}  {progress:.0%}, {left:.1f} min left  {speed:.1f} samples/s  '
            f'{waited:.0%} waiting for batches  lr {rate:.1e}  {text}',
            flush=True,
        )
        line = {'seconds': round(trainer.seconds, 1), 'lr': rate, 'samples_per_second': round(speed, 2)}
        self.log.write(step=trainer.step, **line, waiting=round(waited, 4), train=mean)
        self.parts, self.waited, self.told = [], 0.0, now

    def keep(self) -> None:
        self.trainer.save(self.folder)
        if self.held is not None:
            held = self.trainer.held_losses(self.held.all())
            print('held out  ' + '  '.join(f'{name} {value:.3f}' for name, value in held.items()), flush=True)
            self.log.write(step=self.trainer.step, held=held)
        draw(self.folder / LOG, self.folder / CURVES)
        self.saved = time.monotonic()


def train(config: dict, device: torch.device, rank: int, world: int) -> None:
    """Trains until the run's end.

    Raises ValueError where flags and files do not fit, FloatingPointError where a loss is no number."""
    folder = Path(config['run'])
    labels, batches, held = open_data(config)
    config = {**config, 'labels': [list(label) for label in labels]}
    if rank == 0:
        write_config(folder, config)
    trainer = Trainer(config, device, rank, world)
    if (folder / CHECKPOINT).exists():
        trainer.resume(folder)
    watch = Watch(trainer, folder, held) if rank == 0 else None
    first = trainer.step * config['accumulate'] * world + rank
    source = stream(batches, first, world, config['workers'], device.type == 'cuda')
    begin = time.monotonic() - trainer.seconds
    progress = progress_of(trainer, trainer.seconds)
    while progress < 1:
        asked = time.monotonic()
        ahead = [next(source) for _ in range(config['accumulate'])]
        waited = time.monotonic() - asked
        losses = trainer.update(iter(ahead), progress)
        trainer.seconds = time.monotonic() - begin
        progress = progress_of(trainer, trainer.seconds)
        if watch is not None:
            watch.see(losses, waited, progress, progress >= 1)


def main() -> None:
    config = parse()
    rank, world = (int(os.environ.get(name, default)) for name, default in (('RANK', 0), ('WORLD_SIZE', 1)))
    has_gpu = torch.cuda.is_available()
    device = torch.device('cuda', int(os.environ.get('LOCAL_RANK', 0))) if has_gpu else torch.device('cpu')
    if has_gpu:
        torch.cuda.set_device(device)
    if world > 1:
        dist.init_process_group('nccl' if has_gpu else 'gloo')
    try:
        train(config, device, rank, world)
    finally:
        if world > 1:
            dist.destroy_process_group()


if __name__ == '__main__':
    main()
