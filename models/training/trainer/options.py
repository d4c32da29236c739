"""The flags of `train.py`. What is not said is the default of the decoder: for `copying` what the bundled
model was trained with, for `plain` the official configuration, as far as it fits."""
import argparse
import os
from pathlib import Path

from networks.backbones import ENCODERS, MODEL_SIZES
from networks.detector import LOSSES
from sequences.sequences import CLASS_INPUTS, ORDERS

COCO_LABELS = Path(__file__).resolve().parents[2] / 'nano' / 'model.json'

NUM_WORKERS = min(4, max(1, (os.cpu_count() or 1) - 1))
PRETRAINED_RATE = 0.1  # of the learning rate, for an encoder that is good already

DEFAULTS = {
    # the starting point is a greedy reader of a pretrained encoder, and little is left to learn
    'copying': {
        'bins': 500,
        'max_objects': 16,
        'class_input': 'noise',
        'order': 'score',
        'lr': 1e-2,
        'beta2': 0.98,
        'batch': 16,
        'warm_up': 100,
        'ema': 0.998,
    },
    # ten times the official rate, which is for fine-tuning: here nothing but NanoDet is pretrained
    'plain': {
        'bins': 1000,
        'max_objects': 100,
        'class_input': 'random or noise',
        'order': 'random',
        'lr': 3e-4,
        'beta2': 0.95,
        'batch': 32,
        'warm_up': 500,
        'ema': 0.999,
    },
}


def told(decoder: str) -> str:
    """The defaults of a decoder, for people."""
    return f'{decoder}: ' + ', '.join(f'{name} {value}' for name, value in DEFAULTS[decoder].items())


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        description='Trains a decoder, and an encoder with it. The same command with --resume goes on.',
        epilog='Defaults by decoder: ' + '; '.join(map(told, DEFAULTS)),
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    top.add_argument('run', type=Path, help='folder for the run')
    top.add_argument('--decoder', choices=tuple(DEFAULTS), required=True)

    data = top.add_argument_group('data: views of prepare.py, or pictures and annotations (COCO)')
    data.add_argument('--views', type=Path, help='of `copying` without --end-to-end')
    data.add_argument('--images', type=Path, nargs='+', default=[], help='folders of pictures')
    data.add_argument('--annotations', type=Path, nargs='+', default=[], help='a file for each folder')
    data.add_argument('--split', help='of the first folder: the pictures whose entry says so')
    data.add_argument('--hold-out', type=int, default=40, help='pictures of the first folder to compare by')
    data.add_argument('--pictures', type=int, help='at most that many, to be learnt by heart')
    data.add_argument('--no-augment', dest='augment', action='store_false', help='pictures as they are')
    data.add_argument(
        '--labels', dest='labels_file', type=Path, default=COCO_LABELS, help='of views: a model.json'
    )

    model = top.add_argument_group('model')
    model.add_argument('--end-to-end', action='store_true', help='`copying` from pictures, encoder and all')
    model.add_argument('--encoder', choices=ENCODERS, default='nanodet', help='of `plain`')
    model.add_argument('--encoder-weights', type=Path, help='nanodet.json')
    model.add_argument('--model-size', choices=MODEL_SIZES, default='small', help='of `plain`')
    model.add_argument('--image-size', type=int, default=416, help='pixels, a multiple of 32')
    model.add_argument('--freeze', action='store_true', help='the encoder learns nothing')
    model.add_argument('--dropout', type=float, default=0.1, help='of `plain`')
    model.add_argument('--drop-path', type=float, default=0.1, help='of `plain`')

    sequence = top.add_argument_group('sequences')
    by_decoder = {'default': argparse.SUPPRESS}
    sequence.add_argument('--bins', type=int, **by_decoder)
    sequence.add_argument('--max-objects', type=int, **by_decoder)
    sequence.add_argument('--order', choices=ORDERS, **by_decoder)
    sequence.add_argument('--no-noise', dest='noise', action='store_false', help='nothing behind the objects')
    sequence.add_argument('--eos-weight', type=float, default=0.1, help='of padding, in the published loss')
    sequence.add_argument('--class-input', choices=CLASS_INPUTS, **by_decoder)
    sequence.add_argument('--stale', type=float, default=0.5, help='share of sequences with a stale prefix')

    sequence.add_argument(
        '--rehearse', type=float, default=0.8, help='of views: share of sequences as they are read at run time'
    )

    learning = top.add_argument_group('learning')
    learning.add_argument('--loss', choices=LOSSES, default='published', help='of `plain`')
    learning.add_argument('--lr', type=float, **by_decoder)
    learning.add_argument(
        '--encoder-rate', type=float, help='share for the encoder: 0.1 for NanoDet, else 1', **by_decoder
    )
    learning.add_argument('--batch', type=int, help='pictures of each process and step', **by_decoder)
    learning.add_argument('--accumulate', type=int, default=1, help='batches a step')
    learning.add_argument('--beta2', type=float, **by_decoder)
    learning.add_argument('--weight-decay', type=float, default=0.05)
    learning.add_argument('--clip', type=float, default=1.0, help='largest norm of the gradient')
    learning.add_argument('--warm-up', type=int, help='steps', **by_decoder)
    learning.add_argument('--ema', type=float, help='decay of the average', **by_decoder)
    learning.add_argument('--seed', type=int, default=0)

    run = top.add_argument_group('run')
    run.add_argument('--minutes', type=float, help='ends then, with --steps whichever is first')
    run.add_argument('--steps', type=int)
    run.add_argument('--checkpoint-minutes', type=float, default=5.0)
    run.add_argument('--workers', type=int, default=NUM_WORKERS, help='processes that make batches')
    run.add_argument('--resume', action='store_true', help='goes on from the checkpoint, if there is one')
    return top


def parse(arguments: list[str] | None = None) -> dict:
    """The flags by name, as JSON can have them; paths are absolute.

    Ends the program where flags do not fit together."""
    top = parser()
    given = vars(top.parse_args(arguments))
    config = {**DEFAULTS[given['decoder']], **given}
    if config['minutes'] is None and config['steps'] is None:
        top.error('say --minutes or --steps')
    if len(config['images']) != len(config['annotations']):
        top.error('--images and --annotations go in pairs')
    if wants_views(config) != (config['views'] is not None) or wants_views(config) == bool(config['images']):
        top.error('`copying` wants --views; `plain` or --end-to-end wants --images and --annotations')
    if not wants_views(config) and has_nanodet(config) and config['encoder_weights'] is None:
        top.error('say with --encoder-weights where nanodet.json is')
    if config['decoder'] == 'copying' and config['encoder'] != 'nanodet':
        top.error('`copying` copies what NanoDet proposes: --encoder nanodet')
    config.setdefault('encoder_rate', PRETRAINED_RATE if has_nanodet(config) else 1.0)
    if config['image_size'] % 32:
        top.error('--image-size wants a multiple of 32')
    return {name: as_text(value) for name, value in config.items()}


def wants_views(config: dict) -> bool:
    return config['decoder'] == 'copying' and not config['end_to_end']


def has_nanodet(config: dict) -> bool:
    return config['decoder'] == 'copying' or config['encoder'] == 'nanodet'


def as_text(value: object) -> object:
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return str(value.resolve()) if isinstance(value, Path) else value
