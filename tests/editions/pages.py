"""What a page of the site holds, which its editions must hold, too."""

import html
import re

FOLD = re.compile(r"<details(?: class=\"([^\"]*)\")?>\s*<summary>(.*?)</summary>", re.DOTALL)
CYRILLIC = re.compile(r"[а-яё]{5,}", re.IGNORECASE)


def article(site, name):
    """Return the HTML of the text of one page."""
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    return text[text.index("<article") : text.index("</article>")]


def numbers(text, kind):
    """Return the numbers of the figures, tables or equations of a page, in order."""
    return re.findall(rf'id="{kind}-(\w+)"', text)


def solutions(text):
    """Return how many folds hold solutions, hints and answers, and not code that needs no reading."""
    titles = [(kind, re.sub(r"<[^>]+>", "", title).strip()) for kind, title in FOLD.findall(text)]
    return sum(not kind or ("hide" in kind and title.startswith("Solution")) for kind, title in titles)


def cyrillic(text):
    """Return the first Russian words of a page."""
    return CYRILLIC.findall(html.unescape(re.sub(r"<[^>]+>", " ", text)))[:5]
