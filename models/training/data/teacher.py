"""A one-shot detector as the teacher of pictures without labels: YOLOX (Megvii, Apache-2.0) in ONNX.

Source: Megvii-BaseDetection/YOLOX, `demo_postprocess` and `preproc`: BGR 0 to 255, letterbox; a cell's centre
and size come in strides, its score is objectness times class."""
from pathlib import Path

import numpy as np
import onnxruntime

from data.boxes import iou

STRIDES = (8, 16, 32)
SAME_OBJECT = 0.6  # two detections of a class that overlap more than this are one
MOST = 100  # detections of a picture


class Yolox:
    def __init__(self, path: Path, num_threads: int = 0):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        self.session = onnxruntime.InferenceSession(path, options)
        (image,) = self.session.get_inputs()
        self.name, self.size = image.name, image.shape[-1]
        cells = [np.stack(np.indices((self.size // s,) * 2)[::-1], -1).reshape(-1, 2) for s in STRIDES]
        self.cells = np.concatenate(cells)  # [N, 2] xy
        self.strides = np.concatenate([np.full((len(c), 1), s) for c, s in zip(cells, STRIDES)])

    def detect(self, canvas: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """
        :param canvas: uint8 [S, S, 3] RGB
        :returns: boxes float32 [N, 4] yxyx as fractions of S, labels int64 [N], scores [N], best first
        """
        image = canvas[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32)
        (output,) = self.session.run(None, {self.name: image})[0]
        centre = (output[:, :2] + self.cells) * self.strides
        half = np.exp(output[:, 2:4]) * self.strides / 2
        boxes = np.concatenate([centre - half, centre + half], 1)[:, [1, 0, 3, 2]] / self.size
        scores = output[:, 4:5] * output[:, 5:]
        cell, label = np.nonzero(scores > threshold)
        return suppress(boxes[cell].clip(0, 1), label, scores[cell, label])


def suppress(boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray):
    """Non-maximum suppression by class. Returns the boxes, labels and scores left, best first."""
    order = np.argsort(-scores, kind='stable')
    boxes, labels, scores = (x[order] for x in (boxes, labels, scores))
    beats = (iou(boxes, boxes) > SAME_OBJECT) & (labels[:, None] == labels)
    kept: list[int] = []
    for i in range(len(boxes)):
        if not beats[kept, i].any():
            kept.append(i)
    kept = kept[:MOST]
    return boxes[kept].astype(np.float32), labels[kept], scores[kept].astype(np.float32)
