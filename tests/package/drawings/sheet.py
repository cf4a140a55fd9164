"""Write the page of drawings, light and dark, to look at.

python tests/package/drawings/sheet.py        # _build/drawings/sheet.html
"""

import html
import io
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
TOP = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TOP / "book" / "_ext"))

import examples  # noqa: E402
import stage  # noqa: E402

from course_utils import plots  # noqa: E402

PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Drawings</title><style>
body { margin: 0; font: 16px sans-serif }
section { padding: 8px; background: #fff; color: #21262c }
section + section { background: #14181e; color: #e4e7eb }
figure { display: inline-block; margin: 8px; max-width: 100% }
svg { max-width: 100%; height: auto; display: block }
</style>
"""


def main():
    """Draw every example, light and dark; the path of the page."""
    plots.use_style()
    figures = []
    for example in examples.EXAMPLES:
        matplotlib.rcParams["svg.hashsalt"] = example.__name__  # ids must differ within one page
        out = io.StringIO()
        example().figure.savefig(out, format="svg", bbox_inches="tight")
        svg = out.getvalue()
        title = html.escape(example.__doc__)
        figures.append(f"<figure>{svg[svg.index('<svg') :]}<figcaption>{title}</figcaption></figure>")
    light = "\n".join(figures)
    target = TOP / "_build" / "drawings" / "sheet.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    sections = f"<section>{light}</section><section>{stage.in_the_dark(light)}</section>"
    target.write_text(PAGE + sections, "utf-8")
    return target


if __name__ == "__main__":
    print(main())
