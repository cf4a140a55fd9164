"""Pictures of the networks that live on a page, for readers whose browser runs no scripts.

The widget's own code computes, inside `mini-racer`, what it would show at first; here that is drawn as SVG. A
widget of any other kind has no such picture: its description stands in its place.
"""

from __future__ import annotations

import base64
import html
import io
import re
import zlib
from pathlib import Path

import numpy as np

NUMBERS = Path(__file__).with_name("stills.js")
CELLS, FINE = 40, 121  # of a picture of the plane: cells a side; of a curve: values
HIGH, ROW = 400, 44  # px of a net: for all units of a layer, and at most for one
WIDE, COLUMN = 356, 96  # for all layers, and at most for one: a phone shows it whole
PLANE = 260
BLUE, ORANGE, GREY = (0, 114, 178), (213, 94, 0), (110, 118, 126)


def still(model):
    """Return the HTML of a widget's picture, or "" for a widget that has none.

    Args:
        model: the record of an anywidget: {"state": {...}, "buffers": [...]}.
    """
    state = model["state"]
    kind = state.get("_anywidget_id", "").rpartition(".")[2]
    if kind not in DRAWN:
        return ""
    raw = [
        list(zlib.decompress(base64.b64decode(b["data"])))
        for b in model.get("buffers", [])
        if b["path"] == ["data"]
    ]
    return f'<div class="still">{"".join(DRAWN[kind](state, raw))}</div>'


def _numbers(state, name, *arguments):
    """Call a function of stills.js behind the widget's own code."""
    from py_mini_racer import MiniRacer

    engine = MiniRacer()
    code = re.sub(
        r"^export (default )?", lambda found: "const view = " if found[1] else "", state["_esm"], flags=re.M
    )
    engine.eval(code + NUMBERS.read_text("utf8"))
    plain = {key: value for key, value in state.items() if key not in ("_esm", "_css")}
    return engine.call(name, plain, *arguments)


# ---- SVG
def _svg(wide, high, parts, fluid=False):
    """Return an SVG of this size in px; a fluid one shrinks with the page."""
    size = 'width="100%"' if fluid else f'width="{wide:g}" height="{high:g}"'
    style = f' style="max-width:{wide:g}px"' if fluid else ""
    return f'<svg viewBox="0 0 {wide:g} {high:g}" {size}{style} aria-hidden="true">{"".join(parts)}</svg>'


def _text(x, y, text, at="middle", more=""):
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{at}"{more}>{html.escape(text)}</text>'


def _image(x, y, wide, high, values, most=0.9, colours=(ORANGE, BLUE)):
    """Draw numbers (rows, columns) from -1 to 1: one colour above zero, another below, clear at zero."""
    from PIL import Image

    values = np.clip(values, -1, 1)
    pixels = np.empty((*values.shape, 4), np.uint8)
    pixels[..., :3] = np.where(values[..., None] > 0, *colours)
    pixels[..., 3] = np.rint(255 * most * np.abs(values))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    return (
        f'<image x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" preserveAspectRatio="none" '
        f'class="cells" href="data:image/png;base64,{data}"/>'
        f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}"/>'
    )


def _line(points, more):
    return f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" {more}/>'


# ---- the three networks
def _playground(state, raw):
    found = _numbers(state, "playgroundStill", CELLS, FINE)
    units = [[np.array(unit) for unit in layer] for layer in found["units"]]
    most = max(map(len, units))
    row = min(ROW, HIGH / most)
    column = min(COLUMN, WIDE / len(units))
    yield _svg(column * len(units), 24 + row * most, _net(found, units, row, column), fluid=True)
    yield _svg(PLANE, PLANE, _plane(found, units[-1][0]))


def _net(found, units, row, column):
    """Draw the units, each with its answers, at this distance in px, and the weights between them."""
    most, tile = max(map(len, units)), min(row, column) - 10

    def place(layer, unit):
        return column * (layer + 0.5), 24 + row * (most / 2 + unit - (len(units[layer]) - 1) / 2)

    for layer, rows in enumerate(found["weights"]):
        for unit, weights in enumerate(rows):
            for before, w in enumerate(weights):
                (a, b), (c, d) = place(layer, before), place(layer + 1, unit)
                look = f'class="{("plus", "minus")[w < 0]}" stroke-width="{min(6, 0.4 + 1.5 * abs(w)):.1f}"'
                yield f'<line x1="{a:g}" y1="{b:g}" x2="{c:g}" y2="{d:g}" {look}/>'
    for layer, answers_of in enumerate(units):
        last = layer == len(units) - 1
        yield _text(place(layer, 0)[0], 14, "output" if last else f"layer {layer}" if layer else "input")
        for unit, answers in enumerate(answers_of):
            x, y = (v - tile / 2 for v in place(layer, unit))
            most_said = np.abs(answers).max() or 1
            yield f'<rect x="{x:g}" y="{y:g}" width="{tile:g}" height="{tile:g}" class="ground"/>'
            if found["D"] == 2:
                yield _image(x, y, tile, tile, (answers / most_said).reshape(CELLS, CELLS)[::2, ::2])
            else:
                heights = y + tile / 2 - 0.45 * tile * answers / most_said
                yield _line(zip(np.linspace(x, x + tile, FINE), heights, strict=True), 'class="curve"')


def _plane(found, answer):
    """Draw the points, and the answer of the output below them."""
    x, y = np.array(found["x"]).reshape(-1, found["D"]), np.array(found["y"])
    across = PLANE * (x[:, 0] / found["side"] + 1) / 2
    if found["D"] == 2:
        yield _image(0, 0, PLANE, PLANE, np.tanh(answer / 2).reshape(CELLS, CELLS), 0.55)
        down, kinds = PLANE * (1 - x[:, 1] / found["side"]) / 2, y > 0
    else:
        low, high = min(y.min(), -0.1), max(y.max(), 0.1)
        scale = PLANE / (1.3 * (high - low))
        middle = (low + high) / 2
        down, kinds = PLANE / 2 - scale * (y - middle), np.zeros(len(y), bool)
        yield f'<rect width="{PLANE}" height="{PLANE}"/>'
        heights = np.clip(PLANE / 2 - scale * (answer - middle), 0, PLANE)
        yield _line(zip(np.linspace(0, PLANE, FINE), heights, strict=True), 'class="answer"')
    for a, b, up in zip(across, down, kinds, strict=True):
        if up:
            yield f'<path d="M{a:.1f} {b - 5:.1f}l4.4 8h-8.8z" class="up"/>'
        else:
            yield f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" class="down"/>'


def _gpt(state, raw):
    found = _numbers(state, "gptStill", raw[0])
    shown = {" ": "␣", "\n": "⏎"}
    yield f"<pre>{html.escape(''.join(found['written']))}</pre>"
    bars = [_text(0, 14, "the next letter", "start")]
    for row, (symbol, share) in enumerate(found["best"]):
        y = 24 + 22 * row
        bars += [
            _text(8, y + 13, shown.get(symbol, symbol), more=' class="letter"'),
            f'<rect x="24" y="{y:g}" width="{max(1, 160 * share):.1f}" height="16" class="bar"/>',
            _text(PLANE, y + 13, f"{share:.1%}", "end"),
        ]
    yield _svg(PLANE, 24 + 22 * len(found["best"]), bars)
    wide, rows = 360, []
    each = (wide - 66) / len(found["written"])
    rows.append(_text(0, 14, "where each head looks from the last letter", "start"))
    for h, weights in enumerate(found["heads"]):
        y = 24 + 18 * h + 10 * (h // found["each"])
        if h % found["each"] == 0:
            rows.append(_text(0, y + 12, f"block {h // found['each'] + 1}", "start"))
        rows.append(f'<rect x="66" y="{y:g}" width="{wide - 66}" height="15" class="ground"/>')
        rows += [
            f'<rect x="{66 + each * j:.1f}" y="{y:g}" width="{each:.1f}" height="15" class="ink" '
            f'opacity="{w**0.5:.2f}"/>'
            for j, w in enumerate(weights)
            if w > 0.001
        ]
    yield _svg(wide, 24 + 18 * len(found["heads"]) + 10 * (h // found["each"]), rows, fluid=True)


def _convnet(state, raw):
    found = _numbers(state, "convnetStill", raw[0])
    for n, (layer, values) in enumerate(zip(state["layers"], found["maps"], strict=True)):
        maps, *sides = layer["shape"]
        values = np.array(values).reshape(maps, *sides)
        most = np.abs(values).max() or 1
        title = f"{n} {layer['name']}" if n else "the picture"
        side, least = (18, 1) if sides == [1, 1] else (96, maps) if n == 0 else (48, 1)
        across = max(least, min(maps, 340 // (side + 4)))
        wide, high = max(8 * len(title), (side + 4) * across), 22 + (side + 4) * -(-maps // across)
        colours = (ORANGE, BLUE) if n else (GREY, GREY)
        parts = [_text(0, 14, title, "start")]
        for m in range(maps):
            x, y = (side + 4) * (m % across), 22 + (side + 4) * (m // across)
            parts.append(f'<rect x="{x}" y="{y}" width="{side}" height="{side}" class="ground"/>')
            parts.append(_image(x, y, side, side, values[m] / most, colours=colours))
        yield _svg(wide, high, parts, fluid=True)
    best = int(np.argmax(found["chances"]))
    yield f"<p>Its answer: {html.escape(state['labels'][best])}, {found['chances'][best]:.1%}.</p>"


DRAWN = {"Playground": _playground, "Gpt": _gpt, "ConvNet": _convnet}
