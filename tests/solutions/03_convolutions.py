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


# -------------------------------------------------------------------------------------------- wrong answers
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
}
