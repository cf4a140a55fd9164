"""The still pictures of the networks show the numbers of PyTorch."""

import re
import sys
from pathlib import Path

import numpy as np
import torch
from alone import record
from course_page import stills
from test_convnet import small
from torch import nn

from course_utils.widgets import convnet, gpt, kernel, playground

sys.path.insert(0, str(Path(__file__).parents[1] / "package"))
from widgets import writers

from course_utils.widgets.gpt import rounded


def test_convnet_gives_the_answer_of_the_net():
    net, pictures = small()
    for first in (pictures, pictures.flip(0)):
        shown = stills.still(record(convnet(net, first, alt="A stroke", labels=["|", "—", "?"], bits=32)))
        share, best = net(first[:1]).softmax(1)[0].max(0)
        assert f"Its answer: {'|—?'[best]}, {share:.1%}." in shown


def test_gpt_gives_the_likeliest_letters():
    nets = writers.writers()
    shown = stills.still(record(gpt({"English": nets["English"]}, question="", alt="It writes")))
    model, alphabet, begin, _ = nets["English"]
    y = torch.tensor([[alphabet.index(ch) for ch in begin]])
    with torch.no_grad():
        p = (rounded(model)(y)[0, -1] / 0.5).softmax(0)
    letters = re.findall(r'class="letter">(.)</text>', shown)
    best = [alphabet[i] for i in p.topk(8).indices]
    assert letters == [{" ": "␣", "\n": "⏎"}.get(ch, ch) for ch in best]


def test_playground_draws_the_curve_of_the_net():
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(1, 5), nn.Tanh(), nn.Linear(5, 1)), torch.linspace(-2, 2, 50)
    shown = stills.still(record(playground(net, x, 4 * torch.sin(x))))
    points = re.search(r'<polyline points="([^"]+)" class="answer"', shown)[1]
    drawn = np.array([[float(v) for v in point.split(",")] for point in points.split()])
    at = torch.linspace(-3, 3, stills.FINE)[:, None]
    with torch.no_grad():
        answer = net(at)[:, 0].numpy()
    assert np.corrcoef(drawn[:, 1], answer)[0, 1] < -0.9999
    assert shown.count('class="down"') == 38  # of fifty points every fourth is for the test


def test_other_widgets_have_none():
    assert stills.still(record(kernel(torch.rand(12, 12), alt="A photograph"))) == ""
