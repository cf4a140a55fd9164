"""ePub 3 of the book and of its chapters: pages as XHTML with MathML, figures as SVG, widgets as pictures.

What a page is made of lies in `editions/epub/` of the build folder and is made again only when the page
changed.
"""

import html
import json
import mimetypes
import re
import uuid
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import unquote

import execute
import offprint

SHAPING = (*offprint.SHAPING, "scripts/epub.py")
STYLE = (Path(__file__).parent / "epub.css").read_text(encoding="utf-8")
LINK = re.compile(rf'href="{re.escape(offprint.BOOK)}([^"#]+)(?:#([^"]*))?"')
INSIDE = re.compile(r'href="#([^"]*)"')
IDS = re.compile(r'\bid="([^"]+)"')
XHTML = """\
<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="book.css"/></head>
<body>{body}</body>
</html>
"""
CONTAINER = """\
<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
PACKAGE = """\
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:creator>{author}</dc:creator>
<dc:language>en</dc:language>
<dc:rights>{licence}</dc:rights>
<dc:source>{address}</dc:source>
<meta property="dcterms:modified">{modified}</meta>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessibilityFeature">MathML</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
</metadata>
<manifest>
{manifest}
</manifest>
<spine>
{spine}
</spine>
</package>
"""


class Prepared:
    """One page of the book as it stands in an ePub; `body` is XHTML, `images` names of files in `folder`."""

    def __init__(self, page, path):
        about = json.loads(path.read_text(encoding="utf-8"))
        self.page, self.path, self.folder = page, path, path.parent / page.file
        self.size = f"{len(about['images'])} pictures"
        self.title, self.headings, self.images = about["title"], about["headings"], about["images"]
        self.body, self.ids = about["body"], set(IDS.findall(about["body"]))
        self.number = page.number


def is_kept(press, page, folder):
    """Return whether the parts of a page have been made as it is."""
    return press.keeps(page, folder, SHAPING)


def prepare(press, page, folder):
    """Make the parts of one page of the book unless they have been made as it is.

    Returns:
        (Prepared, whether it was there already).
    """
    path, kept = folder / f"{page.file}.json", is_kept(press, page, folder)
    if not kept:
        path.unlink(missing_ok=True)
        (folder / page.file).mkdir(parents=True, exist_ok=True)
        with press.open(page) as (tab, about):
            images = []
            for number, place in enumerate(tab.locator(".widget-subarea").all(), 1):
                images.append(f"{page.file}-widget-{number}.png")
                place.screenshot(path=folder / page.file / images[-1])
            files = tab.evaluate("widgets => offprint.forReaders(widgets)", images)
            about["body"] = tab.evaluate("offprint.xhtml()")
        for file in files:
            source = Path(unquote(file.removeprefix("file://")))
            (folder / page.file / source.name).write_bytes(source.read_bytes())
            images.append(source.name)
        about |= {"key": press.key(page, SHAPING), "images": sorted(set(images))}
        execute.write_atomically(path, json.dumps(about, ensure_ascii=False))
    return Prepared(page, path), kept


# --- packing ------------------------------------------------------------------------------------------------


def linked(part, parts, address):
    """Return the body of a part whose links lead to the other parts, or to the site when they are not there.

    Raises:
        LookupError: a link leads nowhere.
    """
    here = {p.page.name: p for p in parts}

    def there(found):
        name, anchor = unquote(found[1]), html.unescape(unquote(found[2] or ""))
        mark = f"#{anchor}" if anchor else ""
        if name not in here:
            return f'href="{address}{name}.html{mark}"'
        if anchor and anchor not in here[name].ids:
            raise LookupError(f"{part.page.name} links to {name}#{anchor}, which is not in the ePub")
        return f'href="{here[name].page.file}.xhtml{mark}"'

    for anchor in INSIDE.findall(part.body):
        if html.unescape(unquote(anchor)) not in part.ids:
            raise LookupError(f"{part.page.name} links to #{anchor}, which is not in it")
    return LINK.sub(there, part.body)


def navigation(parts):
    """Return the nested list of the contents: titles, and the headings one level below."""
    rows = []
    for part in parts:
        title, *below = (h for h in part.headings if h["level"] < 3)
        inside = "".join(f"<li>{_to(part, h['id'], h['text'])}</li>" for h in below)
        name = f"{part.number} {title['text']}".strip()
        rows.append(f"<li>{_to(part, title['id'], name)}{f'<ol>{inside}</ol>' if inside else ''}</li>")
    return f'<nav epub:type="toc"><h1>Contents</h1><ol>{"".join(rows)}</ol></nav>'


def _to(part, anchor, text):
    return f'<a href="{part.page.file}.xhtml#{html.escape(anchor)}">{html.escape(text)}</a>'


def pack(press, about, title, parts, target):
    """Write an ePub of some parts so that nobody ever sees half of it.

    Args:
        press: the browser; its address is where the book is published.
        about: what stands on the title page.
        title: of this ePub.
        parts: the Prepared ones, in order.
        target: the file.
    """
    lines = [
        f'<p class="kicker">{about.title}</p>' * (title != about.title),
        f"<h1>{html.escape(title)}</h1><p>{about.lead}</p><p>{about.author}</p>",
        f'<p><a href="{press.address}">{press.address}</a></p>',
        f"<p>{offprint.LEFT_OUT}</p><p>{about.licence}</p>",
    ]
    texts = {
        "title.xhtml": XHTML.format(title=html.escape(title), body="".join(lines)),
        "contents.xhtml": XHTML.format(title="Contents", body=navigation(parts)),
    }
    for part in parts:
        body = linked(part, parts, press.address)
        texts[f"{part.page.file}.xhtml"] = XHTML.format(title=html.escape(part.title), body=body)
    pictures = {name: part.folder / name for part in parts for name in part.images}
    package = PACKAGE.format(
        identifier=uuid.uuid5(uuid.NAMESPACE_URL, f"{press.address}{target.name}").urn,
        title=html.escape(title),
        author=html.escape(about.author),
        licence=html.escape(about.licence),
        address=press.address,
        modified=f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        manifest="\n".join(_item(name, texts.get(name, "")) for name in ("book.css", *texts, *pictures)),
        spine="\n".join(f'<itemref idref="{_id(name)}"/>' for name in texts),
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)  # first, and as it is
        book.writestr("META-INF/container.xml", CONTAINER)
        book.writestr("book/book.opf", package)
        book.writestr("book/book.css", STYLE)
        for name, text in texts.items():
            book.writestr(f"book/{name}", text)
        for name, path in pictures.items():
            book.write(path, f"book/{name}")
    draft.replace(target)


def _id(name):
    return "f-" + re.sub(r"[^\w-]", "-", name)


def _item(name, text):
    kind = {".xhtml": "application/xhtml+xml", ".webp": "image/webp"}.get(Path(name).suffix)
    kind = kind or mimetypes.guess_type(name)[0]
    properties = ["nav"] * (name == "contents.xhtml") + ["mathml"] * ("<math" in text)
    more = f' properties="{" ".join(properties)}"' if properties else ""
    return f'<item id="{_id(name)}" href="{name}" media-type="{kind}"{more}/>'


def make_page(press, about, part, folder, target):
    """Write the ePub of one page of the book."""
    pack(press, about, part.title, [part], target)


def make_book(press, about, parts, folder, target):
    """Write the ePub of the book and return its size in words."""
    pack(press, about, about.title, parts, target)
    return f"{sum(len(part.images) for part in parts)} pictures"
