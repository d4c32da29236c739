"""Compares what a run reads in PyTorch with what the package reads from its model folder: the same tokens of
every picture, or exit code 1.

    python parity.py RUN MODEL --images DIR

Both read greedily and go on for the same number of objects. The weights in PyTorch are rounded as those of
the folder are. Besides, the logits of the folder's graphs are compared, by onnxruntime in Python."""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image
from torch import Tensor

from export import Eye, open_eye
from data.placing import Picture, letterbox, no_boxes
from networks.reader import read

READER = Path(__file__).with_name('graphs') / 'read_tokens.mjs'
AT_ONCE = 8  # pictures that PyTorch reads side by side


def pictures_of(folder: Path) -> list[Path]:
    """Raises ValueError where there are none."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in ('.jpg', '.jpeg', '.png'))
    if not paths:
        raise ValueError(f'`{folder}` holds no .jpg, .jpeg or .png')
    return paths


def canvas_of(path: Path, size: int) -> np.ndarray:
    """uint8 [S, S, 3], fitted as at run time."""
    pixels = np.asarray(Image.open(path).convert('RGB'))
    nothing = np.zeros(0, np.int64), np.zeros(0, np.float32)
    return letterbox(Picture(pixels, no_boxes(), *nothing), size).canvas


@torch.no_grad()
def read_by_torch(eye: Eye, canvases: np.ndarray, count: int) -> np.ndarray:
    """Tokens int64 [pictures, 5 count]."""
    vocabulary, parts = eye.decoder.vocabulary, []
    for i in range(0, len(canvases), AT_ONCE):
        memory = eye(torch.from_numpy(canvases[i : i + AT_ONCE]))
        reading = read(eye.decoder, memory, vocabulary, count)
        classes = vocabulary.class_base + reading.classes.argmax(-1, keepdim=True)
        parts.append(torch.cat([reading.tokens, classes], -1).flatten(1))
    return torch.cat(parts).numpy()


def read_by_package(model: Path, canvases: np.ndarray, count: int) -> np.ndarray:
    """Tokens int64 [pictures, 5 count]. Raises CalledProcessError where the package fails; it says why."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f'{i}.rgb' for i in range(len(canvases))]
        for path, canvas in zip(paths, canvases):
            path.write_bytes(canvas.tobytes())
        command = ['node', READER, model, str(count), *paths]
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return np.array([json.loads(line) for line in lines.splitlines()])


def open_graph(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])


class Graphs:
    """A model folder in Python's onnxruntime."""

    def __init__(self, model: Path):
        self.encoder, self.decoder = (open_graph(model / f'{name}.onnx') for name in ('encoder', 'decoder'))

    def logits(self, canvas: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """uint8 [S, S, 3] and int64 [1, T] -> [T, V]"""
        names = [output.name for output in self.encoder.get_outputs() if output.name.startswith('memory.')]
        feeds = dict(zip(names, self.encoder.run(names, {'image': canvas[None]})))
        feeds |= {'tokens': tokens, 'position': np.zeros(1, np.int64)}
        feeds['past'] = np.zeros((1, 0, self.decoder.get_inputs()[2].shape[2]), np.float32)
        return self.decoder.run(['logits'], feeds)[0][0]


@torch.no_grad()
def logits_of(eye: Eye, canvas: np.ndarray, tokens: np.ndarray) -> Tensor:
    """uint8 [S, S, 3] and int64 [1, T] -> [T, V]"""
    memory = eye(torch.from_numpy(canvas[None]))
    logits, *_ = eye.decoder(torch.from_numpy(tokens), torch.zeros(1, 0, eye.decoder.cache_width), memory)
    return logits[0]


def fed(eye: Eye, read: np.ndarray) -> np.ndarray:
    """What is fed to read the tokens [5 count]: the prompt first, noise in the place of every class.
    int64 [1, 5 count]"""
    vocabulary = eye.decoder.vocabulary
    tokens = read.copy()
    tokens[4::5] = vocabulary.noise
    return np.concatenate([[vocabulary.prompt], tokens[:-1]])[None].astype(np.int64)


def compare(eye: Eye, model: Path, canvases: np.ndarray, count: int) -> bool:
    """Prints what is equal. Returns whether all is."""
    ours, theirs = read_by_torch(eye, canvases, count), read_by_package(model, canvases, count)
    graphs, furthest, num_ties = Graphs(model), 0.0, 0
    is_equal = (ours == theirs).all(1)
    for canvas, tokens, other, same in zip(canvases, ours, theirs, is_equal):
        logits = logits_of(eye, canvas, fed(eye, tokens)).numpy()
        difference = float(np.abs(logits - graphs.logits(canvas, fed(eye, tokens))).max())
        furthest = max(furthest, difference)
        if not same:
            first = int(np.argmax(tokens != other))
            ahead = float(logits[first, tokens[first]] - logits[first, other[first]])
            num_ties += ahead <= 2 * difference
            print(f'token {first}: {tokens[first]}, the package {other[first]}, {ahead:.1e} less likely')
    print(f'{is_equal.sum()} of {len(canvases)} pictures equal, {5 * count} tokens each')
    print(f'{num_ties} of the others begin with a tie, no wider than twice the difference of logits')
    print(f'largest difference of logits {furthest:.1e}')
    return bool(is_equal.all())


def main() -> None:
    as_it_is = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_it_is)
    parser.add_argument('run', type=Path, help='folder of a run of train.py')
    parser.add_argument('model', type=Path, help='folder that export.py wrote of it')
    parser.add_argument('--images', type=Path, required=True, help='folder of pictures')
    parser.add_argument('--pictures', type=int, default=50)
    parser.add_argument('--objects', type=int, default=12, help='read of each picture')
    parser.add_argument('--encoder-weights', type=Path, help='nanodet.json, of a run on stored views')
    options = parser.parse_args()
    paths = pictures_of(options.images)[: options.pictures]
    eye, config = open_eye(options.run, options.encoder_weights)
    canvases = np.stack([canvas_of(path, config['image_size']) for path in paths])
    sys.exit(0 if compare(eye, options.model, canvases, options.objects) else 1)


if __name__ == '__main__':
    main()
