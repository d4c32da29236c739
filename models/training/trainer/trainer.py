"""One step of training and all that has to outlive it."""
import copy
import math
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from trainer.batches import moved
from networks.detector import build
from trainer.runs import CHECKPOINT, read_checkpoint, replace

LEAST_RATE = 0.02  # of the learning rate is left at the end
EPS = 1e-8  # of Adam


class Trainer:
    """The model, its average, its optimiser and the number of steps done.

    config: that of `train.py`; device: this process's; rank, world: which process it is, of how many
    The randomness of a step depends on its number only, so that a run that goes on differs in nothing from
    one that was never stopped."""

    def __init__(self, config: dict, device: torch.device, rank: int = 0, world: int = 1):
        self.config, self.device, self.rank, self.world = config, device, rank, world
        torch.manual_seed(config['seed'])
        self.detector = build(config).to(device)
        self.average = copy.deepcopy(self.detector).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            groups(self.detector, config), betas=(0.9, config['beta2']), eps=EPS, fused=device.type == 'cuda'
        )
        ids = [device.index] if device.type == 'cuda' else None
        self.parallel = DistributedDataParallel(self.detector, ids) if world > 1 else self.detector
        self.step, self.seconds = 0, 0.0

    def update(self, batches: Iterator[dict], progress: float) -> dict[str, Tensor]:
        """Takes one step on `accumulate` batches. progress: share of the run that is done, 0 to 1.
        Returns the losses and the norm of the gradient before it is clipped, on the device."""
        config, count = self.config, self.config['accumulate']
        torch.manual_seed(config['seed'] + self.step * self.world + self.rank)
        rate = learning_rate(self.step, progress, config['warm_up'])
        for group in self.optimiser.param_groups:
            group['lr'] = config['lr'] * group['share'] * rate
        self.parallel.train()
        self.optimiser.zero_grad()
        sums: dict[str, Tensor] = {}
        for i in range(count):
            # gradients of several processes are exchanged once, with the last batch
            is_silent = self.world > 1 and i < count - 1
            with self.parallel.no_sync() if is_silent else nullcontext():
                parts = self.parallel(moved(next(batches), self.device))
                (sum(parts.values()) / count).backward()
            for name, part in parts.items():
                sums[name] = sums.get(name, 0) + part.detach() / count
        norm = nn.utils.clip_grad_norm_(self.detector.parameters(), config['clip'])
        self.optimiser.step()
        self.step += 1
        self.follow(min(config['ema'], (1 + self.step) / (10 + self.step)))
        return {**sums, 'gradient': norm.detach()}

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        """Moves the average towards the model; what batch norm counts is copied."""
        for mean, now in zip(self.average.parameters(), self.detector.parameters()):
            mean.lerp_(now, 1 - decay)
        for mean, now in zip(self.average.buffers(), self.detector.buffers()):
            mean.copy_(now)

    @torch.no_grad()
    def held_losses(self, batches: Iterable[dict]) -> dict[str, float]:
        """Losses of the averaged model, each batch by the number of its pictures."""
        sums, total = {}, 0
        for batch in batches:
            size = len(batch['inputs'])
            for name, part in self.average(moved(batch, self.device)).items():
                sums[name] = sums.get(name, 0.0) + part.item() * size
            total += size
        return {name: value / total for name, value in sums.items()}

    def save(self, folder: Path) -> None:
        state = {
            'model': self.detector.state_dict(),
            'average': self.average.state_dict(),
            'optimiser': self.optimiser.state_dict(),
            'step': self.step,
            'seconds': self.seconds,
        }
        replace(folder / CHECKPOINT, lambda path: torch.save(state, path))

    def resume(self, folder: Path) -> None:
        """Goes on from the folder's checkpoint."""
        state = read_checkpoint(folder)
        self.detector.load_state_dict(state['model'])
        self.average.load_state_dict(state['average'])
        self.optimiser.load_state_dict(state['optimiser'])
        self.step, self.seconds = state['step'], state['seconds']


def groups(detector: nn.Module, config: dict) -> list[dict]:
    """The parameters by their learning rate (`share` of it, less for a pretrained encoder) and their weight
    decay, which only matrices and kernels have."""
    found: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in detector.named_parameters():
        if parameter.requires_grad:
            key = (name.startswith('encoder.'), parameter.dim() > 1)
            found.setdefault(key, []).append(parameter)
    return [
        {
            'params': parameters,
            'share': config['encoder_rate'] if is_encoder else 1.0,
            'weight_decay': config['weight_decay'] if is_matrix else 0.0,
        }
        for (is_encoder, is_matrix), parameters in found.items()
    ]


def learning_rate(step: int, progress: float, warm_up: int) -> float:
    """Share of the learning rate at a step: up in a line over `warm_up` steps, down in half a cosine over the
    run, `progress` 0 to 1."""
    fall = LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
    return min(1.0, (step + 1) / max(warm_up, 1)) * fall
