"""Slides for the lecturer: a deck of each chapter, made from its page; authors choose with the tag `slide`.

A tagged code cell gives one slide: what it shows, and the beginning of its caption. A tagged text gives one
for each numbered formula, with the sentence around it, one for each prediction, and one for the item of its
first numbered list that is to be discussed. The nearest heading is the title; the text around becomes the
speaker's notes. The first slide holds the chapter's question and its first tagged picture.

reveal.js, which shows them, comes with the package sphinx-revealjs. A deck needs nothing but the site.
"""

import copy
import html
import importlib.util
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import execute
import offprint
from bs4 import BeautifulSoup, Comment, NavigableString, Tag

FOLDER = "slides"  # of the site
HERE = Path(__file__).parent
OURS = ("slides.css", "slides.js")
REVEAL = ("dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js", "LICENSE")
STATE = re.compile(r'data-state="(\w+)"')
MARK = "\ue000"  # stands for an element within a paragraph
SHORT = "".join(f"(?<!{re.escape(word)})" for word in ("al.", "al.)", "e.g.", "i.e."))  # ends no sentence
END = re.compile(rf"(?:(?<=[.?!])|(?<=[.?!]\))){SHORT}\s+(?=[A-Z(“‘\"{MARK}])")  # of a sentence
DISCUSS = re.compile("[Dd]iscuss")
LABEL = re.compile(
    r"^((?:<p>)?)(?:<em>)?(?:To discuss|Discussion|Discuss)[.:](?:</em>)?\s*((?:<[^>]*>)*)(\w)"
)
CAPTION, SENTENCE, JOINT = 130, 220, 60  # characters: of a caption, of a sentence, between joined formulas
JOINED = 3  # formulas on a slide
# CSS pixels for a picture with its words above and below, or beside it
BELOW, BESIDE = (1168, 490), (848, 700)


class Slide(NamedTuple):
    """One slide.

    Attributes:
        kind: "opening", "picture", "formula", "prediction" or "question"; "beside" behind the first two for a
            picture whose words stand beside it.
        title: the HTML of the heading above it.
        body: pieces of HTML.
        notes: what only the speaker sees: elements.
    """

    kind: str
    title: str
    body: list
    notes: list


# --- parts of a page ----------------------------------------------------------------------------------------


def classes(node):
    """Return the classes of an element, [] for a comment."""
    return node.get("class", []) if isinstance(node, Tag) else []


def is_heading(node):
    return isinstance(node, Tag) and node.name in ("h1", "h2", "h3", "h4")


def is_formula(node):
    """Return whether a block is a formula with a number."""
    return "math" in classes(node) and node.has_attr("id")


def words(*elements):
    """Return the text of elements; of a formula, what the eye sees."""
    found = []
    for element in map(copy.copy, elements):
        for hidden in element.select(".katex-mathml, .headerlink"):
            hidden.decompose()
        found.append(element.get_text())
    return " ".join(" ".join(found).split())


def sentences(paragraph):
    """Return the HTML of each sentence of a paragraph; none ends within an element."""
    inside = iter([str(node) for node in paragraph.contents if isinstance(node, Tag)])
    text = "".join(
        html.escape(node, quote=False) if isinstance(node, NavigableString) else MARK
        for node in paragraph.contents
    )
    return [re.sub(MARK, lambda _: next(inside), sentence) for sentence in END.split(text.strip())]


def parsed(text):
    """Return an element that holds this HTML."""
    return BeautifulSoup(f"<p>{text}</p>", "html.parser").p


def blocks(section):
    """Yield what stands in a section, in order: elements, and the comments around tagged texts."""
    for node in section.children:
        if isinstance(node, Tag) and node.name == "section":
            yield from blocks(node)
        elif isinstance(node, Tag | Comment):
            yield node


def is_caption(node):
    """Return whether a block is the caption of a figure or a table."""
    return "figure-caption" in classes(node)


def question(nodes):
    """Return the HTML of the question that a page begins with.

    It stands in a quote that begins with "Question.", or in other letters at the beginning of the text, or it
    is the beginning of the text up to a question mark.
    """
    for node in nodes:
        start = node.find(["strong", "em"]) if isinstance(node, Tag) else None
        if start and start.get_text() == "Question.":
            return " ".join(sentences(start.parent)).removeprefix(str(start)).strip()
    first = next(node for node in nodes if node.name == "p")
    start = first.find(["strong", "em"])
    if start and "?" in start.get_text():
        return start.decode_contents()
    whole = sentences(first)
    asked = next(number for number, text in enumerate(whole, 1) if "?" in words(parsed(text)))
    return " ".join(whole[:asked])


# --- choosing -----------------------------------------------------------------------------------------------


class Reader:
    """Chooses the slides of one page; see the head of this file.

    Args:
        article: the element with the page's text.

    Attributes:
        title: of the page.
        slides: the Slides.
    """

    def __init__(self, article):
        self.slides, self.heading, self.title = [], "", words(article.h1)
        self.inside = self.follows = False  # a tagged text; whether text belongs to the last slide
        self.pending, self.since = [], 0  # the text to come with the next slide; slides before this text
        nodes = list(blocks(article.section))
        for number, node in enumerate(nodes):
            self.read(node, nodes[number - 1], nodes[number + 1 :])
        if self.slides and self.slides[0].kind.startswith("picture"):
            self.slides[0] = self.opening(self.slides[0], question(nodes))

    def opening(self, first, asked):
        """Return the slide of the first picture with title and question for heading and caption."""
        kind = first.kind.replace("picture", "opening")
        asked = f'<p class="asked">{asked}</p>'
        body = [first.body[0], asked] if "beside" in kind else [asked, first.body[0]]
        return Slide(kind, html.escape(self.title), body, first.notes)

    def read(self, node, before, after):
        """Read one block, which stands after `before` and before the list `after`."""
        if isinstance(node, Comment):
            self.mark(str(node))
        elif is_heading(node):
            self.leave()
            self.follows, self.heading = False, heading(node)
        elif "cell" in classes(node):
            self.follows = False
            if "tag_slide" in node["class"]:
                self.picture(node, after)
        elif self.inside and is_formula(node):
            self.formula(node, before, after)
        elif self.inside and "prediction" in classes(node):
            self.add("prediction", [str(node)])
        elif self.inside and node.name == "ol" and "?" in words(node):
            self.heading, self.inside = "To discuss", False  # the question ends the text
            self.add("question", [f'<div class="asked">{to_discuss(node)}</div>'])
        elif node.name in ("p", "ul", "ol", "blockquote") or "math" in classes(node):
            self.pending += [] if is_caption(node) else [node]
            if not self.inside:
                self.leave()

    def mark(self, word):
        """Begin or end a tagged text."""
        if word == "/slide":
            self.leave()
        if word in ("slide", "/slide"):
            self.inside, self.since = word == "slide", len(self.slides)

    def leave(self):
        """Give the text that waits to the last slide, if it belongs to it."""
        if self.follows:
            self.slides[-1].notes.extend(self.pending)
        self.pending = []

    def add(self, kind, body, notes=()):
        """Add a slide, with the text that waits."""
        self.slides.append(Slide(kind, self.heading, body, [*notes, *self.pending]))
        self.pending, self.follows = [], True

    def picture(self, cell, after):
        """Add what a cell shows. Its caption may stand behind other cells, but before the next picture."""
        output = cell.find("div", "cell_output", recursive=False)
        shown = [part for part in output.find_all(True, recursive=False) if "stream" not in classes(part)]
        self.pending, caption, rest = [], [], []
        for node in after:
            if is_heading(node) or "tag_slide" in classes(node):
                break
            if is_caption(node):
                caption, rest = divide(node)
                break
        body = "".join(map(str, shown))
        image = output.find("img")
        beside = " beside" if image is not None and stands_beside(image) else ""
        figure = f'<div class="shown">{body}</div>'
        self.add("picture" + beside, [figure, f'<p class="caption">{" ".join(caption)}</p>'], rest)

    def formula(self, node, before, after):
        """Add a formula with the sentence around it, or join it to the one before."""
        last = self.slides[-1] if len(self.slides) > self.since else None
        between = words(*self.pending)
        end = ending(after)
        if last and last.kind == "formula" and len(between) <= JOINT and joins(last):
            joint = [f"<p>{between_html(self.pending)}</p>"] if between else []
            last.notes.extend(self.pending)
            last.body.extend([*joint, str(node), *end])
            self.pending = []
            return
        lead = sentences(before)[-1:] if before in self.pending and before.name == "p" else []
        self.add("formula", [*shown(lead, SENTENCE), str(node), *end])


def heading(node):
    """Return the HTML of a heading without the link to it."""
    plain = copy.copy(node)
    for link in plain.select(".headerlink"):
        link.decompose()
    return plain.decode_contents()


def to_discuss(items):
    """Return the HTML of the first item of a list that is to be discussed, or else of its last question."""
    found = items.find_all("li", recursive=False)
    asked = [item for item in found if words(item).endswith("?")]
    item = next((item for item in found if DISCUSS.search(words(item))), (asked or found)[-1])
    return LABEL.sub(lambda found: found[1] + found[2] + found[3].upper(), item.decode_contents().strip())


def divide(caption):
    """Return (the sentences that a slide has room for, the rest as a list of elements)."""
    shown, rest = [], sentences(caption)
    while rest and (not shown or len(words(parsed(" ".join([*shown, rest[0]])))) <= CAPTION):
        shown.append(rest.pop(0))
    return shown, [parsed(" ".join(rest))] if rest else []


def stands_beside(image):
    """Return whether a picture becomes clearly larger with title and caption beside it."""
    width, height = float(image["width"]), float(image["height"])
    below, beside = (min(room[0] / width, room[1] / height) for room in (BELOW, BESIDE))
    return beside > 1.15 * below


def joins(slide):
    """Return whether there is room for another formula on a slide."""
    return sum("katex-display" in piece for piece in slide.body) < JOINED


def between_html(nodes):
    return " ".join(node.decode_contents() for node in nodes)


def ending(after):
    """Return the end of a sentence in whose middle a formula stands, unless the next formula joins it."""
    if not after or after[0].name != "p" or not words(after[0])[:1].islower():
        return []
    if len(after) > 1 and is_formula(after[1]) and len(words(after[0])) <= JOINT:
        return []
    return shown(sentences(after[0])[:1], CAPTION)


def shown(texts, longest):
    """Return a paragraph for each text that says more than two words, and not too many."""
    return [f"<p>{text}</p>" for text in texts if 12 < len(words(parsed(text))) <= longest]


# --- writing ------------------------------------------------------------------------------------------------


def cleaned(text):
    """Return HTML of a page as it stands in a deck: without links and anchors, one folder further down."""
    soup = BeautifulSoup(text, "html.parser")
    for still in soup.find_all("noscript"):  # a deck without scripts shows nothing at all
        still.decompose()
    for link in soup.find_all("a"):
        link.unwrap()
    for element in soup.find_all(id=True):
        del element["id"]
    for image in soup.find_all("img"):
        del image["loading"]
        image["src"] = "../" + image["src"]
    return str(soup)


def spoken(nodes):
    """Return the HTML of notes: the speaker's window has no style for formulas, so they are MathML."""
    soup = BeautifulSoup("".join(map(str, nodes)), "html.parser")
    for formula in soup.select(".katex"):
        formula.replace_with(formula.find("math"))
    return cleaned(str(soup))


def section(slide, name):
    """Return the HTML of a slide; `name` is its address in the deck."""
    level = "h1" if slide.kind.startswith("opening") else "h2"
    notes = f'<aside class="notes">{spoken(slide.notes)}</aside>' if slide.notes else ""
    body = cleaned("".join(slide.body))
    return (
        f'<section id="{name}" class="{slide.kind}"><{level}>{cleaned(slide.title)}</{level}>'
        f'<div class="body">{body}</div>{notes}</section>'
    )


def names(slides):
    """Return an address for each slide: "figure-3", "equation-2", "prediction-1" …"""
    found = []
    for number, slide in enumerate(slides, 1):
        anchor = re.search(r'id="(equation-\w+)"', "".join(slide.body))
        label = re.search(r"<strong>Figure (\d+)\.</strong>", "".join(slide.body))
        name = anchor[1] if anchor else f"figure-{label[1]}" if label else f"slide-{number}"
        found.append(name if name not in found else f"slide-{number}")
    return found


PAGE = """\
<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="../_static/favicon.svg">
<link rel="stylesheet" href="../_static/book.css">
{styles}
<link rel="stylesheet" href="slides.css">
</head>
<body>
{body}
</body>
</html>
"""
STYLES = """\
<link rel="stylesheet" href="reveal/reveal.css">
<link rel="stylesheet" href="../_static/katex/katex.min.css">"""
STAGE = """\
<div class="reveal"><div class="slides">
{sections}
</div></div>
<script src="reveal/reveal.js"></script>
<script src="reveal/notes.js"></script>
<script src="slides.js"></script>
{widgets}"""
WIDGETS = """\
<script defer src="../_static/widget-parts/{state}.js"></script>
<script defer src="../_static/widgets-lite.js" data-state="{state}"></script>"""


TITLE = re.compile("<title>(.*): slides</title>")
INDEX = """\
<main class="index">
<h1>Slides of the chapters</h1>
<p>Each deck holds the drawings, formulas, figures, predictions and moving pictures of one chapter; its
speaker view (key S) holds the text around them. Formulas and figures have the numbers of
<a href="../index.html">the book</a>.</p>
<ol>
{rows}
</ol>
<h2>Keys</h2>
<dl>
<div><dt>→ ←</dt><dd>next and previous slide</dd></div>
<div><dt>Esc</dt><dd>all slides at a glance</dd></div>
<div><dt>S</dt><dd>speaker view: the text, the next slide, a clock</dd></div>
<div><dt>D</dt><dd>light or dark</dd></div>
<div><dt>F</dt><dd>full screen</dd></div>
<div><dt>B</dt><dd>black, to be listened to</dd></div>
<div><dt>?</dt><dd>all keys</dd></div>
</dl>
<p>To print a deck, or to keep it as PDF, put <code>?print-pdf</code> behind its address and print.</p>
</main>
<script src="slides.js"></script>"""


def deck(page, text):
    """Return the HTML of a deck, and its number of slides.

    Args:
        page: the offprint.Page.
        text: the HTML of the chapter's page.

    Raises:
        LookupError: no cell of the chapter has the tag.
    """
    start, end = text.index("<article"), text.index("</article>")
    reader = Reader(BeautifulSoup(text[start:end], "html.parser").article)
    if not reader.slides:
        raise LookupError(f"{page.name}: no cell has the tag `slide`, so there are no slides")
    sections = map(section, reader.slides, names(reader.slides))
    state = STATE.search(text)
    body = STAGE.format(sections="\n".join(sections), widgets=WIDGETS.format(state=state[1]) if state else "")
    title = html.escape(f"{page.number} {reader.title}: slides")
    return PAGE.format(title=title, styles=STYLES, body=body), len(reader.slides)


def reveal():
    """Return the folder of reveal.js in the package that brings it."""
    spec = importlib.util.find_spec("sphinx_revealjs")
    return Path(spec.submodule_search_locations[0], "_static", "revealjs")


def write_index(site):
    """Write the page that lists the decks that are there."""
    rows = []
    for page in chapters():
        path = site / FOLDER / f"{page.file}.html"
        if path.exists():
            text = path.read_text(encoding="utf-8")
            count = f"<span>{text.count('<section ')} slides</span>"
            rows.append(f'<li><a href="{path.name}">{TITLE.search(text)[1]}</a> {count}</li>')
    body = INDEX.format(rows="\n".join(rows))
    text = PAGE.format(title="Slides of the chapters", styles="", body=body)
    execute.write_atomically(site / FOLDER / "index.html", text)


def chapters():
    """Return the pages of the book that have decks."""
    return [page for page in offprint.pages() if page.number]


def furnish(site):
    """Put the files that all decks share beside them."""
    place = site / FOLDER / "reveal"
    place.mkdir(parents=True, exist_ok=True)
    for name in REVEAL:
        shutil.copyfile(reveal() / name, place / Path(name).name)
    for name in OURS:
        shutil.copyfile(HERE / name, site / FOLDER / name)


def make(site, page):
    """Write the deck of a chapter from its page.

    Args:
        site: the folder of the built site.
        page: the offprint.Page.

    Returns:
        How many slides it has.

    Raises:
        LookupError: no cell of the chapter has the tag.
    """
    text, count = deck(page, (site / f"{page.name}.html").read_text(encoding="utf-8"))
    execute.write_atomically(site / FOLDER / f"{page.file}.html", text)
    return count
