"""How good the encoder is by its own one-shot head, to hold the decoder against: NanoDet's boxes after
non-maximum suppression, judged by pycocotools on the pictures that `pix2seq-stream eval` judges.

    python head.py --encoder nanodet.json --images IMAGES --annotations instances.json --split val2017"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from data.coco import LabelledImage, load_picture, read_coco
from networks.nanodet import NanoDet
from data.placing import letterbox
from data.teacher import suppress

LEAST = 0.05  # score of a detection, as upstream's evaluation has it


def detect(encoder: NanoDet, image: LabelledImage) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes [N, 4] yxyx in pixels of the picture, labels and scores [N]."""
    canvas = letterbox(load_picture(image), encoder.size).canvas
    with torch.no_grad():
        _, logits, sides = encoder(torch.from_numpy(canvas)[None])
        cells = torch.arange(logits.shape[-1])[None]
        boxes = encoder.boxes(sides.transpose(1, 2), cells)[0].numpy()
    scores = logits[0].sigmoid().T.numpy()
    cell, label = np.nonzero(scores > LEAST)
    boxes, labels, scores = suppress(boxes[cell], label, scores[cell, label])
    return boxes * encoder.size / min(encoder.size / image.width, encoder.size / image.height), labels, scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--encoder', type=Path, required=True, help='nanodet.json')
    parser.add_argument('--images', type=Path, required=True)
    parser.add_argument('--annotations', type=Path, required=True)
    parser.add_argument('--split')
    options = parser.parse_args()
    encoder = NanoDet(options.encoder).eval()
    images, labels = read_coco(options.images, options.annotations, options.split)
    entries = {entry['file_name']: entry for entry in json.loads(options.annotations.read_text())['images']}
    rows, ids = [], []
    for image in images:
        ids.append(entries[image.path.name]['id'])
        for box, label, score in zip(*detect(encoder, image)):
            ymin, xmin, ymax, xmax = box.tolist()
            xywh = [xmin, ymin, xmax - xmin, ymax - ymin]
            rows.append({'image_id': ids[-1], 'category_id': labels[label][0], 'bbox': xywh, 'score': float(score)})
    truth = COCO(str(options.annotations))
    judge = COCOeval(truth, truth.loadRes(rows), 'bbox')
    judge.params.imgIds = ids
    judge.evaluate()
    judge.accumulate()
    judge.summarize()


if __name__ == '__main__':
    main()
