"""A reader's own net in the playground: it opens as it is, comes back, and what cannot be opened is said."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn
from widgets.harness import press, settle

from course_utils.widgets import playground

EVERY = {
    "all activations": lambda: nn.Sequential(
        nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 4), nn.LeakyReLU(0.1), nn.Linear(4, 3), nn.ELU(),
        nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 16), nn.Sigmoid(), nn.Linear(16, 2), nn.Linear(2, 1)),
    "one input": lambda: nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1)),
    "no hidden layer": lambda: nn.Sequential(nn.Linear(2, 1)),
    "six layers of sixteen": lambda: nn.Sequential(
        nn.Linear(2, 16), *(m for _ in range(5) for m in (nn.Tanh(), nn.Linear(16, 16))),
        nn.Tanh(), nn.Linear(16, 1)),
    "identity": lambda: nn.Sequential(nn.Linear(2, 3), nn.Identity(), nn.Linear(3, 1)),
}  # fmt: skip


def opened(net, n=60, **more):
    """A playground on n random points that suit the net's inputs."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (n, net[0].in_features))
    y = np.sin(x[:, 0]) if x.shape[1] == 1 else np.sign(x[:, 0] * x[:, 1])
    return playground(net, torch.tensor(x), torch.tensor(y), **more)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_a_net_comes_back_as_it_was(name, dtype):
    net = EVERY[name]().to(dtype)
    state = torch.get_rng_state()
    back = opened(net).net()
    assert torch.equal(torch.get_rng_state(), state)
    kept = [m for m in net if not isinstance(m, nn.Identity)]
    assert [repr(m) for m in back] == [repr(m) for m in kept]
    for mine, its in zip(net.parameters(), back.parameters(), strict=True):
        assert torch.equal(mine, its) and its.dtype == dtype and its.requires_grad
        assert mine.data_ptr() != its.data_ptr()


def test_it_opens_on_the_readers_points():
    w = opened(EVERY["one input"]())
    chosen = {p["name"]: p["text"][i] for p, i in zip(w.params, w.index, strict=True)}
    assert (chosen["data"], chosen["start"], chosen["layers"]) == ("the notebook's points", "your net", "1")
    assert w.hidden[0] == [8, "tanh"] and len(w.given) == 60 and len(w.given[0]) == 2
    alone = playground(EVERY["one input"]())
    assert alone.params[0]["text"][alone.index[0]] == "a curve" and not alone.given
    drawn = opened(EVERY["one input"](), start={"start": "He", "data": "a curve"})
    assert {p["text"][i] for p, i in zip(drawn.params, drawn.index, strict=True)} >= {"He", "a curve"}


@pytest.mark.parametrize(
    ("net", "says"),
    [
        ([], "net must end with a Linear layer"),
        ([nn.ReLU(), nn.Linear(2, 1)], "layer 0 of net, ReLU(), does not follow a Linear layer"),
        ([nn.Linear(2, 3), nn.ReLU(), nn.Tanh(), nn.Linear(3, 1)], "layer 2 of net, Tanh(), does not follow"),
        ([nn.Linear(2, 1), nn.Sigmoid()], "net must end with a Linear layer"),
        (
            [nn.Linear(2, 3), nn.GELU(), nn.Linear(3, 1)],
            "layer 1 of net is GELU(approximate='none'); the page has",
        ),
        (
            [nn.Linear(2, 3), nn.LeakyReLU(), nn.Linear(3, 1)],
            "layer 1 of net is LeakyReLU(negative_slope=0.01)",
        ),
        ([nn.Linear(2, 3), nn.Dropout(), nn.Linear(3, 1)], "layer 1 of net is Dropout"),
        ([nn.Linear(2, 3, bias=False), nn.Linear(3, 1)], "layer 0 of net has no bias"),
        ([nn.Linear(2, 3), nn.ReLU(), nn.Linear(4, 1)], "layer 2 of net takes 4 numbers and gets 3"),
        (
            [nn.Linear(3, 1)],
            "net has 3 inputs and 1 outputs, the page draws one or two inputs and one output",
        ),
        ([nn.Linear(2, 2)], "net has 2 inputs and 2 outputs"),
        (
            [nn.Linear(2, 17), nn.Linear(17, 1)],
            "net has 1 hidden layers of up to 17 units, the page draws 6 of 16",
        ),
        ([nn.Linear(2, 2), *[nn.Linear(2, 2)] * 6, nn.Linear(2, 1)], "net has 7 hidden layers"),
    ],
)
def test_a_net_that_cannot_be_opened_is_refused(net, says):
    with pytest.raises(ValueError) as e:
        playground(nn.Sequential(*net))
    assert says in str(e.value) and "\n" not in str(e.value)


def test_other_things_are_refused():
    with pytest.raises(ValueError, match="net is a Linear, expected an"):
        playground(nn.Linear(2, 1))
    with pytest.raises(
        ValueError, match=r"x has the shape \(4, 1\) and y \(4,\), expected \(N, 2\) and \(N,\)"
    ):
        playground(EVERY["identity"](), torch.zeros(4, 1), torch.ones(4))
    spoiled = EVERY["identity"]()
    spoiled[0].weight.data[0, 0] = torch.nan
    with pytest.raises(ValueError, match="not finite"):
        playground(spoiled)
    with pytest.raises(RuntimeError, match="display the widget first"):
        playground([(3, "tanh")]).net()


def test_weights_that_were_lost_to_infinity_come_back_as_nan():
    w = opened(EVERY["no hidden layer"]())
    w.trained = {**w.trained, "weights": [None, 1.0, 2.0]}
    assert torch.isnan(w.net()[0].weight[0, 0]) and w.net()[0].bias.item() == 2


# ---- the page


def back(tab, w):
    """The net that Python would have, with what the page has sent to the kernel."""
    w.trained = tab.evaluate("models[0].get('trained')")
    return w.net()


def numbers(tab):
    return [float(v) for v in tab.locator(".bw-numbers output").all_text_contents()[:3]]


def losses(net, w):
    """Training and test loss of a net on the points of a widget, as the page splits them."""
    rows = torch.tensor(w.given, dtype=torch.float64)
    held = torch.arange(len(rows)) % 4 == 3
    with torch.no_grad():
        z, y = net.double()(rows[:, :-1])[:, 0], rows[:, -1]
        loss = (z - y) ** 2 if w.given[0][:-1] == rows[0, :1].tolist() else -nn.functional.logsigmoid(y * z)
    return [loss[~held].mean().item(), loss[held].mean().item()]


@pytest.mark.parametrize("name", ["all activations", "one input"])
def test_the_page_begins_with_the_readers_numbers_and_gives_back_the_trained_ones(site, name):
    torch.manual_seed(0)
    net = EVERY[name]()
    w = opened(net)
    tab = site.open(w)
    before = losses(back(tab, w), w)
    assert numbers(tab) == pytest.approx([0, *before], abs=0.006)
    assert all(map(torch.equal, net.parameters(), w.net().parameters()))
    for _ in range(10):
        press(tab, "epoch")
    after = losses(back(tab, w), w)
    assert numbers(tab) == pytest.approx([10, *after], abs=0.006) and after[0] < before[0]
    press(tab, "reset")
    assert all(map(torch.equal, net.parameters(), back(tab, w).parameters()))


def test_weights_travel_when_training_stops_and_not_in_every_frame(site):
    w = opened(EVERY["one input"]())
    tab = site.open(w)
    tab.evaluate("() => { models[0].saved = 0; models[0].save_changes = () => models[0].saved++; }")
    press(tab, "▶ Train")
    tab.wait_for_function("+document.querySelector('.bw-numbers output').textContent > 20")
    assert tab.evaluate("models[0].saved") == 0
    press(tab, "❚❚ Pause")
    assert tab.evaluate("models[0].saved") == 1
    assert not torch.equal(back(tab, w)[0].weight, torch.tensor(w.origin["weights"][:8]).view(8, 1))


def test_a_second_view_leaves_the_trained_weights_alone(site):
    w = opened(EVERY["one input"]())
    w.trained = {**w.trained, "weights": [2 * v for v in w.origin["weights"]]}
    tab = site.open(w, views=2)
    assert tab.evaluate("models[0].get('trained').weights") == w.trained["weights"]


def test_other_layers_than_those_of_the_net_are_said_to_start_anew(site):
    w = opened(EVERY["one input"](), show=("layers", "start"))
    tab = site.open(w)
    assert tab.locator(".bw-wrong").text_content() == ""
    tab.get_by_label("hidden layers").focus()
    tab.keyboard.press("ArrowRight")
    settle(tab)
    said = "Your net has the layers 1–8–1 (tanh); the layers chosen now start by He."
    assert tab.locator(".bw-wrong").text_content() == said
    assert back(tab, w)[2].weight.shape == (8, 8)
    tab.get_by_label("start", exact=True).select_option(label="Xavier")
    settle(tab)
    assert tab.locator(".bw-wrong").text_content() == ""
    tab.keyboard.press("ArrowLeft")


def test_a_net_that_the_page_has_drawn_comes_back_too(site):
    w = playground([(3, "sigmoid")])
    tab = site.open(w)
    tab.evaluate("document.querySelectorAll('.bw details').forEach(d => d.open = true)")
    press(tab, "weights as JSON")
    layers = json.loads(tab.get_by_label("what was copied").input_value())["layers"]
    net = back(tab, w)
    assert repr(net[1]) == "Sigmoid()" and net[0].weight.dtype == torch.get_default_dtype()
    assert torch.equal(net[0].weight, torch.tensor(layers[0]["weight"]))


def test_points_far_out_are_drawn_whole(site):
    x = np.linspace(-40, 25, 30)
    tab = site.open(playground(EVERY["one input"](), x, x / 10))
    press(tab, "epoch")
    assert "30 training and 0 test points" in tab.locator(".bw-note").last.text_content()
    own = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    tab = site.open(playground(own, np.stack([x, x], 1), np.sign(x)))
    seen = tab.evaluate(
        """() => { const c = document.querySelector('.bw-plane'), g = c.getContext('2d');
        const p = g.getImageData(0, 0, c.width, c.height).data, at = new Set();
        for (let i = 0; i < p.length; i += 4) if (p[i] > 200 && p[i + 2] < 40) at.add(i / 4 % c.width);
        return [Math.min(...at) / c.width, Math.max(...at) / c.width]; }"""
    )  # orange triangles, the farthest at 25 of 42
    assert seen[0] > 0.45 and seen[1] == pytest.approx((25 / 42 + 1) / 2, abs=0.03)
