"""A run's folder: `config.json` has all flags, `checkpoint.pt` all that a run needs to go on, `log.ndjson`
what happened, `curves.png` the same as a picture."""
import json
import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from networks.detector import build
from sequences.vocabulary import Vocabulary

CONFIG, CHECKPOINT, LOG, CURVES = 'config.json', 'checkpoint.pt', 'log.ndjson', 'curves.png'
# flags that may differ when a run goes on: how long, how often, with how many hands
FREE = ('run', 'minutes', 'steps', 'checkpoint_minutes', 'workers', 'resume')


def open_run(folder: str | Path) -> tuple[nn.Module | None, nn.Module, Vocabulary, dict]:
    """The model of a run, averaged weights, on the CPU, for reading.

    Returns the encoder, None where the run had stored views; the decoder; its vocabulary; the flags.
    Raises ValueError where the folder holds no checkpoint."""
    config = read_config(folder)
    detector = build(config)
    detector.load_state_dict(read_checkpoint(folder)['average'])
    detector.eval().requires_grad_(False)
    return detector.encoder, detector.decoder, detector.decoder.vocabulary, config


def read_config(folder: str | Path) -> dict:
    path = Path(folder) / CONFIG
    if not path.is_file():
        raise ValueError(f'`{path}` does not exist; name the folder of a run of train.py')
    return json.loads(path.read_text(encoding='utf8'))


def read_checkpoint(folder: str | Path) -> dict:
    """`model`, `average` and `optimiser` states, `step`, and `seconds` of all parts of the run."""
    path = Path(folder) / CHECKPOINT
    if not path.is_file():
        raise ValueError(f'`{path}` does not exist; the run has not come to its first checkpoint')
    return torch.load(path, map_location='cpu', weights_only=True)


def write_config(folder: Path, config: dict) -> None:
    """Writes the flags of a new run, or checks that they are those of the run that goes on.

    Raises ValueError where the folder holds a run and `resume` is not said, or another flag differs."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / CHECKPOINT).exists():
        if not config['resume']:
            raise ValueError(f'`{folder}` holds a run; add --resume, or name another folder')
        old = read_config(folder)
        differing = [name for name in config if name not in FREE and config[name] != old.get(name)]
        if differing:
            name = differing[0]
            raise ValueError(
                f'The run in `{folder}` has {name} {old.get(name)!r}, not {config[name]!r}; start a new run'
            )
    text = json.dumps(config, indent=2) + '\n'
    replace(folder / CONFIG, lambda path: path.write_text(text, encoding='utf8'))


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Writes a file beside the old one and puts it in its place: there is a whole one at all times."""
    temporary = path.with_name(f'{path.name}.part')
    write(temporary)
    os.replace(temporary, path)


class Log:
    """Lines of JSON with a `step` each."""

    def __init__(self, path: Path, first_step: int):
        """Keeps the lines up to a step; the later ones are of a run that was cut off."""
        self.path = path
        lines = read_log(path) if path.exists() else []
        kept = ''.join(json.dumps(line) + '\n' for line in lines if line['step'] <= first_step)
        replace(path, lambda temporary: temporary.write_text(kept, encoding='utf8'))

    def write(self, **line: float) -> None:
        with self.path.open('a', encoding='utf8') as file:
            file.write(json.dumps(line) + '\n')


def read_log(path: Path) -> list[dict]:
    """All whole lines; the last may be cut off."""
    lines = path.read_text(encoding='utf8').split('\n')[:-1]
    return [json.loads(line) for line in lines]
