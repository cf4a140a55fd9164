"""A mistake is named only on evidence: an error, a nan or a number alone may have other causes."""

from __future__ import annotations

import torch
from answers import solutions

from course_utils import check
from course_utils.exercises import find

BACKPROPAGATION = solutions("02_backpropagation")
CONVOLUTIONS = solutions("03_convolutions")


def said(name, answer):
    """What the check says, and the mistakes it could have named."""
    return check.run(name, answer)[1], [mistake.says for mistake in find(name).mistakes]


def stops(*inputs):
    return torch.zeros(3) @ torch.zeros(4)


def test_an_error_of_the_same_kind_is_no_evidence():
    for name in ("linear_backward", "softmax_cross_entropy_backward", "conv2d_by_hand", "im2col"):
        text, sentences = said(name, stops)
        assert "stopped with RuntimeError" in text
        assert not any(sentence in text for sentence in sentences), text


def test_an_error_and_the_same_values_are():
    text, _ = said("linear_backward", lambda x, W, dz: (dz @ W.T, dz.T @ x, dz.sum(0)))
    assert "stopped with RuntimeError" in text and "uses W transposed" in text


def test_a_nan_is_called_an_overflow_only_where_exp_overflows():
    for answer in (lambda z, y: z * torch.nan, BACKPROPAGATION["_infinite_loss"]):
        text, _ = said("softmax_cross_entropy_backward", answer)
        assert "overflows" not in text
    assert "overflows" in said("softmax_cross_entropy_backward", BACKPROPAGATION["_overflows"])[0]


def test_one_number_may_agree_by_chance():
    def dilation_of_a_pool(layers):  # 9 in the first case, as from a stride counted too early
        r, jump = 1, 1
        for kind, *numbers in layers:
            if kind != "relu":
                r += (numbers[0] - 1) * numbers[-1] * jump
                jump *= numbers[1]
        return r

    text, sentences = said("receptive_field", dilation_of_a_pool)
    assert "got       9" in text
    assert not any(sentence in text for sentence in sentences), text


def test_an_order_is_not_called_level_by_level_when_it_is_not():
    for name in ("_preorder", "_preorder_by_calls", "_by_name"):
        assert "level by level" not in said("topological_order", BACKPROPAGATION[name])[0]


def test_sizes_that_clash_for_another_reason():
    def clashes_without_settings(x, K, stride, padding, dilation):
        return CONVOLUTIONS["conv2d_by_hand"](x, K, stride, padding, dilation) + torch.zeros(7, 7, 7)

    text, sentences = said("conv2d_by_hand", clashes_without_settings)
    assert "stopped with RuntimeError" in text
    assert not any(sentence in text for sentence in sentences), text


def test_a_mistake_speaks_of_the_output_that_is_shown():
    def all_averaged(x, W, dz):
        return tuple(v / len(x) for v in BACKPROPAGATION["linear_backward"](x, W, dz))

    text, sentences = said("linear_backward", all_averaged)
    assert "dx is wrong" in text and "Every entry of dx is 1/2 times" in text
    assert not any(sentence in text for sentence in sentences), text


def test_names_that_once_were_false():
    """Answers that were told of a mistake that they did not make."""

    def ends_with_the_first_batch(n, batch_size, generator):
        order = torch.randperm(n, generator=generator)
        for i in range(0, n, batch_size):
            return order[i : i + batch_size]

    def a_mask_for_each_channel(x, p, training):
        keep = torch.rand(*x.shape[:2], *[1] * (x.ndim - 2)) >= p
        return x * keep / (1 - p) if training else x

    def squares_without_stride(score, x, size, stride, fill):
        falls = torch.zeros(*((n - size) // stride + 1 for n in x.shape[1:]))
        for i in range(len(falls)):
            for k in range(falls.shape[1]):
                covered = x.clone()
                covered[:, i : i + size, k : k + size] = fill
                falls[i, k] = score(x) - score(covered)
        return falls

    for name, answer, false in (
        ("minibatches", ends_with_the_first_batch, "single indices"),
        ("inverted_dropout", a_mask_for_each_channel, "randn"),
        ("occlusion_map", squares_without_stride, "over the rim"),
    ):
        text, _ = said(name, answer)
        assert text.startswith("✗") and false not in text, text


def test_a_walk_along_every_path_comes_to_an_end():
    def every_path(root, parents):
        order, stack = [], [root]
        while stack:
            order.append(stack.pop())
            stack += parents[order[-1]]
        return list(dict.fromkeys(order[::-1]))

    text, _ = said("topological_order", every_path)
    assert "along every path" in text and "Already right: order" in text
