"""More right and wrong answers to the exercises on segmentation."""

import numpy as np
import torch
import torch.nn.functional as F
from answers import solutions

S = solutions("08_segmentation")


# ------------------------------------------------------------------------------------------ right: class_ious
def ious_by_loops(M):
    result = []
    for k in range(len(M)):
        both = float(M[k, k])
        either = float(M[k].sum()) + float(M[:, k].sum()) - both
        result.append(both / either if either else float("nan"))
    return torch.tensor(result)


def ious_by_numpy(M):
    M = M.numpy()
    both = np.diag(M)
    with np.errstate(invalid="ignore"):
        return (both / (M.sum(0) + M.sum(1) - both)).astype(np.float32)


def ious_by_float64(M):
    M = M.double()
    outside = M.sum(0) + M.sum(1) - 2 * M.diagonal()
    return (M.diagonal() / (M.diagonal() + outside)).float()


# --------------------------------------------------------------------------------------- right: pixel_shuffle
def shuffle_by_slices(x, r):
    B, C, H, W = x.shape
    out = x.new_empty(B, C // r**2, H * r, W * r)
    for i in range(r):
        for j in range(r):
            out[:, :, i::r, j::r] = x[:, r * i + j :: r * r]
    return out


def shuffle_by_numpy(x, r):
    B, _, H, W = x.shape
    blocks = x.numpy().reshape(B, -1, r, r, H, W).transpose(0, 1, 4, 2, 5, 3)
    return np.ascontiguousarray(blocks).reshape(B, -1, H * r, W * r)


def shuffle_by_transposed_convolution(x, r):
    C = x.shape[1]
    weight = torch.zeros(C, C // r**2, r, r)
    for k in range(C):
        weight[k, k // r**2, k % r**2 // r, k % r] = 1
    return F.conv_transpose2d(x, weight, stride=r)


def shuffle_as_a_view(x, r):
    return F.pixel_shuffle(x, r).transpose(2, 3).contiguous().transpose(2, 3)  # right, and not contiguous


# ----------------------------------------------------------------------------------------- right: unet_shapes
def unet_by_recursion(size, depth, padding):
    side = size - 2 * (2 - 2 * padding)
    if depth == 0:
        return [], [], side
    copies, crops, below = unet_by_recursion(side // 2, depth - 1, padding)
    return [side, *copies], [(side - 2 * below) // 2, *crops], 2 * below - 2 * (2 - 2 * padding)


def unet_by_layers(size, depth, padding):
    two = torch.nn.Sequential(*[torch.nn.Conv2d(1, 1, 3, padding=padding) for _ in range(2)]).to("meta")
    x, down = torch.zeros(1, 1, size, size, device="meta"), []
    for _ in range(depth):
        down.append(two(x).shape[2:])
        x = F.max_pool2d(two(x), 2)
    x, crops = two(x), []
    for shape in down[::-1]:
        x = F.interpolate(x, scale_factor=2)
        crops.append((shape[0] - x.shape[3]) // 2)
        x = two(x)
    return torch.Size([shape[0] for shape in down]), tuple(crops[::-1]), x.shape[-1]


def unet_by_numpy_numbers(size, depth, padding):
    copies, crops, out = S["unet_shapes"](np.int64(size), depth, np.int64(padding))
    return [np.int32(n) for n in copies], tuple(np.int64(n) for n in crops), torch.tensor(int(out))


# ---------------------------------------------------------------------------------------- right: jaccard_loss
def jaccard_by_loops(z, y):
    p, total = z.log_softmax(1).exp(), 0.0
    for k in range(z.shape[1]):
        here = (y == k).float()
        both = (p[:, k] * here).sum()
        total = total + both / (p[:, k].sum() + here.sum() - both)
    return 1 - total / z.shape[1]


def jaccard_by_maximum(z, y):
    """With a target of 0 or 1, p + t - pt is the larger of the two."""
    p = torch.softmax(z, 1).movedim(1, -1).flatten(0, -2)
    t = torch.eye(p.shape[1])[y.flatten()]
    return (1 - (p * t).sum(0) / torch.maximum(p, t).sum(0)).mean()


def jaccard_by_float64(z, y):
    e = (z.double() - z.double().amax(1, keepdim=True)).exp()
    p = e / e.sum(1, keepdim=True)
    both = torch.stack([(p[:, k] * (y == k)).sum() for k in range(p.shape[1])])
    size = p.sum((0, 2, 3)) + torch.bincount(y.flatten(), minlength=p.shape[1])
    return torch.mean(1 - both / (size - both)).float()


RIGHT = {
    "class_ious": {
        "loops": ious_by_loops,
        "a NumPy array": ious_by_numpy,
        "float64 inside": ious_by_float64,
        "a view": lambda M: torch.stack([S["class_ious"](M)] * 2, 1)[:, 0],
    },
    "pixel_shuffle": {
        "slices with a step": shuffle_by_slices,
        "a NumPy array": shuffle_by_numpy,
        "a transposed convolution": shuffle_by_transposed_convolution,
        "not contiguous": shuffle_as_a_view,
    },
    "unet_shapes": {
        "recursion": unet_by_recursion,
        "layers, torch.Size and tuples": unet_by_layers,
        "NumPy numbers and a tensor": unet_by_numpy_numbers,
    },
    "jaccard_loss": {
        "loops": jaccard_by_loops,
        "the larger as union": jaccard_by_maximum,
        "float64 inside": jaccard_by_float64,
    },
}


# ---------------------------------------------------------------------------------------------- wrong answers
def _present_only(z, y):
    p = z.softmax(1)
    t = F.one_hot(y, z.shape[1]).movedim(-1, 1)
    both = (p * t).sum((0, 2, 3))
    index = both / (p.sum((0, 2, 3)) + t.sum((0, 2, 3)) - both)
    return 1 - index[y.unique()].mean()


def _without_background(z, y):
    p = z.softmax(1)
    t = F.one_hot(y, z.shape[1]).movedim(-1, 1)
    both = (p * t).sum((0, 2, 3))
    return 1 - (both / (p.sum((0, 2, 3)) + t.sum((0, 2, 3)) - both))[1:].mean()


def _one_axis(x, r):
    B, C, H, W = x.shape
    return x.reshape(B, C // r**2, r * r, H, W).movedim(2, 4).reshape(B, C // r**2, H, W * r * r)


def _crop_late(size, depth, padding):
    copies, crops, out = S["unet_shapes"](size, depth, padding)
    return copies, [c + 2 - 2 * padding for c in crops], out


WRONG = {
    "class_ious": {
        "the symmetric difference below": lambda M: M.diag() / (M.sum(0) + M.sum(1) - 2 * M.diag()),
        "the smaller set": lambda M: M.diag() / torch.minimum(M.sum(0), M.sum(1)),
        "all minus the diagonal": lambda M: M.diag() / (M.sum() - M.diag()),
        "integer division": lambda M: (M.diag() // (M.sum(0) + M.sum(1) - M.diag()).clamp(min=1)).float(),
        "rounded": lambda M: S["class_ious"](M).mul(100).round() / 100,
        "nan left out": lambda M: S["class_ious"](M)[~S["class_ious"](M).isnan()],
    },
    "pixel_shuffle": {
        "height and width swapped": lambda x, r: F.pixel_shuffle(x, r).transpose(2, 3),
        "one axis only": _one_axis,
        "nearest neighbours": lambda x, r: x[:, :: r * r].repeat_interleave(r, 2).repeat_interleave(r, 3),
        "the way back": lambda x, r: F.pixel_unshuffle(x, r),
    },
    "unet_shapes": {
        "crops after the convolutions": _crop_late,
        "copies before the convolutions": lambda size, depth, padding: (
            [n + 4 - 4 * padding for n in S["unet_shapes"](size, depth, padding)[0]],
            *S["unet_shapes"](size, depth, padding)[1:],
        ),
        "one number too few": lambda size, depth, padding: S["unet_shapes"](size, depth, padding)[:2],
    },
    "jaccard_loss": {
        "detached": lambda z, y: S["jaccard_loss"](z, y).detach(),
        "a Python number": lambda z, y: S["jaccard_loss"](z, y).item(),
        "NumPy": lambda z, y: torch.tensor(S["jaccard_loss"](torch.tensor(z.numpy()), y).item()),
        "probabilities detached": lambda z, y: S["jaccard_loss"](z.detach(), y) + 0 * z.sum(),
        "with the 1 of dice_loss": S["_loss"](lambda i, p, t: (i + 1) / (p + t - i + 1)),
        "classes that are present only": _present_only,
        "without the background": _without_background,
        "a sum": lambda z, y: z.shape[1] * S["jaccard_loss"](z, y),
        "logarithm of the index": lambda z, y: -(1 - S["jaccard_loss"](z, y)).log(),
    },
}
