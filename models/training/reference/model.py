"""The reference's own model, built from its source with weights by formula."""
import math
import os
import sys
import types
from collections import deque
from pathlib import Path
from typing import Any

os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')  # the reference is written for Keras 2
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

import tensorflow as tf  # noqa: E402

from configurations import Configuration  # noqa: E402
from weights import weight  # noqa: E402

SUFFIX = '/.ATTRIBUTES/VARIABLE_VALUE'


def use_source(folder: Path) -> None:
    """Makes the reference's modules importable. It must be called before the other functions."""
    sys.path.insert(0, str(folder))
    # Only group norm, which no published model has, and unused optimizers need this package; it is no more kept.
    addons = types.ModuleType('tensorflow_addons')
    for name in ('layers', 'optimizers'):
        part = types.ModuleType(f'tensorflow_addons.{name}')
        setattr(addons, name, part)
        sys.modules[part.__name__] = part
    sys.modules['tensorflow_addons'] = addons


def config_of(configuration: Configuration) -> Any:
    """The reference's `ConfigDict` of fine-tuning for detection, or for several tasks; the first is detection."""
    from configs import config_base, config_det_finetune, config_multi_task
    backbone = configuration.backbone
    if configuration.tasks:
        config = config_multi_task.get_config(f'{configuration.tasks},{backbone}')
    else:
        config = config_det_finetune.get_config()
        config.model.pretrained_ckpt = config_det_finetune.get_obj365_pretrained_checkpoint(backbone)
    size = (configuration.image_size, configuration.image_size)
    config.model.image_size = size
    for key, value in {**config_base.architecture_config_map[backbone], **configuration.model}.items():
        config.model[key] = value
    for task in [config.task, *config.tasks]:
        task.image_size = size
        for transform in [*task.train_transforms, *task.eval_transforms]:
            if 'target_size' in transform:
                transform.target_size = size
    return config


def build(config: Any) -> Any:
    """The model with its variables made, as its initialisers have them."""
    from models import ar_model
    model = ar_model.Model(config)
    height, width = config.model.image_size
    model(tf.zeros([1, height, width, 3]), tf.zeros([1, 5], tf.int64), training=False)
    return model


def variables_of(checkpoint: tf.train.Checkpoint) -> dict[str, tf.Variable]:
    """Variables of the model by the keys that they are saved under, without the suffix: the shortest way from
    the checkpoint to each, as its writer goes."""
    view = tf.train.TrackableView(checkpoint)
    found: dict[str, tf.Variable] = {}
    seen = {id(checkpoint)}
    ahead: deque[tuple[str, Any]] = deque([('', checkpoint)])
    while ahead:
        path, thing = ahead.popleft()
        if isinstance(thing, tf.Variable):
            found[path[1:]] = thing
        for name, child in view.children(thing).items():
            if id(child) not in seen:
                seen.add(id(child))
                ahead.append((f'{path}/{escaped(name)}', child))
    return {key: variable for key, variable in found.items() if key.startswith('model/')}


def escaped(name: str) -> str:
    """One step of a key, as it is saved."""
    return name.replace('.', '..').replace('/', '.S')


def fill(name: str, variables: dict[str, tf.Variable]) -> None:
    """Sets every variable to the weights by formula of the configuration `name`."""
    for key, variable in variables.items():
        variable.assign(weight(name, key, tuple(variable.shape)))


def count(model: Any) -> int:
    """Trainable parameters, as the published totals count them."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)
