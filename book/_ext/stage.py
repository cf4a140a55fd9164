"""Prepare an executed notebook for the page: figures become files in a light and a dark variant.

Matplotlib figures arrive as SVG on a transparent ground: text and axes in one ink, coloured letters in dark
tones. Each is written twice, the second time with light ink and tones, and shown by two `<img>` of which the
theme hides one. Other outputs stay as they are.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import io
import re
from pathlib import Path

from nbformat import NotebookNode

INK, LIGHT_INK = "#21262c", "#e4e7eb"  # INK is course_utils.plots.INK; a test keeps the two equal
TONES = {  # course_utils.plots.TONES and their light counterparts; a test keeps the keys equal
    "#006aa6": "#4095c5",
    "#aa4b00": "#da7321",
    "#007656": "#12a57d",
    "#b63352": "#d66a83",
    "#8b548b": "#b67bb6",
    "#367193": "#56b4e9",
    "#8f6300": "#e69f00",
}
MAX_BYTES = 200_000  # of one figure as it travels, gzipped
LOSSY_FROM = 20_000  # bytes of an embedded raster from which a lossy photograph is worth it
RASTER = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
TITLE = re.compile(r"# @title (.+?)[ \t]*(?:\n|$)")
SLIDE = "<!--slide-->\n\n", "\n\n<!--/slide-->"  # around a tagged text; a code cell has its tag as a class
SIDE = re.compile(r'\b(width|height)="([\d.]+)(pt|px)?"')
PIXELS = {"pt": 96 / 72, "px": 1.0, "": 1.0}  # CSS pixels in one unit


class StageError(ValueError):
    """A notebook cannot be shown as it is; the message names notebook and cell and says what to do."""


def stage_notebook(nb: NotebookNode, static_dir: Path, name: str) -> NotebookNode:
    """Write the figures of an executed notebook as files and point its outputs at them.

    Args:
        nb: the executed notebook; it is changed in place.
        static_dir: the `_static` folder of the staged book; figures go to `static_dir/figures`.
        name: where the notebook lies in the book, without suffix ("02_backpropagation", "appendix/results").

    Returns:
        The same notebook.

    Raises:
        StageError: a figure without alt text, or one that is too heavy.
    """
    folder = Path(static_dir, "figures")
    folder.mkdir(parents=True, exist_ok=True)
    up = "../" * name.count("/")
    for number, cell in enumerate(nb.cells):
        outputs = [o for o in cell.get("outputs", []) if _is_figure(o)]
        where = f"{name}.ipynb, cell {number} ({cell.get('source', '').strip().partition(chr(10))[0][:60]})"
        alts = _alt_texts(cell, len(outputs), where) if outputs else []
        for output, alt in zip(outputs, alts, strict=True):
            markup = _write_figure(output.data, folder, Path(name).name, alt, where)
            output.data = NotebookNode({"text/html": markup.replace('src="', f'src="{up}')})
            output.metadata = NotebookNode()
        cell.metadata.get("mystnb", {}).pop("image", None)
        if "outputs" in cell:
            cell.outputs = _joined(cell.outputs)
        _name_fold(cell)
        if cell.cell_type == "markdown" and "slide" in cell.metadata.get("tags", []):
            cell.source = cell.source.join(SLIDE)
    return nb


def _is_figure(output):
    data = output.get("data", {})
    return "image/svg+xml" in data or "image/png" in data


def _joined(outputs):
    """Join what a cell printed: a kernel may send one line in two pieces, and other ones each time."""
    whole = []
    for output in outputs:
        last = whole[-1] if whole else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            whole.append(output)
    return whole


def _name_fold(cell):
    """Call a folded cell what Colab calls it: its first line `# @title Solution A` becomes the summary."""
    found = TITLE.match(cell.source)
    if (
        found
        and cell.cell_type == "code"
        and {"hide-cell", "hide-input"} & set(cell.metadata.get("tags", []))
    ):
        prompts = {"code_prompt_show": found[1], "code_prompt_hide": found[1]}
        cell.metadata["mystnb"] = {**cell.metadata.get("mystnb", {}), **prompts}
        cell.source = cell.source[found.end() :]


def _alt_texts(cell, count, where):
    """Return the alt texts of a cell's figures: one string or a list in `mystnb.image.alt`."""
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt") or []
    alts = [alt] if isinstance(alt, str) else list(alt)
    if len(alts) != count or not all(str(a).strip() for a in alts):
        raise StageError(
            f"{where}: {count} figure{'s' * (count > 1)} but {len(alts)} alt text{'s' * (len(alts) != 1)}; "
            'write one for each into the cell\'s metadata: {"mystnb": {"image": {"alt": "…"}}}, or a list'
        )
    return alts


def _write_figure(data, folder, name, alt, where):
    """Write one figure and return the markup that shows it, with paths from the root of the site."""
    if "image/svg+xml" not in data:
        return _write_raster(data["image/png"], folder, name, alt, where)
    light = RASTER.sub(_smaller_raster, _tidy("".join(data["image/svg+xml"])))
    dark = in_the_dark(light)
    width, height = _size_in_pixels(light, where)
    pair = []
    for mode, text in (("light", light), ("dark", dark)):
        path = _write(folder, name, "svg", text.encode(), where)
        pair.append(_img(path, f"figure only-{mode}", alt, width, height))
    return "".join(pair)


def in_the_dark(svg):
    """The same SVG for a dark ground: ink and tones exchanged for light ones."""
    for dark, light in {INK: LIGHT_INK, **TONES}.items():
        svg = svg.replace(dark, light)
    return svg


def _write_raster(png, folder, name, alt, where):
    """Write a picture that is only a raster; it keeps its colours and gets a light card in dark mode."""
    from PIL import Image

    raw = base64.b64decode("".join(png))
    with Image.open(io.BytesIO(raw)) as image:
        width, height = image.size
    webp = _webp(raw)
    suffix, content = ("webp", webp) if len(webp) < len(raw) else ("png", raw)
    return _img(_write(folder, name, suffix, content, where), "figure on-card", alt, width, height)


def _write(folder, name, suffix, content, where):
    weight = len(gzip.compress(content, 6))
    if weight > MAX_BYTES:
        raise StageError(
            f"{where}: this figure is {weight // 1000} kB, more than {MAX_BYTES // 1000} kB; draw its dense "
            "part with rasterized=True, or show fewer points"
        )
    path = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
    path.write_bytes(content)
    return f"_static/figures/{path.name}"


def _img(src, classes, alt, width, height):
    return (
        f'<img class="{classes}" src="{src}" alt="{html.escape(alt)}" width="{width:.0f}" '
        f'height="{height:.0f}" loading="lazy" decoding="async">'
    )


def _tidy(svg):
    """Drop what an `<img>` does not need: XML prologue, metadata block; spell the ink one way.

    Matplotlib writes a space as a path without a form, and one picture in two places under one name: neither
    is SVG, and checkers of ePubs mind.
    """
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r'<path (?![^>]*\bd=")', '<path d="" ', svg)
    svg = re.sub(r'(<image [^>]*?)\bid="[^"]*" ?', r"\1", svg)
    return re.sub(re.escape(INK), INK, svg, flags=re.I)


def _size_in_pixels(svg, where):
    """Return (width, height) of an SVG in CSS pixels."""
    sides = {name: float(value) * PIXELS[unit] for name, value, unit in SIDE.findall(svg[: svg.index(">")])}
    if len(sides) != 2:
        raise StageError(f"{where}: the SVG has no width and height, so the page cannot keep its place free")
    return sides["width"], sides["height"]


def _smaller_raster(match):
    """Re-encode a PNG inside an SVG as WebP where that is smaller."""
    raw = base64.b64decode(match[1])
    webp = _webp(raw)
    if len(webp) >= len(raw):
        return "data:image/png;base64," + re.sub(r"\s+", "", match[1])
    return "data:image/webp;base64," + base64.b64encode(webp).decode()


def _webp(png):
    """Encode PNG bytes as WebP: exactly when that is small, as a photograph when it is not."""
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.save(out, "WEBP", lossless=True, quality=90, method=4)
        if out.tell() > LOSSY_FROM:
            lossy = io.BytesIO()
            image.save(lossy, "WEBP", quality=86, method=4)
            if lossy.tell() < 0.6 * out.tell():
                out = lossy
    return out.getvalue()
