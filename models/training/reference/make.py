"""Makes a checkpoint of the reference implementation, as the official bucket has them, with weights by formula,
and writes down what the reference reads with it.

    python make.py SOURCE NAME --out DIR

`SOURCE` is a clone of the reference (github.com/google-research/pix2seq), `NAME` one of configurations.py.
`DIR` gets `checkpoint`, `ckpt-1.index`, `ckpt-1.data-00000-of-00001`, `config.json` and `golden.json`. With
`--pictures FOLDER`, pictures of files are read instead of those by formula; as decoders of JPEG differ, `DIR`
gets their pixels too: `pictures/N.rgb`, uint8 [h, w, 3], and `pictures/N.canvas`, float32 [S, S, 3]. With
`--image-size S`, `DIR` gets only `golden-S.json`: what the same checkpoint reads from pictures of that side."""
import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import tensorflow as tf

from configurations import CONFIGURATIONS, Configuration
from decode import Decoding, canvas_of
from golden import golden_of, taught_tokens
from model import build, config_of, count, fill, use_source, variables_of
from pictures import pictures, pictures_of
from prompted import Answering

TAUGHT = 2  # pictures that are read under teacher forcing too, and by other tasks

def save(model: Any, name: str, folder: Path) -> None:
    """Fills the model and writes its checkpoint, with the optimizer and the step that the trainer keeps."""
    optimizer = tf.keras.optimizers.AdamW(3e-5)
    checkpoint = tf.train.Checkpoint(model=model, global_step=optimizer.iterations, optimizer=optimizer)
    fill(name, variables_of(checkpoint))
    tf.train.CheckpointManager(checkpoint, str(folder), 1).save()
    # Again, without the time of day.
    lines = ['model_checkpoint_path: "ckpt-1"', 'all_model_checkpoint_paths: "ckpt-1"']
    (folder / 'checkpoint').write_text('\n'.join(lines) + '\n')


def config_json(config: Any, configuration: Configuration) -> str:
    """The config as the trainer writes it, but for folders of the machine that it trained on."""
    values = json.loads(config.to_json())
    for part in (values['dataset'], *values['datasets']):
        part['category_names_path'] = part['coco_annotations_dir_for_metrics'] = ''
    if configuration.size_is_number:
        for part in (values['model'], values['task'], *values['tasks']):
            part['image_size'] = configuration.image_size
    return json.dumps(values, indent=2, sort_keys=True) + '\n'


def lines_of(value: Any, depth: int = 3, indent: str = '') -> str:
    """JSON with one line for whatever lies deeper than `depth`."""
    if depth == 0 or not isinstance(value, (dict, list)) or not value:
        return json.dumps(value)
    inner = indent + '  '
    pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    parts = [
        inner + ('' if key is None else json.dumps(key) + ': ') + lines_of(item, depth - 1, inner)
        for key, item in pairs
    ]
    left, right = '{}' if isinstance(value, dict) else '[]'
    return f'{left}\n' + ',\n'.join(parts) + f'\n{indent}{right}'


def write_golden(options: argparse.Namespace, model: Any, config: Any) -> None:
    """Writes anew after every picture, for a large model reads for hours."""
    size = config.model.image_size[0]
    file = options.out / (f'golden-{size}.json' if options.image_size else 'golden.json')
    decoding, answering = Decoding(model, config, options.objects), Answering(model, config)
    seen = pictures_of(options.pictures, options.count) if options.pictures else pictures(size)
    golden: dict[str, Any] = {
        'name': options.name,
        'parameters': count(model),
        'tensorflow': tf.__version__,
        'imageSize': size,
        'taughtTokens': taught_tokens(),
        'pictures': [],
    }
    for index, pixels in enumerate(seen):
        canvas, unpadded = canvas_of(config, pixels)
        if options.pictures:
            folder = options.out / 'pictures'
            folder.mkdir(exist_ok=True)
            (folder / f'{index}.rgb').write_bytes(pixels.tobytes())
            (folder / f'{index}.canvas').write_bytes(canvas.astype('<f4').tobytes())
        golden['pictures'].append(
            golden_of(decoding, answering, pixels, canvas, unpadded, with_taught=index < TAUGHT))
        file.write_text(lines_of(golden) + '\n')
        print(f'picture {index + 1} of {len(seen)}', flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path)
    parser.add_argument('name', choices=CONFIGURATIONS)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--objects', type=int, default=100, help='how many are decoded')
    parser.add_argument('--image-size', type=int, help='pixels, other than the configuration has')
    parser.add_argument('--pictures', type=Path, help='a folder of .jpg and .png')
    parser.add_argument('--count', type=int, default=50, help='how many of the folder are read')
    options = parser.parse_args()
    use_source(options.source)
    configuration = CONFIGURATIONS[options.name]
    if options.image_size:
        configuration = replace(configuration, image_size=options.image_size)
    config = config_of(configuration)
    model = build(config)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.image_size:
        fill(options.name, variables_of(tf.train.Checkpoint(model=model)))
    else:
        save(model, options.name, options.out)
        (options.out / 'config.json').write_text(config_json(config, configuration))
    write_golden(options, model, config)


if __name__ == '__main__':
    main()
