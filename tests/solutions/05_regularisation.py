"""Reference answers of the chapter on regularisation, and wrong ones with words of the verdict."""

import torch

# Answers to the questions for paper, discussion and projects of the chapter.
PAPER = """
1. For w > 0: 2(2 - w) = lambda_1 + 2 lambda_2 w, so w = max(0, 2 - lambda_1 / 2) / (1 + lambda_2). Only the
   absolute value makes zeros (lambda_1 >= 4), whatever lambda_2 is.
2. Each step multiplies by 1 - 0.1 * 0.003 = 0.9997; log(1/2) / log(0.9997) = 2,310 steps.
3. 0, 0, 9: mu = 3, sigma^2 = 18, x_hat = -0.71, -0.71, 1.41. With 900 just the same: an outlier cannot grow,
   but it presses its neighbours together; 0, 1, 900 gives -0.71, -0.71, 1.41, too.
4. 2^50, about 10^15. With a factor 1/sqrt(50) before f each block adds a fiftieth: (1 + 1/50)^50, about e.
   Or start the last layer of f (or the gamma of its last batch norm) at 0: every block is the identity.
5. All 20 are equal, so the best lies about 1.9 standard errors above the truth: 88.1 - 1.3 = 86.8.
   (Less if the 20 measurements are on the same images and so move together.)
6. Everything that does not know where a pixel lies stays: dense nets, PCA, L2, L1, dropout, batch norm,
   mixup, label smoothing. Augmentation breaks if it moves the permuted picture, and holds if it moves the
   picture first.
7. About 85 to 88 % with augmentation and batch norm; what counts is that the test set was used once, and
   that the choice between variants was larger than its standard error on the validation data.
8. Hardly: half of all 7 pull in the same direction in every batch, so the false rule is learned as soon as
   the true one. Only noise without a rule is learned late.
9. Where the net can just fit all training labels: some ten hidden neurons for 500 images, ten classes
   (about 5,000 answers against 800 weights a neuron); flatter than in Figure 9, and only if trained to the
   end.
"""


def inverted_dropout(x, p, training):
    if not training or p == 0:
        return x.clone()
    mask = torch.rand_like(x) >= p
    return x * mask / (1 - p)


def batch_norm(x, gamma, beta, running_mean, running_var, share=0.1, eps=1e-5):
    B = len(x)
    mean, var = x.mean(0), x.var(0, unbiased=False)
    y = gamma * (x - mean) / (var + eps).sqrt() + beta
    new_mean = (1 - share) * running_mean + share * mean
    new_var = (1 - share) * running_var + share * var * B / (B - 1)
    return y, new_mean, new_var


def batch_norm_backward(x, gamma, dy, eps=1e-5):
    s = (x.var(0, unbiased=False) + eps).sqrt()
    x_hat = (x - x.mean(0)) / s
    d = gamma * dy
    dx = (d - d.mean(0) - x_hat * (d * x_hat).mean(0)) / s
    return dx, (dy * x_hat).sum(0), dy.sum(0)


def average_views(z):
    p = z.softmax(-1).mean(0)
    return p, p.argmax(-1)


def he_init(n_out, n_in):
    return torch.randn(n_out, n_in) * (2 / n_in) ** 0.5, torch.zeros(n_out)


# -------------------------------------------------------------------------------------------- wrong answers
def _keeps_p(x, p, training):
    return x * (torch.rand_like(x) < p) / p if training and p else x


def _standard(x, p, training):
    return x * (torch.rand_like(x) >= p) if training else x


def _divides_by_p(x, p, training):
    return x * (torch.rand_like(x) >= p) / p if training and p else x


def _always(x, p, training):
    return inverted_dropout(x, p, True)


def _one_mask(x, p, training):
    return x * (torch.rand_like(x[:1]) >= p) / (1 - p) if training else x


def _unbiased(x, gamma, beta, mean, var, share=0.1, eps=1e-5):
    _, new_mean, new_var = batch_norm(x, gamma, beta, mean, var, share, eps)
    return gamma * (x - x.mean(0)) / (x.var(0) + eps).sqrt() + beta, new_mean, new_var


def _biased_running(x, gamma, beta, mean, var, share=0.1, eps=1e-5):
    y, new_mean, _ = batch_norm(x, gamma, beta, mean, var, share, eps)
    return y, new_mean, (1 - share) * var + share * x.var(0, unbiased=False)


def _constants(x, gamma, dy, eps=1e-5):
    _, dgamma, dbeta = batch_norm_backward(x, gamma, dy, eps)
    return gamma * dy / (x.var(0, unbiased=False) + eps).sqrt(), dgamma, dbeta


def _no_gamma(x, gamma, dy, eps=1e-5):
    return batch_norm_backward(x, torch.ones_like(gamma), dy, eps)


def _mask_per_example(x, p, training):
    return x * (torch.rand(len(x), *[1] * (x.ndim - 1)) >= p) / (1 - p) if training else x


def _mask_per_channel(x, p, training):
    return x * (torch.rand(*x.shape[:2], *[1] * (x.ndim - 2)) >= p) / (1 - p) if training else x


def _normal(x, p, training):
    return x * (torch.randn_like(x) > p) / (1 - p) if training and p else x


def _shrinks(x, p, training):
    return x * (torch.rand_like(x) >= p) * (1 - p) if training else x


def _nothing_in_evaluation(x, p, training):
    if training:
        return inverted_dropout(x, p, training)


def _norm_with(y):
    """Batch norm whose y is computed otherwise, from (x, gamma, beta, new_mean, new_var, eps)."""

    def wrong(x, gamma, beta, mean, var, share=0.1, eps=1e-5):
        _, mean, var = batch_norm(x, gamma, beta, mean, var, share, eps)
        return y(x, gamma, beta, mean, var, eps), mean, var

    return wrong


def _backward_with(dx=None, dgamma=None):
    """The backward pass with another dx (d, x_hat, s) or another dgamma (x, x_hat, gamma, dy)."""

    def wrong(x, gamma, dy, eps=1e-5):
        right = batch_norm_backward(x, gamma, dy, eps)
        s = (x.var(0, unbiased=False) + eps).sqrt()
        x_hat = (x - x.mean(0)) / s
        return (
            dx(gamma * dy, x_hat, s) if dx else right[0],
            dgamma(x, x_hat, gamma, dy) if dgamma else right[1],
            right[2],
        )

    return wrong


def _views_with(k):
    return lambda z: (z.softmax(-1).mean(0), k(z))


def _he_with(W, b=torch.zeros):
    return lambda n_out, n_in: (W(n_out, n_in), b(n_out))


MISTAKES = {
    "inverted_dropout": [
        (_keeps_p, "probability to keep"),
        (_standard, "standard dropout"),
        (_divides_by_p, "divide by p"),
        (_always, "in evaluation"),
        (_one_mask, "same mask"),
        (_mask_per_example, "whole examples"),
        (_mask_per_channel, "share their fate"),
        (_normal, "randn instead of rand"),
        (_shrinks, "instead of dividing"),
        (_nothing_in_evaluation, "returned None"),
    ],
    "batch_norm": [
        (_unbiased, "unbiased variance"),
        (_biased_running, "running variance is the biased"),
        (_norm_with(lambda x, g, b, m, v, eps: g * (x - m) / (v + eps).sqrt() + b), "new running averages"),
        (
            _norm_with(
                lambda x, g, b, m, v, eps: g * (x - x.mean()) / (x.var(correction=0) + eps).sqrt() + b
            ),
            "together",
        ),
        (
            _norm_with(lambda x, g, b, m, v, eps: g * (x - x.mean(0)) / (x.var(0, correction=0) + eps) + b),
            "root",
        ),
        (
            _norm_with(lambda x, g, b, m, v, eps: (x - x.mean(0)) / (x.var(0, correction=0) + eps).sqrt()),
            "stop at",
        ),
        (
            _norm_with(lambda x, g, b, m, v, eps: g * (x - x.mean(0)) / (x.std(0, correction=0) + eps) + b),
            "outside the root",
        ),
        (lambda x, g, b, m, v, share=0.1, eps=1e-5: batch_norm(x, g, b, m, v, 0.1, eps), "always 0.1"),
        (lambda x, g, b, m, v, share=0.1, eps=1e-5: batch_norm(x, g, b, m, v, share, 1e-5), "eps"),
    ],
    "batch_norm_backward": [
        (_constants, "as constants"),
        (_no_gamma, "forgets gamma"),
        (_backward_with(lambda d, h, s: (d - d.sum(0) - h * (d * h).sum(0)) / s), "sums where"),
        (_backward_with(lambda d, h, s: (d - h * (d * h).mean(0)) / s), "through the mean"),
        (_backward_with(lambda d, h, s: (d - d.mean(0)) / s), "through the variance"),
        (_backward_with(lambda d, h, s: d - d.mean(0) - h * (d * h).mean(0)), "1/s"),
        (_backward_with(lambda d, h, s: (d - d.mean(0) + h * (d * h).mean(0)) / s), "wrong sign"),
        (_backward_with(lambda d, h, s: (d - d.mean(0) - h * s * (d * h).mean(0)) / s), "where x̂ belongs"),
        (_backward_with(dgamma=lambda x, h, g, dy: (dy * x).sum(0)), "uses x instead"),
        (_backward_with(dgamma=lambda x, h, g, dy: (g * dy * h).sum(0)), "contains gamma"),
        (_backward_with(dgamma=lambda x, h, g, dy: (dy * h).mean(0)), "averaged dgamma"),
        (lambda x, g, dy, eps=1e-5: batch_norm_backward(x, g, dy), "the eps you are given"),
    ],
    "average_views": [
        (lambda z: (z.mean(0).softmax(-1), z.mean(0).argmax(-1)), "averaged the logits"),
        (lambda z: (z.softmax(1).mean(0), z.softmax(1).mean(0).argmax(-1)), "wrong dimension"),
        (_views_with(lambda z: z.argmax(-1).mode(0).values), "let the views vote"),
        (_views_with(lambda z: z.mean(0).argmax(-1)), "mean of the logits"),
        (_views_with(lambda z: z.softmax(-1).mean(0).max(-1).values), "not the class"),
        (_views_with(lambda z: z.softmax(-1).mean(0).max(-1)), "two things at once"),
        (lambda z: (z.mean(0), z.mean(0).argmax(-1)), "forgot softmax"),
        (lambda z: average_views((z.exp() / z.exp().sum(-1, keepdim=True)).log()), "overflows"),
    ],
    "he_init": [
        (lambda n_out, n_in: (torch.randn(n_out, n_in) * 2 / n_in**0.5, torch.zeros(n_out)), "2/√n"),
        (
            lambda n_out, n_in: (torch.randn(n_out, n_in) * (2 / n_out) ** 0.5, torch.zeros(n_out)),
            "outputs instead",
        ),
        (lambda n_out, n_in: (torch.randn(n_out, n_in) * (1 / n_in) ** 0.5, torch.zeros(n_out)), "1/n"),
        (_he_with(lambda n_out, n_in: torch.randn(n_out, n_in) * 2 / n_in), "for the standard deviation"),
        (_he_with(lambda n_out, n_in: torch.randn(n_out, n_in) * (2 / (n_in + n_out)) ** 0.5), "Xavier"),
        (_he_with(lambda n_out, n_in: torch.rand(n_out, n_in) * (2 / n_in) ** 0.5), "rand draws"),
        (
            _he_with(lambda n_out, n_in: (2 * torch.rand(n_out, n_in) - 1) * (6 / n_in) ** 0.5),
            "ends abruptly",
        ),
        (_he_with(lambda n_out, n_in: torch.randn(n_in, n_out) * (2 / n_in) ** 0.5), "transposed"),
        (
            _he_with(lambda n_out, n_in: torch.randn(n_out, n_in) * (2 / n_in) ** 0.5, torch.randn),
            "Biases start at zero",
        ),
    ],
}
