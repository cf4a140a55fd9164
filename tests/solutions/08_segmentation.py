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


PAPER = """Answers to the questions for paper, discussion and projects.

1. Of 100 pixels let x of the background be called object and m of the object background. (95 − x) =
   0.96 (95 + m) and (5 − m) = 0.4 (5 + x) give x = 1.49 and m = 2.40: an accuracy of 96.1 %. Two
   indices and a frequency determine it.
2. The intersection has a(a − 1) pixels, the union a(a + 1): J = (a − 1)/(a + 1), above 0.9 from a =
   20 on. One pixel of border costs a small object far more than a large one.
3. 1 1 2 2 3 3; 1 2 3 4 5 6 3; 1 3 3 6 5 9 3. The first two keep a constant: the taps at even places
   must have the same sum as those at odd places, which (1, 3, 1) with 2 and 3 does not fulfil.
4. With the union U = S − I the derivative is (t − J (1 − t))/U: pixels of the class pull with 1/U,
   the others push with J/U. Dice pulls with (2 − D)/S and pushes with D/S. Both ratios of push to
   pull are J, since D/(2 − D) = J.
5. With ln a of the true class: (1 − a)^γ − γ a (1 − a)^(γ−1) ln a. For γ = 2 it is over one up to a
   = 0.3, and largest, 1.2, near 0.1; for sure pixels it goes to zero.
6. The map that enters the bottom has a side b, and 16 b + 60 is that of the picture. The answer,
   16 b − 124, must not be empty: b from 8 to 33, that is 188, 204, …, 588; 572 has b = 32.
7. Costs, not pixels: a person missed altogether matters more than a ragged border. Recall of
   objects, by distance, and the worst cases; a mean over classes hides who is missed.
8. It agrees with one expert as much as experts do with one another, so measured against one expert no
   more can be asked of it. It says nothing of whether its errors are of the same kind.
9. Weigh the border class, or it is forgotten as hearts are; cores need no border, and parts can grow
   back from them. Compare with the true masks' count, and say how often small objects were lost.
"""


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
