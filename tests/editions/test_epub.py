"""The ePubs: well-formed, complete, every link alive, formulas as MathML, pictures that scale."""

import posixpath
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import epub
import offprint
import pages
import pytest

XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"


def faults(path):
    """Return what is wrong with an ePub: its container, its manifest, its pages and their links."""
    found = []
    with zipfile.ZipFile(path) as book:
        first, names = book.infolist()[0], book.namelist()
        if (first.filename, first.compress_type) != ("mimetype", zipfile.ZIP_STORED):
            found.append("the first file is not a plain mimetype")
        package = ET.fromstring(book.read("book/book.opf"))
        items = {item.get("href"): item for item in package.iter(f"{OPF}item")}
        inside = {name.removeprefix("book/") for name in names if name.startswith("book/")} - {"book.opf"}
        found += [f"{name} is not in both manifest and archive" for name in inside ^ set(items)]
        texts = {name: ET.fromstring(book.read(f"book/{name}")) for name in inside if name.endswith(".xhtml")}
    ids = {name: [e.get("id") for e in text.iter() if e.get("id")] for name, text in texts.items()}
    found += [f"{name} has an id twice" for name, there in ids.items() if len(there) != len(set(there))]
    for name, text in texts.items():
        has_formulas = text.find(f".//{MATHML}math") is not None
        if has_formulas != ("mathml" in (items[name].get("properties") or "")):
            found.append(f"{name}: the manifest is wrong about its formulas")
        for element in text.iter():
            address = element.get("href") or element.get("src")
            if not address or urlsplit(address).scheme in ("http", "https", "mailto"):
                continue
            parts = urlsplit(address)
            target = posixpath.normpath(unquote(parts.path)) if parts.path else name
            if target not in inside or (parts.fragment and unquote(parts.fragment) not in ids[target]):
                found.append(f"{name}: {address} leads nowhere")
            if element.tag == f"{XHTML}img" and element.get("alt") is None:
                found.append(f"{name}: {address} has no alt text")
    return found


def text_of(path, name):
    """Return the XHTML of one page of an ePub."""
    with zipfile.ZipFile(path) as book:
        return book.read(f"book/{name}.xhtml").decode()


def test_no_faults(epubs):
    assert {name: found for name, path in epubs.files.items() if (found := faults(path))} == {}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('href="12_gans.xhtml#', 'href="12_gans.xhtml#no-', "leads nowhere"),
        ('id="solution-1"', 'id="solution-2"', "has an id twice"),
        ("<img ", "<img src='gone.svg' alt='' /><img ", "leads nowhere"),
        ("math", "moth", "wrong about its formulas"),
    ],
)
def test_faults_are_noticed(epubs, tmp_path, old, new, words):
    broken = tmp_path / "broken.epub"
    with zipfile.ZipFile(epubs.book) as book, zipfile.ZipFile(broken, "w") as other:
        for info in book.infolist():
            content = book.read(info)
            if info.filename in ("book/12_gans.xhtml", "book/contents.xhtml"):
                content = content.replace(old.encode(), new.encode())
            other.writestr(info, content)
    assert any(words in fault for fault in faults(broken))


def test_everything_is_there(epubs, site):
    for part in epubs.parts:
        page, text = pages.article(site, part.page.name), text_of(epubs.files[part.page.file], part.page.file)
        plain = " ".join(re.sub(r"<[^>]+>", " ", text).split())
        lost = [f"{kind} {n}" for kind in ("figure", "table") for n in pages.numbers(page, kind)
                if f"{kind.title()} {n}." not in plain]  # fmt: skip
        lost += [
            f"equation {n}"
            for n in pages.numbers(page, "equation")
            if f'<span class="equation-number">({n})</span>' not in text
        ]
        lost += [word for word in pages.cyrillic(page) if word not in plain]
        assert not lost, f"{part.page.name} lacks {', '.join(lost)}"
        assert text.count("<math") == page.count("<math"), part.page.name
        assert plain.count("back to “") == pages.solutions(page), part.page.name
        assert "katex" not in text and "<script" not in text and offprint.BOOK not in text


def test_figures_scale(epubs):
    """Figures are SVG; of a raster are only widgets, and photographs which the page shows as such."""
    for part in epubs.parts:
        kinds = {Path(name).suffix for name in part.images if "-widget-" not in name}
        assert kinds <= {".svg", ".webp"}, part.page.name


def test_formulas_fit_a_small_reader(epubs, press, tmp_path):
    """In a column of 360 px, where no reader breaks them by itself; few may need to scroll a little."""
    with zipfile.ZipFile(epubs.book) as book:
        book.extractall(tmp_path)
    cut, seen = [], 0
    with press.tab(360) as tab:
        for path in sorted(tmp_path.glob("book/*.xhtml")):
            tab.goto(path.as_uri())
            widths = tab.eval_on_selector_all(
                "div.math", "all => all.map(e => e.scrollWidth - e.clientWidth)"
            )
            seen += len(widths)
            cut += [f"{path.stem}: {width} px" for width in widths if width > 2]
    assert seen and len(cut) <= 0.05 * seen, cut


def test_a_link_that_leads_nowhere_is_an_error(epubs, press):
    part = epubs.parts[0]
    part.body, before = part.body.replace("</article>", '<a href="#nowhere">x</a></article>'), part.body
    try:
        with pytest.raises(LookupError, match="links to #nowhere"):
            epub.linked(part, epubs.parts, press.address)
    finally:
        part.body = before


def test_epubcheck(epubs):
    """The official checker finds no errors or warnings. Debian's command is an archive for Java."""
    program = shutil.which("epubcheck")
    if program is None:
        pytest.skip("needs the program epubcheck, a package of Debian and of Homebrew")
    command = ["java", "-jar", program] if zipfile.is_zipfile(program) else [program]
    for path in epubs.files.values():
        done = subprocess.run(
            [*command, "--failonwarnings", path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
