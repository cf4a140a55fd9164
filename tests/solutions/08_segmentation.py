"""Reference answers of the chapter on segmentation, and wrong ones with a word of the sentence they get."""

import torch
import torch.nn.functional as F


def class_ious(M):
    both = M.diag()
    return both / (M.sum(0) + M.sum(1) - both)


def pixel_shuffle(x, r):
    B, C, H, W = x.shape
    blocks = x.reshape(B, C // r**2, r, r, H, W)  # (B, C, i, j, H, W)
    return blocks.permute(0, 1, 4, 2, 5, 3).reshape(B, C // r**2, H * r, W * r)


def unet_shapes(size, depth, padding):
    shrink = 2 * (2 - 2 * padding)  # of two convolutions
    copies, crops = [], []
    for _ in range(depth):
        copies.append(size - shrink)
        size = copies[-1] // 2
    size -= shrink
    for copy in reversed(copies):
        size *= 2
        crops.insert(0, (copy - size) // 2)
        size -= shrink
    return copies, crops, size


def jaccard_loss(z, y):
    p = z.softmax(1)
    t = F.one_hot(y, z.shape[1]).movedim(-1, 1)
    both = (p * t).sum((0, 2, 3))
    return 1 - (both / (p.sum((0, 2, 3)) + t.sum((0, 2, 3)) - both)).mean()


# -------------------------------------------------------------------------------------------- wrong answers
def _iou(f):
    return lambda M: f(M.diag(), M.sum(0), M.sum(1))


def _other_loop(per_side=2, bottom=True, convs=2):
    """unet_shapes with another margin, without the bottom, or with fewer convolutions."""

    def wrong(size, depth, padding):
        shrink = convs * (2 - 2 * padding)
        copies, crops = [], []
        for _ in range(depth):
            copies += [size - shrink]
            size = (size - shrink) // 2
        size -= shrink * bottom
        for copy in copies[::-1]:
            crops = [(copy - 2 * size) // per_side, *crops]
            size = 2 * size - shrink
        return copies, crops, size

    return wrong


def _after_pooling(size, depth, padding):
    copies, crops, out = unet_shapes(size, depth, padding)
    return [n // 2 for n in copies], crops, out


def _coarsest_first(size, depth, padding):
    copies, crops, out = unet_shapes(size, depth, padding)
    return copies[::-1], crops[::-1], out


def _crops_coarsest_first(size, depth, padding):
    copies, crops, out = unet_shapes(size, depth, padding)
    return copies, crops[::-1], out


def _loss(f=lambda i, p, t: i / (p + t - i), over=(0, 2, 3), prob=lambda z: z.softmax(1)):
    def wrong(z, y):
        p = prob(z)
        t = torch.stack([(y == k).float() for k in range(z.shape[1])], 1)
        return 1 - f((p * t).sum(over), p.sum(over), t.sum(over)).mean()

    return wrong


def _exponentials(z):
    return z.exp() / z.exp().sum(1, keepdim=True)


MISTAKES = {
    "class_ious": [
        (_iou(lambda i, c, r: i / (c + r)), "twice"),
        (_iou(lambda i, c, r: 2 * i / (c + r)), "Dice"),
        (_iou(lambda i, c, r: i / r), "recall"),
        (_iou(lambda i, c, r: i / c), "precision"),
        (lambda M: class_ious(M).nan_to_num(0.0), "got 0"),
        (lambda M: class_ious(M).nan_to_num(1.0), "got 1"),
        (_iou(lambda i, c, r: i / torch.maximum(c, r)), "larger of the two"),
        (lambda M: M.diag() / M.sum(), "all pixels"),
        (lambda M: class_ious(M).nanmean(), "one number"),
        (lambda M: class_ious(M).nanmean().item(), "one number"),
    ],
    "pixel_shuffle": [
        (lambda x, r: F.pixel_shuffle(x.transpose(2, 3), r).transpose(2, 3), "swapped within"),
        (
            lambda x, r: F.pixel_shuffle(x.unflatten(1, (r * r, -1)).transpose(1, 2).flatten(1, 2), r),
            "other order",
        ),
        (
            lambda x, r: torch.cat(
                [torch.cat([x[:, i * r + j :: r * r] for j in range(r)], 3) for i in range(r)],
                2,
            ),
            "side by side",
        ),
        (lambda x, r: x.reshape(len(x), -1, x.shape[2] * r, x.shape[3] * r), "Reshape alone"),
        (lambda x, r: F.pixel_shuffle(x, 2), "r = 2 only"),
    ],
    "unet_shapes": [
        (lambda size, depth, padding: unet_shapes(size, depth, 0), "ignore the padding"),
        (lambda size, depth, padding: unet_shapes(size, depth, 1), "pad always"),
        (_other_loop(bottom=False), "at the bottom"),
        (_other_loop(convs=1), "one convolution"),
        (_other_loop(per_side=1), "both sides"),
        (_coarsest_first, "lists start"),
        (_crops_coarsest_first, "Only your crops"),
        (_after_pooling, "after pooling"),
    ],
    "jaccard_loss": [
        (_loss(lambda i, p, t: 2 * i / (p + t)), "Dice"),
        (_loss(lambda i, p, t: i / (p + t)), "twice"),
        (_loss(prob=lambda z: z), "logits"),
        (_loss(prob=lambda z: z.softmax(-1)), "wrong dimension"),
        (_loss(prob=torch.sigmoid), "sigmoid"),
        (_loss(prob=lambda z: (z == z.amax(1, keepdim=True)).float()), "decide first"),
        (_loss(over=(2, 3)), "each image"),
        (_loss(over=(0, 1, 2, 3)), "all classes"),
        (lambda z, y: 1 - jaccard_loss(z, y), "index itself"),
        (_loss(prob=_exponentials), "overflow"),
    ],
}
