"""The configurations: the four published ones, and small ones of each kind whose files are small."""
from dataclasses import dataclass, field
from typing import Any

SMALL: dict[str, Any] = dict(
    num_encoder_layers=2, dim_att=32, dim_mlp=64, num_heads=4,
    num_decoder_layers=2, dim_att_dec=16, dim_mlp_dec=64, num_heads_dec=2,
)

# A thirty-second of the width, 2, 4, 8 and 16 channels, and a vocabulary that ends with the coordinates.
SMALL_RESNET: dict[str, Any] = {
    **SMALL, 'dim_att': 24, 'dim_mlp': 48, 'num_heads': 3, 'vocab_size': 2000, 'resnet_width_multiplier': 1 / 32,
}

ALL_TASKS = '+'.join(
    f'{task}@coco/2017_{task}'
    for task in ('object_detection', 'instance_segmentation', 'keypoint_detection', 'captioning'))


@dataclass(frozen=True)
class Configuration:
    """What differs from the reference's `config_det_finetune`; of several tasks, from its `config_multi_task`."""

    backbone: str  # a key of the reference's architecture map
    image_size: int = 640  # pixels, both sides
    model: dict[str, Any] = field(default_factory=dict)  # over the architecture's own settings
    size_is_number: bool = False  # config.json says 640, as the first checkpoints' do, for [640, 640]
    tasks: str = ''  # TASK@DATA+TASK@DATA..., detection first


CONFIGURATIONS: dict[str, Configuration] = {
    'vit-small': Configuration('vit-b', 64, SMALL),
    'resnet-small': Configuration('resnet', 80, SMALL_RESNET, size_is_number=True),
    'resnet-c-small': Configuration('resnet-c', 72, SMALL_RESNET),
    # 32 tokens of text, where the published ones have 32,000.
    'multi-task-small': Configuration('vit-b', 64, {**SMALL, 'vocab_size': 3032}, tasks=ALL_TASKS),
    'resnet-640': Configuration('resnet', size_is_number=True),
    'resnet-c-640': Configuration('resnet-c'),
    'vit-b-640': Configuration('vit-b'),
    'vit-l-640': Configuration('vit-l'),
}
