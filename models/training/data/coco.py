"""Reads labelled pictures in the format of COCO: one JSON file of annotations and a folder of pictures.

Source: cocodataset.org, "Data format", object detection. Of people's labels only `image_id`, `category_id`,
`bbox` and `iscrowd` are read; labels by a teacher model have its `score` besides."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from data.placing import Picture


@dataclass(frozen=True)
class LabelledImage:
    """A picture file and what is known to be on it. Boxes are `ymin xmin ymax xmax` in pixels."""

    path: Path
    width: int
    height: int
    boxes: np.ndarray
    """float32 [N, 4], single objects."""
    labels: np.ndarray
    """int64 [N], index into the list of labels."""
    scores: np.ndarray
    """float32 [N], 1 for a person's label, else the teacher's score."""
    crowds: np.ndarray
    """float32 [K, 4], groups of objects that are not labelled one by one: to be ignored."""
    complete: bool
    """Whether people have labelled all there is; false where a label is a teacher's."""


def read_coco(
    images_dir: str | Path, annotations_json: str | Path, split: str | None = None
) -> tuple[list[LabelledImage], list[tuple[int, str]]]:
    """Reads annotations, and looks whether the pictures are there; their pixels stay unread.

    split: only the pictures whose entry says so in its field `split`; None for all.
    Returns the pictures in the file's order, those without objects too, and the labels (id, name) by id.
    Raises ValueError, in one line, where a file is missing or does not fit together."""
    images_dir, annotations_json = Path(images_dir), Path(annotations_json)
    data = _read_json(annotations_json)
    labels = sorted((int(category['id']), str(category['name'])) for category in data['categories'])
    index_of = {category: index for index, (category, _) in enumerate(labels)}
    by_image: dict[int, list[dict]] = {entry['id']: [] for entry in data['images']}
    for annotation in data['annotations']:
        _check(annotation, by_image, index_of, annotations_json)
        by_image[annotation['image_id']].append(annotation)

    entries = [entry for entry in data['images'] if split is None or entry.get('split') == split]
    if not entries:
        which = 'no picture' if split is None else f'no picture of split `{split}`'
        raise ValueError(f'`{annotations_json}` lists {which}; name another file or split')
    # a teacher that found nothing on a picture has not said that nothing is there
    has_teacher = any('score' in annotation for annotation in data['annotations'])
    images = [
        _labelled(entry, by_image[entry['id']], index_of, images_dir, has_teacher) for entry in entries
    ]
    return images, labels


def read_labels(model_json: str | Path) -> list[tuple[int, str]]:
    """The labels (id, name) of a model in the order of its class tokens: `labels` of its `model.json`."""
    data = json.loads(Path(model_json).read_text(encoding='utf8'))
    return [(int(label['id']), str(label['name'])) for label in data['labels']]


def load_picture(image: LabelledImage) -> Picture:
    """Reads the pixels of a picture, upright as its annotations are.

    Raises ValueError where the file has another size than its annotations say."""
    with Image.open(image.path) as file:
        pixels = file.convert('RGB')
        if pixels.size != (image.width, image.height):
            pixels = ImageOps.exif_transpose(file).convert('RGB')
    if pixels.size != (image.width, image.height):
        found = f'{pixels.width} x {pixels.height}'
        said = f'{image.width} x {image.height}'
        raise ValueError(f'`{image.path}` is {found}, its annotations say {said}; take the file they are of')
    return Picture(
        pixels=np.asarray(pixels),
        boxes=image.boxes,
        labels=image.labels,
        scores=image.scores,
        ignored=image.crowds,
        complete=image.complete,
    )


def _read_json(path: Path) -> dict:
    try:
        data = json.loads(path.read_text(encoding='utf8'))
    except FileNotFoundError:
        raise ValueError(f'`{path}` does not exist; name the JSON file of the annotations') from None
    except ValueError as error:
        raise ValueError(f'`{path}` is not JSON ({error}); was it copied whole?') from None
    missing = [key for key in ('images', 'annotations', 'categories') if key not in data]
    if missing:
        raise ValueError(f'`{path}` has no `{missing[0]}`; name a file of COCO instances')
    return data


def _check(annotation: dict, images: dict, categories: dict, path: Path) -> None:
    for key, known, where in (
        ('image_id', images, 'images'),
        ('category_id', categories, 'categories'),
    ):
        if annotation.get(key) not in known:
            raise ValueError(
                f'`{path}`: annotation {annotation.get("id")} has {key} {annotation.get(key)}, '
                f'which `{where}` does not list; add it there or remove the annotation'
            )


def _labelled(
    entry: dict, annotations: list[dict], index_of: dict[int, int], images_dir: Path, has_teacher: bool
) -> LabelledImage:
    path = images_dir / entry['file_name']
    if not path.is_file():
        way_out = f'name the folder of the pictures, or remove image {entry["id"]}'
        raise ValueError(f'`{path}` does not exist; {way_out}')
    width, height = entry['width'], entry['height']
    xywh = np.array([annotation['bbox'] for annotation in annotations], np.float32).reshape(-1, 4)
    yx, sides = xywh[:, 1::-1], xywh[:, :1:-1]
    boxes = np.clip(np.concatenate([yx, yx + sides], axis=1), 0, np.float32([height, width, height, width]))
    is_crowd = np.array([annotation.get('iscrowd', 0) == 1 for annotation in annotations], bool)
    is_object = ~is_crowd & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    labels = np.array([index_of[annotation['category_id']] for annotation in annotations], np.int64)
    scores = np.array([annotation.get('score', 1) for annotation in annotations], np.float32)
    is_by_people = not has_teacher or bool(annotations)
    return LabelledImage(
        path=path,
        width=width,
        height=height,
        boxes=boxes[is_object],
        labels=labels[is_object],
        scores=scores[is_object],
        crowds=boxes[is_crowd],
        complete=is_by_people and not any('score' in annotation for annotation in annotations),
    )
