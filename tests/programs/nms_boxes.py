import numpy as np


def iou(box, boxes):
    lt = np.maximum(box[:2], boxes[:, :2])
    rb = np.minimum(box[2:], boxes[:, 2:])
    wh = np.clip(rb - lt, 0, None)
    inter = wh[:, 0] * wh[:, 1]
    area = np.prod(box[2:] - box[:2])
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return inter / (area + areas - inter)


def nms(boxes, scores, threshold=0.5, top=None):
    """Non-maximum suppression; the list of kept boxes shrinks by a boolean mask."""
    order = scores.argsort()[::-1]
    keep = []
    while order.size > 0:
        best = order[0]
        keep.append(best)
        if top is not None and len(keep) == top:
            break
        rest = order[1:]
        overlap = iou(boxes[best], boxes[rest])
        order = rest[overlap <= threshold]
    return np.array(keep, dtype=np.intp)


# --- how the test-suite calls it
PROGRAM = nms
SIZES = (1, 6, 200)
BENCH = 2500
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(52)
    xy = rng.random((size, 2)) * 3
    boxes = np.concatenate((xy, xy + 0.5 + rng.random((size, 2))), axis=1).astype(np.float32)
    return (boxes, rng.permutation(size) / np.float32(size)), {"threshold": 0.4, "top": 120 if size > 1000 else None}


def check(result, before, after):
    boxes, scores = before
    keep = []
    for i in np.argsort(-scores):
        if all(iou(boxes[k], boxes[i:i + 1])[0] <= 0.4 for k in keep):
            keep.append(int(i))
    assert result.tolist() == keep[:120 if len(boxes) > 1000 else None]
