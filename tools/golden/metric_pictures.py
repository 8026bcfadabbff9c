"""Golden cases of segmentation scores, similarity of images and perceptual distance, for metrics.py."""

import numpy as np
import scipy.ndimage
import sklearn.metrics
import torch
from metric_cases import RNG, flat, rounded


def segmentation():
    truth = RNG.integers(0, 4, size=(3, 6, 8))
    predicted = np.where(RNG.uniform(size=truth.shape) < 0.7, truth, RNG.integers(0, 4, size=truth.shape))
    truth[0, :2] = 255  # Ignored.
    valid = truth != 255
    classes = 6  # 4 and 5 are absent from both.
    predicted[1, 0, 0] = 4  # 4 is predicted, never true.
    histogram = sklearn.metrics.confusion_matrix(truth[valid], predicted[valid], labels=range(classes))
    diagonal = np.diag(histogram)
    union = histogram.sum(0) + histogram.sum(1) - diagonal
    rows = histogram.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        iou, accuracy = diagonal / union, diagonal / rows
    per_image = []
    for t, p in zip(truth, predicted):
        v = t != 255
        scores = sklearn.metrics.jaccard_score(t[v], p[v], average=None, labels=sorted(set(t[v]) | set(p[v])))
        per_image.append(float(np.mean(scores)))
    return {
        "truth": truth.reshape(3, -1).tolist(),
        "predicted": predicted.reshape(3, -1).tolist(),
        "classes": classes,
        "ignored": 255,
        "pixelAccuracy": float(diagonal.sum() / histogram.sum()),
        "classAccuracyPresent": float(np.nanmean(accuracy)),
        "classAccuracyAll": float(np.nan_to_num(accuracy).mean()),
        "meanIouPresent": float(np.nanmean(iou)),
        "meanIouAll": float(np.nan_to_num(iou).mean()),
        "meanIouPerImage": float(np.mean(per_image)),
    }


def images():
    from torchmetrics.functional.image import (
        multiscale_structural_similarity_index_measure as ms_ssim,
        peak_signal_noise_ratio as psnr,
        structural_similarity_index_measure as ssim,
    )

    # Whole grey levels of [-1, 1], so that the file stays small: bytes / 127.5 - 1.
    base = RNG.integers(0, 256, size=(24, 20, 3))
    smooth = scipy.ndimage.gaussian_filter(base.astype(float), (2, 2, 0))
    first = np.clip((smooth - smooth.min()) / np.ptp(smooth) * 255, 0, 255).astype(np.uint8)
    second = np.clip(first + RNG.normal(size=first.shape) * 12, 0, 255).astype(np.uint8)
    # The large pair is stated by a rule (MS-SSIM needs more than 160 pixels a side): blocks, and a pattern added.
    rows, columns = np.mgrid[0:184, 0:180]
    tall1 = first[rows // 8, columns // 9, :1]
    pattern = ((7 * columns + 13 * rows) % 47 - 23)[:, :, None]
    tall2 = np.clip(tall1.astype(int) + pattern, 0, 255).astype(np.uint8)
    t = lambda a: torch.tensor(a.astype(np.float64) / 127.5 - 1).permute(2, 0, 1)[None]
    common = {"data_range": 2.0}
    return {
        "height": 24,
        "width": 20,
        "channels": 3,
        "first": first.reshape(-1).tolist(),
        "second": second.reshape(-1).tolist(),
        "psnr": float(psnr(t(second), t(first), **common)),
        "ssim": float(ssim(t(second), t(first), **common)),
        "large": {
            "ssim": float(ssim(t(tall2), t(tall1), **common)),
            "msSsim": float(ms_ssim(t(tall2), t(tall1), **common)),
        },
    }


def perceptual():
    """LPIPS' own distance on random activations and random non-negative heads."""
    import lpips

    shapes = [(6, 5, 4), (3, 2, 7)]
    first = [rounded(np.abs(RNG.normal(size=s))) for s in shapes]
    second = [rounded(np.abs(RNG.normal(size=s))) for s in shapes]
    heads = [rounded(RNG.uniform(size=s[2])) for s in shapes]
    total = 0.0
    for a, b, w in zip(first, second, heads):
        ta, tb = (torch.tensor(x).permute(2, 0, 1)[None] for x in (a, b))
        squared = (lpips.normalize_tensor(ta) - lpips.normalize_tensor(tb)) ** 2
        total += float(lpips.spatial_average((squared * torch.tensor(w)[None, :, None, None]).sum(1, keepdim=True)))
    return {
        "layers": [
            {"height": s[0], "width": s[1], "channels": s[2], "first": flat(a), "second": flat(b), "head": flat(w)}
            for s, a, b, w in zip(shapes, first, second, heads)
        ],
        "distance": total,
    }
