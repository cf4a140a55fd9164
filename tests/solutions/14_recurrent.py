"""Reference answers of the chapter on recurrent networks, and wrong ones with words of the verdict."""

import torch

# Answers to the questions for paper, discussion and projects of the chapter.
PAPER = """
1. h_4 = w³, three uses, each the product of the two other factors: 3 w². In general h_T = w^(T-1) and
   the gradient is (T-1) w^(T-2): T-1 equal paths. From T to T+1 it is multiplied by w T / (T-1), which
   for w = 0.9 is over one until T = 10: largest at T = 10 and 11 alike (9 · 0.9^8 = 10 · 0.9^9 = 3.87).
2. An effect from step t to t + d crosses a cut if one of the d gaps between them is a cut. Cuts come
   every k gaps; over all positions of t the share is d/k for d < k and 1 beyond. Moved on by k' < k
   steps, a loss sits at place k - k' + 1 ... k of its piece: all distances up to k - k' are kept, those
   from k on lost, between them the share lost is (d - (k - k')) / k'.
3. dn = dh (1-z), dz = dh (h_old - n), dr = dn (1-n²) (W_hn h_old + c_n). With a_n = dn (1-n²), a_z = dz
   z (1-z), a_r = dr r (1-r): dh_old = dh z + W_hnᵀ (a_n r) + W_hzᵀ a_z + W_hrᵀ a_r: direct, candidate,
   and two gates.
4. h_t is a mixture of n_t in (-1, 1) and h_{t-1}; by induction it stays inside. So no unit can hold a
   number that grows with the count; it can at best approach a limit, with steps that shrink below what
   can be told.
5. Plain: b_r large, b_z very negative (r = 1, z = 0), b_n + c_n = b. Copy: b_z large (z = 1).
6. 4 · 128 · 160 = 81,920 = 3 H (H + 32): H = 150 (3 · 150 · 182 = 81,900). The LSTM keeps 256 numbers (c
   and h), though h is computed from c; a GRU of 256 units costs 3 · 256 · 288 = 221,184.
7. No: heat changes the shares and with them the set. Heating first and cutting then keeps the total at q
   of what is drawn from, cutting first fixes the candidates whatever the heat; the second is safer when
   hot.
8. It sees one word ahead, not the clause that follows, so a comma before "and" can be right, a question
   mark still not. Test: delay 1, 2, 4, 8 against both ways on the same seeds, F1 of "?" apart.
9. Project: a report compares at equal seconds, changes one thing at a time, keeps a diary (change,
   before, after, seeds), and chooses on another piece of text than it reports.
10. Project: a report has the same grid of rates for all four, 1/6 as its floor, seeds, standard errors,
   and says what differs in the task: numbers that are not marked must be ignored at every step.
"""


def rnn_step_backward(x, h, w_x, w_h, b, dnew):
    new = torch.tanh(x @ w_x.T + h @ w_h.T + b)
    da = dnew * (1 - new**2)
    return new, da @ w_x, da @ w_h, da.T @ x, da.T @ h, da.sum(0)


def clip_global_norm(grads, limit):
    norm = torch.stack([g.square().sum() for g in grads]).sum().sqrt()
    factor = min(1.0, limit / (norm.item() + 1e-9))
    return [g * factor for g in grads]


def gru_step(x, h, w_x, w_h, b_x, b_h):
    H = h.shape[1]
    from_x = x @ w_x.T + b_x
    gates = torch.sigmoid(from_x[:, : 2 * H] + h @ w_h[: 2 * H].T + b_h[: 2 * H])
    r, z = gates[:, :H], gates[:, H:]
    n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ w_h[2 * H :].T + b_h[2 * H :])
    return n + z * (h - n)


def sample_characters(z, tau, count, generator):
    p = (z / tau).softmax(0)
    return torch.multinomial(p, count, replacement=True, generator=generator)


# -------------------------------------------------------------------------------------------- wrong answers
def _rnn(slope=lambda a, new: 1 - new**2, dh=lambda da, w: da @ w, dw_h=None, db=lambda da: da.sum(0)):
    def wrong(x, h, w_x, w_h, b, dnew):
        a = x @ w_x.T + h @ w_h.T + b
        new = torch.tanh(a)
        da = dnew * slope(a, new)
        return (
            new,
            da @ w_x,
            dh(da, w_h),
            da.T @ x,
            (dw_h or (lambda da, h, new: da.T @ h))(da, h, new),
            db(da),
        )

    return wrong


def _no_tanh(x, h, w_x, w_h, b, dnew):
    return (x @ w_x.T + h @ w_h.T + b, *rnn_step_backward(x, h, w_x, w_h, b, dnew)[1:])


def _bias_of_dnew(x, h, w_x, w_h, b, dnew):
    return (*rnn_step_backward(x, h, w_x, w_h, b, dnew)[:5], dnew.sum(0))


def _old_slope(x, h, w_x, w_h, b, dnew):
    new = torch.tanh(x @ w_x.T + h @ w_h.T + b)
    da = dnew * (1 - h * h)
    return new, da @ w_x, da @ w_h, da.T @ x, da.T @ h, da.sum(0)


def _averaged(x, h, w_x, w_h, b, dnew):
    new, dx, dh, dw_x, dw_h, db = rnn_step_backward(x, h, w_x, w_h, b, dnew)
    return new, dx, dh, dw_x / x.shape[0], dw_h / x.shape[0], db


def _one_draw(z, tau, count, generator):
    return torch.multinomial((z / tau).softmax(0), 1, generator=generator).expand(count).clone()


def _each(grads, limit):
    return [g * min(1.0, limit / (g.norm().item() + 1e-9)) for g in grads]


def _by(norm_of, always=False):
    def wrong(grads, limit):
        norm = float(norm_of(grads))
        return [g * (limit / norm) if norm > 0 and (always or norm > limit) else 1 * g for g in grads]

    return wrong


def _all(grads):
    return torch.cat([g.flatten() for g in grads]).norm()


def _always(grads, limit):
    return [g * (limit / _all(grads)) for g in grads]


def _nan(grads, limit):
    return [g * torch.clamp(limit * _all(grads) / _all(grads) ** 2, max=1.0) for g in grads]


def _to_one(grads, limit):
    norm = _all(grads)
    return [g / norm if norm > limit else 1 * g for g in grads]


def _gru(mix=None, candidate=None, order=(0, 1, 2)):
    def wrong(x, h, w_x, w_h, b_x, b_h):
        H = h.shape[1]
        xs, hs = (x @ w_x.T + b_x).split(H, 1), (h @ w_h.T + b_h).split(H, 1)
        (xr, xz, xn), (hr, hz, hn) = ([v[k] for k in order] for v in (xs, hs))
        r, z = (xr + hr).sigmoid(), (xz + hz).sigmoid()
        w, b = w_h[2 * H :], b_h[2 * H :]
        n = candidate(xn, hn, r, h, w, b) if candidate else torch.tanh(xn + (r * h) @ w.T + b)
        return mix(z, n, h) if mix else n - z * n + z * h

    return wrong


def _by_chances(chances):
    def wrong(z, tau, count, generator):
        return torch.multinomial(chances(z, tau), count, replacement=True, generator=generator)

    return wrong


def _arg_max(z, tau, count, generator):
    return z.argmax().expand(count).clone()


def _overflow(z, tau, count, generator):
    p = (z / tau).exp()
    return torch.multinomial(p / p.sum(), count, replacement=True, generator=generator)


def _own_chance(z, tau, count, generator):
    return torch.multinomial((z / tau).softmax(0), count, replacement=True)


def _no_repeats(z, tau, count, generator):
    return torch.multinomial((z / tau).softmax(0), count, generator=generator)


MISTAKES = {
    "rnn_step_backward": [
        (_rnn(slope=lambda a, new: 1.0), "derivative of tanh is missing"),
        (_rnn(slope=lambda a, new: 1 - a**2), "what goes into tanh"),
        (_rnn(slope=lambda a, new: 1 - new), "1 - new"),
        (_rnn(slope=lambda a, new: new * (1 - new)), "slope of the sigmoid"),
        (_rnn(dh=lambda da, w: da @ w.T), "dh uses w_h transposed"),
        (_rnn(dw_h=lambda da, h, new: da.T @ new), "uses the new state"),
        (_rnn(dw_h=lambda da, h, new: h.T @ da), "dw_h is transposed"),
        (_rnn(db=lambda da: da), "did not sum db"),
        (_rnn(db=lambda da: da.mean(0)), "averaged db"),
        (_bias_of_dnew, "sum of dnew"),
        (_old_slope, "from the old state"),
        (_averaged, "averaged the gradients of the weights"),
        (_no_tanh, "lacks tanh"),
    ],
    "clip_global_norm": [
        (_each, "each tensor by its own norm"),
        (_always, "scale small gradients up"),
        (_by(_all, always=True), "scale small gradients up"),
        (_by(lambda grads: sum(g.norm() for g in grads)), "add the norms"),
        (_by(lambda grads: _all(grads) ** 2), "squared norm"),
        (_by(lambda grads: max(g.norm() for g in grads)), "largest norm"),
        (_by(lambda grads: sum(g.abs().sum() for g in grads)), "absolute values"),
        (lambda grads, limit: [g.clamp(-limit, limit) for g in grads], "every number by itself"),
        (_to_one, "norm to 1"),
        (lambda grads, limit: [1 * g for g in grads], "as they came"),
        (_nan, "zero by zero"),
    ],
    "gru_step": [
        (_gru(mix=lambda z, n, h: z * n + (1 - z) * h), "are swapped: z = 1"),
        (_gru(lambda z, n, h: n), "without mixing"),
        (_gru(lambda z, n, h: n + z * h), "lacks its factor"),
        (_gru(None, lambda xn, hn, r, h, w, b: torch.tanh(xn + r * hn)), "as in equation (6)"),
        (_gru(None, lambda xn, hn, r, h, w, b: torch.tanh(xn + r * (h @ w.T) + b)), "the bias b_h left out"),
        (
            _gru(None, lambda xn, hn, r, h, w, b: torch.tanh(r * (xn + hn))),
            "input's part of the candidate, too",
        ),
        (_gru(None, lambda xn, hn, r, h, w, b: torch.tanh(r * xn + hn)), "only the input's part"),
        (_gru(None, lambda xn, hn, r, h, w, b: torch.tanh(xn + hn)), "reset gate is missing"),
        (_gru(None, lambda xn, hn, r, h, w, b: xn + (r * h) @ w.T + b), "lacks its tanh"),
        (_gru(None, lambda xn, hn, r, h, w, b: (xn + (r * h) @ w.T + b).sigmoid()), "through a sigmoid"),
        (_gru(order=(1, 0, 2)), "blocks of r and z"),
    ],
    "sample_characters": [
        (_arg_max, "arg-max"),
        (_one_draw, "one draw repeated"),
        (_by_chances(lambda z, tau: (z * tau).softmax(0)), "multiply by tau"),
        (_by_chances(lambda z, tau: z.softmax(0)), "no effect"),
        (_by_chances(lambda z, tau: z.softmax(0) / tau), "no effect"),
        (_by_chances(lambda z, tau: (z.softmax(0) / tau).softmax(0)), "softmax twice"),
        (_by_chances(lambda z, tau: torch.ones_like(z)), "the same chance"),
        (_overflow, "overflows"),
        (_no_repeats, "without replacement"),
        (_own_chance, "do not use the generator"),
    ],
}
