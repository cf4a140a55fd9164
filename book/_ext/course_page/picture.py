"""The picture of a page that messengers show beside a link to it: chapter, title, first sentences, book."""

from __future__ import annotations

import hashlib
import textwrap
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

SIZE = 1200, 630  # pixels; what the large messengers ask for
MARGIN = 80
GROUND, INK, QUIET = "#14181e", "#f4f6f8", "#a4afba"
STRIPES = "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"
FONTS = Path(matplotlib.get_data_path(), "fonts", "ttf")


def draw(site: Path, book: str, label: str, title: str, text: str) -> str:
    """Draw the picture of one page, unless it is there already.

    Args:
        site: the folder of the built site.
        book: the book's title.
        label: what stands above the title, "Chapter 4", or "".
        title: the page's title.
        text: a few sentences, or "".

    Returns:
        where it lies, from `site`; named by its content.
    """
    key = hashlib.sha256("\n".join((book, label, title, text)).encode()).hexdigest()[:12]
    name = f"_static/cards/{key}.png"
    if not (site / name).exists():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        card(book, label, title, text).save(site / name, optimize=True)
    return name


def card(book: str, label: str, title: str, text: str) -> Image.Image:
    """Return the picture."""
    image = Image.new("RGB", SIZE, GROUND)
    pen = ImageDraw.Draw(image)
    width = SIZE[0] / len(STRIPES)
    for k, colour in enumerate(STRIPES):
        pen.rectangle((k * width, 0, (k + 1) * width, 12), fill=colour)
    y = write(pen, 80, label, 34, "DejaVuSans.ttf", QUIET, 60)
    y = write(pen, y + 10, title, 68, "DejaVuSans-Bold.ttf", INK, 24)
    write(pen, y + 24, text, 34, "DejaVuSans.ttf", QUIET, 54, lines=4)
    write(pen, SIZE[1] - MARGIN - 30, book, 34, "DejaVuSans-Bold.ttf", INK, 60)
    return image


def write(pen, y, text, size, font, colour, columns, lines=3):
    """Write a text in lines, and return where the next may begin."""
    face = ImageFont.truetype(str(FONTS / font), size)
    for line in textwrap.wrap(text, columns, max_lines=lines, placeholder=" …"):
        pen.text((MARGIN, y), line, font=face, fill=colour)
        y += round(1.35 * size)
    return y
