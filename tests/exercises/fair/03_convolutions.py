"""More right and wrong answers to the exercises of the chapter on convolutions."""

import numpy as np
import torch
import torch.nn.functional as F


# ------------------------------------------------------------------------------------------- conv2d_by_hand
def _conv_window_by_window(x, K, stride, padding, dilation):
    f = K.shape[-1]
    x = F.pad(x, (padding,) * 4)
    span = dilation * (f - 1) + 1
    rows, columns = (range(0, n - span + 1, stride) for n in x.shape[1:])
    return torch.stack(
        [
            torch.stack(
                [
                    (K * x[:, r : r + span : dilation, c : c + span : dilation]).sum((1, 2, 3))
                    for c in columns
                ],
                1,
            )
            for r in rows
        ],
        1,
    )


def _conv_in_numpy(x, K, stride, padding, dilation):
    x, K = x.numpy().astype(np.float64), K.numpy().astype(np.float64)
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    span = dilation * (K.shape[-1] - 1) + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, (span, span), (1, 2))
    windows = windows[:, ::stride, ::stride, ::dilation, ::dilation]
    return np.einsum("tcij,chwij->thw", K, windows).astype(np.float32)


def _conv_by_unfold(x, K, stride, padding, dilation):
    f, T = K.shape[-1], len(K)
    X = F.unfold(x[None], f, dilation=dilation, padding=padding, stride=stride)[0]
    H, W = ((n + 2 * padding - dilation * (f - 1) - 1) // stride + 1 for n in x.shape[1:])
    return (K.reshape(T, -1) @ X).view(T, H, W)


def _conv_thinned(x, K, stride, padding, dilation):
    """Every place is computed and most are thrown away: the result is a view with gaps."""
    return F.conv2d(x[None].double(), K.double(), dilation=dilation, padding=padding)[0].float()[
        :, ::stride, ::stride
    ]


def _conv(x, K, stride=1, padding=0, dilation=1):
    return F.conv2d(x[None], K, stride=stride, padding=padding, dilation=dilation)[0]


def _ceil(x, K, s, p, d):
    right = _conv(x, K, s, p, d)
    more = _conv(F.pad(x, (p, p + s - 1, p, p + s - 1)), K, s, 0, d)
    return more if s > 1 else right


def _taps_two_apart(x, K, s, p, d):
    """d zeros between neighbouring taps, instead of d - 1."""
    return _conv(x, K, s, p, d + 1 if d > 1 else 1)


def _stride_down_only(x, K, s, p, d):
    return F.conv2d(x[None], K, stride=(s, 1), padding=p, dilation=d)[0]


# -------------------------------------------------------------------------------------------- receptive_field
def _from_the_output(layers):
    r = 1
    for kind, *n in reversed(layers):
        if kind != "relu":
            f, s, d = n[0], n[1], (n[2] if kind == "conv" else 1)
            r = (r - 1) * s + (f - 1) * d + 1
    return r


def _first_and_last_pixel(layers):
    first, last = 0, 0
    for name, *n in layers[::-1]:
        if name == "relu":
            continue
        d = n[2] if len(n) == 3 else 1
        first, last = first * n[1], last * n[1] + (n[0] - 1) * d
    return np.int64(last - first + 1)


def _sum_of_products(layers):
    layers = [layer for layer in layers if len(layer) > 1]
    spans = torch.tensor([(n[0] - 1) * (n[2] if len(n) > 2 else 1) for _, *n in layers], dtype=torch.float64)
    strides = torch.tensor([1.0, *(float(n[1]) for _, *n in layers[:-1])], dtype=torch.float64)
    return float(1 + (spans * strides[: len(spans)].cumprod(0)).sum())


def _field(
    gap=lambda kind, f, d: (f - 1) * d, move=lambda kind, jump, s, d: jump * s, start=1, forward=False
):
    """Equation (6) with something wrong in it."""

    def answer(layers):
        r, jump = start, 1
        for kind, *n in layers:
            if kind == "relu":
                continue
            f, s, d = (*n, 1)[:3]
            r = (r - 1) * s + (f - 1) * d + 1 if forward else r + gap(kind, f, d) * jump
            jump = move(kind, jump, s, d)
        return r

    return answer


def _relu_counts(layers):
    return _from_the_output(layers) + sum(layer[0] == "relu" for layer in layers)


def _product_of_sizes(layers):
    return int(np.prod([layer[1] for layer in layers if len(layer) > 1]))


def _needs_a_layer(layers):
    r, jump = layers[0][1], layers[0][2]
    return r + sum((n[0] - 1) * jump for _, *n in layers[1:] if n)


# ----------------------------------------------------------------------------------------------------- im2col
def _columns_in_loops(x, f, stride, padding):
    x = F.pad(x, (padding,) * 4)
    B, C, H, W = x.shape
    columns = [
        x[:, :, r : r + f, c : c + f].reshape(B, C * f * f)
        for r in range(0, H - f + 1, stride)
        for c in range(0, W - f + 1, stride)
    ]
    return torch.stack(columns, 2)


def _columns_by_conv(x, f, stride, padding):
    C = x.shape[1]
    pick = torch.eye(C * f * f).view(C * f * f, C, f, f)
    return F.conv2d(x, pick, stride=stride, padding=padding).flatten(2)


def _columns_in_numpy(x, f, stride, padding):
    x = np.pad(x.numpy().astype(np.float64), ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (f, f), (2, 3))[:, :, ::stride, ::stride]
    B, C, H, W = windows.shape[:4]
    columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(B, C * f * f, H * W)
    return columns.astype(np.float32)


def _columns_as_a_view(x, f, stride, padding):
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, f, stride).unfold(3, f, stride)  # (B, C, H', W', f, f)
    return windows.flatten(2, 3).permute(0, 2, 1, 3, 4).flatten(2).mT


def _im2col(x, f, stride, padding):
    return F.unfold(x, f, stride=stride, padding=padding)


def _last_column_missing(x, f, s, p):
    x = F.pad(x, (p,) * 4)
    return F.unfold(x[..., :-1], f, stride=s)


def _by_view(x, f, s, p):
    B, C = x.shape[:2]
    X = _im2col(x, f, s, p)
    return X.reshape(B, -1, C * f * f).mT


# ------------------------------------------------------------------------------------------ max_pool_backward
def _pool_in_loops(x, dz, f, stride):
    dx = torch.zeros_like(x)
    for b, c, u, v in np.ndindex(*dz.shape):
        window = x[b, c, u * stride : u * stride + f, v * stride : v * stride + f]
        i, j = divmod(int(window.argmax()), f)
        dx[b, c, u * stride + i, v * stride + j] += dz[b, c, u, v]
    return dx


def _pool_in_numpy(x, dz, f, stride):
    x, dz = x.numpy().astype(np.float64), dz.numpy().astype(np.float64)
    dx = np.zeros_like(x)
    for u, v in np.ndindex(*dz.shape[2:]):
        rows, columns = slice(u * stride, u * stride + f), slice(v * stride, v * stride + f)
        best = x[:, :, rows, columns].max((2, 3), keepdims=True)
        dx[:, :, rows, columns] += (x[:, :, rows, columns] == best) * dz[:, :, u : u + 1, v : v + 1]
    return dx.astype(np.float32)


def _pool_by_indices(x, dz, f, stride):
    """PyTorch names the winners; their gradients are added in the flattened picture."""
    where = F.max_pool2d(x, f, stride, return_indices=True)[1]
    dx = torch.zeros_like(x).flatten(2)
    return dx.scatter_add_(2, where.flatten(2), dz.flatten(2)).view_as(x)


def _pool_by_taps(x, dz, f, stride):
    """One place of the window at a time: is it the winner? Float64 inside, a transposed view comes out."""
    H, W = dz.shape[2:]
    x, dz = x.double(), dz.double()
    best = F.max_pool2d(x, f, stride)
    dx = torch.zeros(*x.shape[:2], x.shape[3], x.shape[2], dtype=torch.float64).mT
    for i in range(f):
        for j in range(f):
            rows = slice(i, i + (H - 1) * stride + 1, stride)
            columns = slice(j, j + (W - 1) * stride + 1, stride)
            dx[:, :, rows, columns] += dz * (x[:, :, rows, columns] == best)
    return dx.float()


def _pool_of(change):
    """The right gradient of something else."""

    def answer(x, dz, f, stride):
        x = x.clone().requires_grad_()
        return torch.autograd.grad(F.max_pool2d(change(x), f, stride), x, dz)[0]

    return answer


def _pool_overlaps_averaged(x, dz, f, stride):
    """The mean, not the sum, of the gradients of a pixel that wins several windows."""
    wins = _pool_by_indices(x, torch.ones_like(dz), f, stride)
    return _pool_by_indices(x, dz, f, stride) / wins.clamp(min=1)


def _pool_shifted(x, dz, f, stride):
    return _pool_by_indices(x, dz, f, stride).roll(1, 3)


RIGHT = {
    "conv2d_by_hand": {
        "window by window": _conv_window_by_window,
        "NumPy, float64 inside": _conv_in_numpy,
        "a matrix product": _conv_by_unfold,
        "float64 inside, a view with gaps": _conv_thinned,
    },
    "receptive_field": {
        "from the output down": _from_the_output,
        "first and last pixel, a NumPy number": _first_and_last_pixel,
        "a sum in float64, a float": _sum_of_products,
        "a tensor of no dimension": lambda layers: torch.tensor(_from_the_output(layers)),
    },
    "im2col": {
        "loops over the windows": _columns_in_loops,
        "convolution with an identity": _columns_by_conv,
        "NumPy": _columns_in_numpy,
        "a transposed view": _columns_as_a_view,
    },
    "max_pool_backward": {
        "loops": _pool_in_loops,
        "NumPy, float64 inside": _pool_in_numpy,
        "the winners' indices": _pool_by_indices,
        "tap by tap, float64 inside": _pool_by_taps,
    },
}

WRONG = {
    "conv2d_by_hand": {
        "pads the output": lambda x, K, s, p, d: F.pad(_conv(x, K, s, 0, d), (p,) * 4),
        "d zeros between the taps": _taps_two_apart,
        "picture thinned out first": lambda x, K, s, p, d: _conv(x[:, ::s, ::s], K, 1, p, d),
        "rounds the size up": _ceil,
        "mean over the channels": lambda x, K, s, p, d: _conv(x, K, s, p, d) / len(x),
        "pads with the border": lambda x, K, s, p, d: _conv(
            F.pad(x[None], (p,) * 4, mode="replicate")[0] if p else x, K, s, 0, d
        ),
        "sum over the filters": lambda x, K, s, p, d: _conv(x, K, s, p, d).sum(0, keepdim=True),
        "with a batch": lambda x, K, s, p, d: _conv(x, K, s, p, d)[None],
        "pads twice": lambda x, K, s, p, d: _conv(x, K, s, 2 * p, d),
        "stride in one direction": _stride_down_only,
        "float64": lambda x, K, s, p, d: _conv(x.double(), K.double(), s, p, d),
    },
    "receptive_field": {
        "the recursion of the other direction": _field(forward=True),
        "product of the sizes": _product_of_sizes,
        "pools multiply": _field(move=lambda kind, jump, s, d: jump * s * (1 + (kind == "pool"))),
        "a relu adds one": _relu_counts,
        "strides are added": _field(move=lambda kind, jump, s, d: jump + s - 1 if s > 1 else jump),
        "extent f times dilation": _field(gap=lambda kind, f, d: f * d - 1),
        "starts from the first layer": _needs_a_layer,
        "a list": lambda layers: [_from_the_output(layers)] * 2,
    },
    "im2col": {
        "flipped windows": lambda x, f, s, p: _im2col(x.flip(2, 3), f, s, p).flip(2),
        "stride f": lambda x, f, s, p: _im2col(x, f, f, p),
        "pads below and right": lambda x, f, s, p: _im2col(F.pad(x, (0, p, 0, p)), f, s, 0),
        "a column short": _last_column_missing,
        "view for transpose": _by_view,
        "stride as dilation": lambda x, f, s, p: F.unfold(x, f, dilation=s, padding=p),
        "batch and channels joined": lambda x, f, s, p: _im2col(x, f, s, p).flatten(0, 1),
        "pads with the border": lambda x, f, s, p: _im2col(F.pad(x, (p,) * 4, mode="replicate"), f, s, 0),
    },
    "max_pool_backward": {
        "sign forgotten": lambda x, dz, f, s: -_pool_by_indices(x, dz, f, s),
        "a ReLU before": _pool_of(F.relu),
        "only positive gradients": lambda x, dz, f, s: _pool_by_indices(x, dz.clamp(min=0), f, s),
        "mean of the windows": _pool_overlaps_averaged,
        "one pixel to the right": _pool_shifted,
        "ones at the winners": lambda x, dz, f, s: _pool_by_indices(x, torch.ones_like(dz), f, s),
        "the pooled picture": lambda x, dz, f, s: F.max_pool2d(x, f, s),
        "dz itself": lambda x, dz, f, s: dz,
        "float64": lambda x, dz, f, s: _pool_by_indices(x.double(), dz.double(), f, s),
    },
}
