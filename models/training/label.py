"""Labels pictures with a teacher, for `train.py`: writes a JSON file in the format of COCO whose annotations
have a `score` each. Restartable: a picture that is done is not looked at again."""
import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from data.coco import read_labels
from trainer.options import COCO_LABELS
from data.placing import Picture, letterbox, no_boxes
from trainer.runs import replace
from data.teacher import Yolox

PICTURES = ('.jpg', '.jpeg', '.png', '.webp')
DIGITS = 2  # of a coordinate, pixels


def label(path: Path, teacher: Yolox, threshold: float) -> dict:
    """What the teacher sees on a picture: `width`, `height`, and `objects`, lists of the label's index, the
    score, and x, y, width, height in pixels."""
    with Image.open(path) as file:
        pixels = np.asarray(file.convert('RGB'))
    height, width = pixels.shape[:2]
    picture = Picture(pixels, no_boxes(), np.zeros(0, np.int64), np.zeros(0, np.float32))
    sample = letterbox(picture, teacher.size)
    boxes, labels, scores = teacher.detect(sample.canvas, threshold)
    # the one labelled region of the square is where the picture lies
    down, across = sample.labelled_regions[0, 2:]
    boxes = np.clip(boxes / np.float32([down, across] * 2), 0, 1) * np.float32([height, width] * 2)
    yx, sides = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
    xywh = np.concatenate([yx[:, ::-1], sides[:, ::-1]], axis=1).astype(float).round(DIGITS).tolist()
    scores = scores.astype(float).round(4).tolist()
    objects = [[index, score, *box] for index, score, box in zip(labels.tolist(), scores, xywh)]
    return {'width': width, 'height': height, 'objects': objects}


def as_coco(seen: dict[str, dict], labels: list[tuple[int, str]]) -> dict:
    """All pictures, by name, as one file."""
    images, annotations = [], []
    for image_id, (name, picture) in enumerate(sorted(seen.items()), 1):
        size = {'width': picture['width'], 'height': picture['height']}
        images.append({'id': image_id, 'file_name': name, **size})
        for index, score, *box in picture['objects']:
            number = {'id': len(annotations) + 1, 'image_id': image_id, 'category_id': labels[index][0]}
            area = round(box[2] * box[3], DIGITS)
            annotations.append({**number, 'bbox': box, 'area': area, 'iscrowd': 0, 'score': score})
    categories = [{'id': number, 'name': name} for number, name in labels]
    return {'images': images, 'annotations': annotations, 'categories': categories}


def read_done(path: Path) -> dict[str, dict]:
    """What an earlier start has done: a line each, of which the last may be cut off."""
    lines = path.read_text(encoding='utf8').split('\n')[:-1] if path.exists() else []
    return dict(json.loads(line) for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('images', type=Path, help='folder of pictures')
    parser.add_argument('out', type=Path, help='JSON file to write')
    parser.add_argument('--teacher', type=Path, required=True, help='yolox_nano.onnx')
    parser.add_argument('--labels', type=Path, default=COCO_LABELS, help='a model.json with its labels')
    parser.add_argument('--threshold', type=float, default=0.05, help='least score')
    options = parser.parse_args()

    paths = sorted(path for path in options.images.iterdir() if path.suffix.lower() in PICTURES)
    if not paths:
        parser.error(f'`{options.images}` holds no picture ({" ".join(PICTURES)})')
    lines = options.out.with_name(f'{options.out.name}.lines')
    seen = read_done(lines)
    # what was cut off goes, so that the next line begins a line
    replace(lines, lambda part: part.write_text(''.join(json.dumps(item) + '\n' for item in seen.items())))
    teacher = Yolox(options.teacher)
    with lines.open('a', encoding='utf8') as file:
        for count, path in enumerate(paths, 1):
            if path.name not in seen:
                seen[path.name] = label(path, teacher, options.threshold)
                file.write(json.dumps([path.name, seen[path.name]]) + '\n')
                file.flush()
            print(f'\r{count} of {len(paths)}', end='', flush=True)
    text = json.dumps(as_coco(seen, read_labels(options.labels)))
    replace(options.out, lambda part: part.write_text(text, encoding='utf8'))
    lines.unlink()
    print(f'\r`{options.out}`: {len(seen)} pictures')


if __name__ == '__main__':
    main()
