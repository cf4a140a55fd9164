"""Reference answers of the chapter on convolutions, and wrong ones with a word of the sentence they get."""

import torch
import torch.nn.functional as F


def conv2d_by_hand(x, K, stride, padding, dilation):
    f = K.shape[-1]
    span = f + (f - 1) * (dilation - 1)
    x = F.pad(x, (padding,) * 4)
    H, W = ((n - span) // stride + 1 for n in x.shape[1:])
    out = torch.zeros(len(K), H, W)
    for i in range(f):
        for j in range(f):
            top, left = i * dilation, j * dilation
            part = x[
                :, top : top + (H - 1) * stride + 1 : stride, left : left + (W - 1) * stride + 1 : stride
            ]
            out += torch.einsum("tc,chw->thw", K[:, :, i, j], part)
    return out


def receptive_field(layers):
    r, jump = 1, 1
    for kind, *numbers in layers:
        if kind == "relu":
            continue
        f, stride = numbers[:2]
        dilation = numbers[2] if kind == "conv" else 1
        r += (f - 1) * dilation * jump
        jump *= stride
    return r


def im2col(x, f, stride, padding):
    x = F.pad(x, (padding,) * 4)
    B, C, H, W = x.shape
    H, W = (H - f) // stride + 1, (W - f) // stride + 1
    rows = [
        x[:, :, i : i + (H - 1) * stride + 1 : stride, j : j + (W - 1) * stride + 1 : stride]
        for i in range(f)
        for j in range(f)
    ]  # f·f pieces (B, C, H', W')
    return torch.stack(rows, 2).reshape(B, C * f * f, H * W)


def max_pool_backward(x, dz, f, stride):
    dx = torch.zeros_like(x)
    for u in range(dz.shape[2]):
        for v in range(dz.shape[3]):
            rows = slice(u * stride, u * stride + f)
            columns = slice(v * stride, v * stride + f)
            window = x[:, :, rows, columns]
            winner = window == window.amax((2, 3), keepdim=True)
            dx[:, :, rows, columns] += winner * dz[:, :, u : u + 1, v : v + 1]
    return dx


PAPER = """Answers to the questions for paper, discussion and projects.

1. (k * l)(u) = Σ_i k(i) l(u − i); put j = u − i and the sum is Σ_j k(u − j) l(j). With + instead of
   −, as in a correlation, the two places do not add up to u, and the substitution gives l turned: k
   ⋆ l is l ⋆ k turned round.
2. Σ K(i) (a + b(u + i)) = 0 for all a, b needs Σ K(i) = 0 and Σ i K(i) = 0: the multiples of (1,
   −2, 1), the second difference. On 0 0 0 1 1 1 0 0 it answers 0 1 −1 0 −1 1: a pair of opposite
   signs at every edge.
3. max(a, b) = a + ReLU(b − a). For four: max(max(a, b), max(c, d)), three ReLUs.
4. 0 0 1 1 1 1 0 0: the windows of stride 2 are (0, 0), (1, 1), (1, 1), (0, 0). Blur first, or take
   stride 1 and pool the sizes of the answers: then both edges leave something behind.
5. (9C + CT) / (9CT) = 1/T + 1/9, and 1/f² for 9 in general. With T = 1 or f = 1 nothing is saved;
   from T of a few dozen on the 1 × 1 part dominates, and the ratio is near 1/9 for 3 × 3.
6. Passports: places mean something (eyes lie above mouths), local weights may pay. Spectrograms:
   shared along time, not along frequency. Chess: rules are the same everywhere, but the border
   matters, and so do far-away squares. Satellite pictures: shared along both axes, and by any turn,
   too.
7. Equivariance is given up: the layer can treat places differently if that helps. Gained: tasks
   that ask for places (Liu et al., 2018, CoordConv). Padding with zeros had given a part of this
   away already.
8. Strides or pools first. (5, 2), (3, 2), (3, 2), (3, 2), (3, 1) see 5, 9, 17, 33, 65 pixels; with
   8, 16, 16, 32, 32 maps that is about 200 + 1,200 + 2,300 + 4,600 + 9,200 weights. The effective
   field is smaller than 65.
9. Shifting the training digits at random by up to 4 pixels brings most back at no cost but longer
   training; global pooling does without. Look at what the confusions are: 6 and 9, 1 and 7.
"""


# -------------------------------------------------------------------------------------------- wrong answers
def _pool_pays(x, dz, f, stride, share, step=None, add=True):
    """Walk over the windows; share maps a window (B, C, f, f) to what its pixels get of the gradient."""
    step, dx = step or stride, torch.zeros_like(x)
    for u in range(dz.shape[2]):
        for v in range(dz.shape[3]):
            top, left = u * step, v * step
            if top + f <= x.shape[2] and left + f <= x.shape[3]:
                gets = share(x[:, :, top : top + f, left : left + f])
                part, paid = dx[:, :, top : top + f, left : left + f], gets * dz[:, :, u, v, None, None]
                part.copy_(part + paid if add else torch.where(gets != 0, paid, part))
    return dx


def _largest(window):
    return (window == window.amax((2, 3), keepdim=True)).float()


def _upper_left(window):
    first = torch.zeros_like(window)
    first[:, :, 0, 0] = 1
    return first


def _conv(x, K, stride, padding, dilation, span):
    """The reference with another idea of the window's span; fails where the window leaves the picture."""
    f = K.shape[-1]
    x = F.pad(x, (padding,) * 4)
    H, W = ((n - span(f, dilation)) // stride + 1 for n in x.shape[1:])
    out = torch.zeros(len(K), H, W)
    for y in range(H):
        for z in range(W):
            for i in range(f):
                for j in range(f):
                    r, c = y * stride + i * dilation, z * stride + j * dilation
                    if r < x.shape[1] and c < x.shape[2]:
                        out[:, y, z] += K[:, :, i, j] @ x[:, r, c]
    return out


def _sliced(x, K, stride, padding, dilation, size=None, pad=True, step=None, apart=None, add=True):
    """The reference with other sizes, steps or distances between taps; may stop with an error."""
    f = K.shape[-1]
    span = f + (f - 1) * (dilation - 1)
    H, W = ((n + 2 * padding - span) // stride + 1 for n in x.shape[1:])
    if size:
        H, W = ((n + 2 * padding - size(f, dilation)) // stride + 1 for n in x.shape[1:])
    x = F.pad(x, (padding,) * 4) if pad else x
    step, apart = step or stride, apart or dilation
    out = torch.zeros(len(K), H, W)
    for i in range(f):
        for j in range(f):
            rows = slice(i * apart, i * apart + (H - 1) * step + 1, step)
            columns = slice(j * apart, j * apart + (W - 1) * step + 1, step)
            part = torch.einsum("tc,chw->thw", K[:, :, i, j], x[:, rows, columns])
            out = out + part if add else part
    return out


def _turned(x, K, stride, padding, dilation):
    return conv2d_by_hand(x, torch.rot90(K, 2, (2, 3)), stride, padding, dilation)


def _gaps_with(stride_first=False, pools=True, whole=0, extent=None, backwards=False, jump_by=None, start=1):
    def answer(layers):
        r, jump = start, 1
        for kind, *n in layers[::-1] if backwards else layers:
            if kind == "relu" or (kind == "pool" and not pools):
                continue
            f, s, d = n[0], n[1], n[2] if len(n) > 2 else 1
            e = extent(kind, f, d) if extent else f + (f - 1) * (d - 1)
            after = jump_by(kind, jump, s, d) if jump_by else jump * s
            r += (e - 1 + whole) * (after if stride_first else jump)
            jump = after
        return r

    return answer


def _channels_last(x, f, stride, padding):
    X = im2col(x, f, stride, padding)
    return X.view(len(x), x.shape[1], f * f, -1).transpose(1, 2).reshape(X.shape)


def _window_turned(x, f, stride, padding):
    X = im2col(x, f, stride, padding)
    return X.view(len(x), x.shape[1], f, f, -1).transpose(2, 3).reshape(X.shape)


def _down_first(x, f, stride, padding):
    X = im2col(x.transpose(2, 3), f, stride, padding)
    return X.view(len(x), x.shape[1], f, f, -1).transpose(2, 3).reshape(X.shape)


def _short(x, f, stride, padding):
    x = F.pad(x, (padding,) * 4)
    H, W = x.shape[2:]
    starts = [(i, j) for i in range(0, H - f, stride) for j in range(0, W - f, stride)]
    return torch.stack([x[:, :, i : i + f, j : j + f].reshape(len(x), -1) for i, j in starts], 2)


def _reshaped(x, f, stride, padding):
    x = F.pad(x, (padding,) * 4)
    return x.unfold(2, f, stride).unfold(3, f, stride).reshape(len(x), x.shape[1] * f * f, -1)


MISTAKES = {
    "conv2d_by_hand": [
        (_turned, "half a turn"),
        (lambda x, K, s, p, d: conv2d_by_hand(x, K.mT, s, p, d), "swapped"),
        (lambda x, K, s, p, d: _conv(x, K, s, p, d, lambda f, d: f), "does not shrink"),
        (lambda x, K, s, p, d: _conv(x, K, s, p, d, lambda f, d: f + d), "f + dilation"),
        (lambda x, K, s, p, d: conv2d_by_hand(x, K, s, p, d)[:, :-1, :-1], "lacks its last row"),
        (lambda x, K, s, p, d: _sliced(x, K, s, p, d, step=1), "start at neighbouring pixels"),
        (lambda x, K, s, p, d: _sliced(x, K, s, p, d, apart=1), "not pulled apart"),
        (lambda x, K, s, p, d: _sliced(x, K, s, p, d, add=False), "last tap"),
        (lambda x, K, s, p, d: _sliced(x, K, s, p, d, size=lambda f, d: f), "Without dilation it ran"),
        (lambda x, K, s, p, d: _sliced(x, K, s, p, d, pad=False), "Without padding it ran"),
        (lambda x, K, s, p, d: _sliced(x, K, s, p, d) + 0 * _sliced(x, K, 1, p, d), "Without stride"),
        (lambda x, K, s, p, d: conv2d_by_hand(F.pad(x, (0, p, 0, p)), K, s, 0, d), "below and right"),
        (lambda x, K, s, p, d: conv2d_by_hand(x, K, s, p, 1), "ignore the dilation"),
        (lambda x, K, s, p, d: conv2d_by_hand(x, K, 1, p, d), "ignore the stride"),
        (lambda x, K, s, p, d: conv2d_by_hand(x, K, s, 0, d), "ignore the padding"),
        (lambda x, K, s, p, d: conv2d_by_hand(F.pad(x, (p, 0, p, 0)), K, s, 0, d), "above and left"),
        (lambda x, K, s, p, d: conv2d_by_hand(x[:1], K[:, :1], s, p, d), "first channel"),
    ],
    "receptive_field": [
        (_gaps_with(extent=lambda kind, f, d: f + d), "f + dilation"),
        (_gaps_with(extent=lambda kind, f, d: f if kind == "pool" else f + d), "f + dilation"),
        (_gaps_with(extent=lambda kind, f, d: f), "ignore the dilation"),
        (_gaps_with(jump_by=lambda kind, jump, s, d: jump * s * d), "dilation moves"),
        (_gaps_with(jump_by=lambda kind, jump, s, d: 1), "ignore the strides"),
        (_gaps_with(jump_by=lambda kind, jump, s, d: jump if kind == "pool" else jump * s), "of the pooling"),
        (_gaps_with(jump_by=lambda kind, jump, s, d: s), "the last layer alone"),
        (_gaps_with(stride_first=True), "its own window"),
        (_gaps_with(whole=1), "a whole window"),
        (_gaps_with(pools=False), "leave out the pooling"),
        (_gaps_with(extent=lambda kind, f, d: 1 if kind == "pool" else (f - 1) * d + 1), "no more than one"),
        (_gaps_with(backwards=True), "wrong order for your recursion"),
        (_gaps_with(start=0), "starts at 0"),
        (lambda layers: receptive_field(layers) ** 2, "in a square"),
    ],
    "im2col": [
        (_channels_last, "channels run fastest"),
        (_window_turned, "within your windows"),
        (_down_first, "down the picture first"),
        (lambda x, f, s, p: im2col(x, f, s, p).mT, "windows are the rows"),
        (_reshaped, "reshape has mixed"),
        (lambda x, f, s, p: im2col(x, f, 1, p), "ignore the stride"),
        (lambda x, f, s, p: im2col(x, f, s, 0), "ignore the padding"),
        (lambda x, f, s, p: im2col(F.pad(x, (p, 0, p, 0)), f, s, 0), "above and left"),
        (_short, "last row"),
    ],
    "max_pool_backward": [
        (lambda x, dz, f, s: _pool_pays(x, dz, f, s, _largest, add=False), "keeps only the gradient"),
        (lambda x, dz, f, s: _pool_pays(x, dz, f, s, lambda w: torch.full_like(w, 1 / f**2)), "mean-pooling"),
        (lambda x, dz, f, s: _pool_pays(x, dz, f, s, torch.ones_like), "to every pixel"),
        (lambda x, dz, f, s: _pool_pays(x, dz, f, s, lambda w: w * _largest(w)), "times the pixel"),
        (
            lambda x, dz, f, s: _pool_pays(
                x, torch.ones_like(dz), f, s, lambda w: w * _largest(w), add=False
            ),
            "the pixel, not the gradient",
        ),
        (lambda x, dz, f, s: _pool_pays(x, dz, f, s, lambda w: _largest(-w)), "smallest pixel"),
        (lambda x, dz, f, s: _pool_pays(x, dz, f, s, lambda w: _largest(w.abs())), "whatever its sign"),
        (lambda x, dz, f, s: _pool_pays(x, dz, f, s, _upper_left), "upper left"),
        (lambda x, dz, f, s: _pool_pays(x, dz, f, s, _largest, step=f), "side by side"),
        (lambda x, dz, f, s: _pool_pays(x, dz, f, s, _largest, step=1), "neighbouring pixels"),
    ],
}
