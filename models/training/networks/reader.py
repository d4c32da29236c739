"""Reads objects out greedily, many pictures at once: to watch a training and to compare with the runtime."""
from typing import NamedTuple

import torch
from torch import Tensor

from sequences.vocabulary import Vocabulary


class Reading(NamedTuple):
    """M objects of each of B pictures, as if nothing had stopped the reading."""

    tokens: Tensor  # int64 [B, M, 4] coordinates
    classes: Tensor  # [B, M, classes] probabilities
    noise: Tensor  # [B, M] probability of no object
    end: Tensor  # [B, M] probability of the end in front of the object


@torch.no_grad()
def read(decoder, memory: dict[str, Tensor], vocabulary: Vocabulary, count: int) -> Reading:
    """Arg-max at every place; the class position is always fed noise."""
    v = vocabulary
    batch = next(iter(memory.values())).shape[0]
    past = torch.zeros(batch, 0, decoder.cache_width)
    feed = lambda *tokens: torch.stack(tokens, 1)
    same = lambda token: torch.full((batch,), token)
    logits, past, *_ = decoder(feed(same(v.prompt)), past, memory)
    objects = []
    for _ in range(count):
        ahead = logits[:, -1].softmax(-1)
        end, box = ahead[:, v.eos], []
        for _ in range(3):
            box.append(coordinate(logits[:, -1], v))
            logits, rows, *_ = decoder(feed(box[-1]), past, memory)
            past = torch.cat([past, rows], 1)
        box.append(coordinate(logits[:, -1], v))
        logits, rows, *_ = decoder(feed(box[-1], same(v.noise)), past, memory)
        past = torch.cat([past, rows], 1)
        chosen = logits[:, 0].softmax(-1)
        classes = chosen[:, v.class_base : v.class_base + v.num_classes]
        objects.append((torch.stack(box, 1), classes, chosen[:, v.noise], end))
    return Reading(*(torch.stack(values, 1) for values in zip(*objects)))


def coordinate(logits: Tensor, vocabulary: Vocabulary) -> Tensor:
    """The likeliest coordinate token [B]."""
    return vocabulary.coordinate_base + logits[:, vocabulary.coordinate_base :].argmax(-1)
