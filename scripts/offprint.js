// Turns a page of the site into what is read without it: the article alone, on white, with nothing folded and nothing to press.
window.offprint = {
  // Rearrange the page, which is `page` of the book ("appendix/notation"), and begin to load everything that it shows.
  //   title: another title than its own; kicker: the line above it; pages: the pages of the book; anchors: those of this
  //   page to which others link; book: the prefix of links to pages of the book; site: the address of the site.
  //   Returns its title and its headings.
  prepare({ page, title, kicker, pages, anchors, book, site }) {
    document.documentElement.dataset.theme = "light";
    const article = document.querySelector("article.bd-article");
    for (const sheet of document.querySelectorAll("link[rel=stylesheet]")) if (!/katex|pygments/.test(sheet.href)) sheet.remove();
    const cards = article.querySelector(".chapter-cards")?.closest("section"); // the contents say it
    for (const left of [...article.querySelectorAll(".headerlink, .launch-row, .exercise-open, .begin, .editions, .copybtn, .only-dark, .course-check-todo, noscript"), cards]) left?.remove();
    this.links(article, page, pages, book, site);
    this.solutions(article);
    this.widgets(article, site + page + ".html");
    this.emptied(article);
    const heading = article.querySelector("h1");
    if (title) heading.textContent = title;
    if (kicker) this.add("p", "kicker", kicker, (line) => heading.before(line));
    for (const cell of article.querySelectorAll("div.cell"))
      if (cell.nextElementSibling?.matches(".figure-caption")) this.together(cell, cell.nextElementSibling);
    document.body.replaceChildren(article);
    document.body.removeAttribute("class");
    for (const image of article.querySelectorAll("img")) image.loading = "eager";
    dispatchEvent(new Event("beforeprint")); // the widgets draw themselves
    this.targets(article, anchors);
    return { title: this.words(heading), headings: this.headings(article) };
  },

  // Make an element with a class and a text and put it somewhere.
  add(tag, name, text, put) {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    put(made);
    return made;
  },

  // Links to pages of the book get a prefix by which they are found again, those to other files of the site its address.
  links(article, page, pages, book, site) {
    const top = new URL("../".repeat(page.split("/").length - 1) + "./", location.href).href;
    for (const link of article.querySelectorAll("a[href]")) {
      const href = link.getAttribute("href");
      if (href.startsWith("#") || !link.href.startsWith(top)) continue;
      const [path, anchor] = link.href.slice(top.length).split("#");
      const name = path.replace(/\.html$/, "");
      if (name === page) link.setAttribute("href", "#" + (anchor ?? ""));
      else link.href = pages.includes(name) ? book + name + (anchor ? "#" + anchor : "") : site + path + (anchor ? "#" + anchor : "");
    }
  },

  // Solutions, hints and answers move to the end, with links both ways; the other folds are left out.
  solutions(article) {
    const folds = [...article.querySelectorAll("details")].filter((d) => !d.closest(".widget-subarea"));
    const kept = folds.filter((d) => !d.matches(".hide") || /^Solution\b/.test(d.querySelector("summary").textContent.trim()));
    folds.filter((d) => !kept.includes(d)).forEach((d) => d.remove());
    if (!kept.length) return;
    const section = this.add("section", "solutions", "", (made) => article.querySelector("section").append(made));
    section.id = "solutions-and-answers";
    this.add("h2", "", "Solutions and answers", (made) => section.append(made));
    kept.forEach((fold, k) => {
      const heading = this.words(fold.closest("section").querySelector("h1, h2, h3, h4"));
      const summary = fold.querySelector("summary");
      const item = this.add("div", "solution", "", (made) => section.append(made));
      const link = this.add("p", "to-solution", "", (made) => fold.replaceWith(made));
      item.id = `solution-${k + 1}`;
      link.id = `to-${item.id}`;
      const there = this.add("a", "", "", (made) => link.append(made));
      there.href = `#${item.id}`;
      there.append(...[...summary.childNodes].map((node) => node.cloneNode(true)));
      const line = this.add("p", "solution-title", "", (made) => item.append(made));
      this.add("strong", "", "", (made) => line.append(made, " ")).append(...summary.childNodes);
      this.add("a", "", `back to “${heading}”`, (made) => line.append(made)).href = `#${link.id}`;
      summary.remove();
      item.append(...fold.childNodes);
    });
  },

  // Under each widget stands what it is and where it moves.
  widgets(article, address) {
    for (const place of article.querySelectorAll(".widget-subarea")) {
      place.dataset.alt = place.querySelector(".bw")?.ariaLabel ?? place.textContent.trim(); // drawn already, or not yet
      const words = "This is the first state of a picture that moves; move it at ";
      const note = this.add("p", "widget-note", words, (made) => place.parentElement.append(made));
      this.add("a", "", address, (made) => note.append(made, ".")).href = `${address}#${place.closest("section").id}`;
    }
  },

  // Cells of which nothing is left.
  emptied(article) {
    for (const cell of [...article.querySelectorAll("div.cell")].reverse())
      if (!cell.textContent.trim() && !cell.querySelector("img, svg, canvas, .widget-subarea")) cell.remove();
  },

  // A figure and its caption stay on one page.
  together(cell, caption) {
    this.add("figure", "", "", (made) => cell.before(made)).append(cell, caption);
  },

  // A browser writes down the places of a PDF only for anchors that something links to.
  targets(article, anchors) {
    const links = this.add("div", "targets", "", (made) => document.body.append(made));
    for (const place of article.querySelectorAll("[id]"))
      if (place.matches("section") || anchors.includes(place.id)) this.add("a", "", "", (made) => links.append(made)).href = `#${place.id}`;
  },

  words(element) {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(".katex-mathml, .headerlink").forEach((e) => e.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  },

  headings(article) {
    const found = [];
    for (const heading of article.querySelectorAll("h1, h2, h3")) {
      const id = heading.closest("section[id]")?.id;
      if (id) found.push({ level: +heading.tagName[1], text: this.words(heading), id });
    }
    return found;
  },

  // Wait until widgets, pictures and letters are there; return what could not be shown.
  async ready() {
    await document.fonts.ready;
    const broken = [];
    for (const image of document.querySelectorAll("article img"))
      await image.decode().catch(() => broken.push(image.getAttribute("src")));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return broken;
  },

  // Keep short code and tables on one page; make formulas and tables smaller that are wider than the page; return what is still cut.
  fit() {
    const [cut, slack] = [[], 3]; // pixels: a slanted letter leans out of its box
    for (const block of document.querySelectorAll("article :is(pre, table, .exercise)"))
      block.classList.toggle("short", block.offsetHeight < (block.matches("pre") ? 260 : 400));
    for (const box of document.querySelectorAll("article :is(div.math, .course-table, .pst-scrollable-table-container, figure, .widget-subarea, div.cell_output, p, li)")) {
      const [wide, there] = [this.width(box), box.clientWidth];
      if (!there || wide <= there + slack) continue;
      box.style.fontSize = `${Math.floor((1000 * there) / wide) / 10}%`;
      if (this.width(box) > box.clientWidth + slack) cut.push(`${Math.round(this.width(box))} > ${box.clientWidth}: ${box.textContent.trim().slice(0, 60)}`);
    }
    return cut;
  },

  width(box) {
    return Math.max(box.scrollWidth, ...[...box.querySelectorAll(".katex-html > .base")].map((b) => b.getBoundingClientRect().right - box.getBoundingClientRect().left));
  },

  // For a PDF: punctuation after a formula stays on its line, as part of the formula's last piece.
  forPaper() {
    for (const formula of document.querySelectorAll("article span.math")) {
      const [last, after] = [formula.querySelector(".katex-html > .base:last-child"), formula.nextSibling];
      const marks = after?.nodeType === Node.TEXT_NODE && /^[.,;:!?)\]”’]+/.exec(after.data)?.[0];
      if (!last || !marks) continue;
      this.add("span", "punctuation", marks, (made) => last.append(made));
      after.data = after.data.slice(marks.length);
    }
  },

  // For an ePub: formulas as MathML, each widget as the picture of that name, files beside the page. Returns the addresses
  // of the pictures in use.
  forReaders(widgets) {
    const article = document.querySelector("article");
    article.querySelectorAll(".widget-subarea").forEach((place, k) => {
      const picture = this.add("img", "", "", (made) => place.replaceWith(made));
      picture.alt = place.dataset.alt;
      picture.setAttribute("src", widgets[k]);
    });
    article.querySelectorAll("script, style").forEach((left) => left.remove());
    article.querySelectorAll(".katex").forEach((formula) => this.mathml(formula));
    const files = new Set();
    for (const image of article.querySelectorAll("img")) {
      for (const name of ["loading", "decoding", "width", "height"]) image.removeAttribute(name);
      if (widgets.includes(image.getAttribute("src"))) continue;
      files.add(image.src);
      image.setAttribute("src", image.src.split("/").at(-1));
    }
    for (const styled of article.querySelectorAll("[style]")) styled.removeAttribute("style");
    return [...files];
  },

  xhtml() {
    return new XMLSerializer().serializeToString(document.querySelector("article"));
  },

  // Leave of a formula its MathML; its number, which KaTeX puts into a table as wide as the page, stands beside it.
  mathml(formula) {
    const math = formula.querySelector("math");
    const [content, tex] = math.querySelector("semantics").children;
    math.replaceChildren(content);
    math.setAttribute("alttext", tex.textContent.trim());
    const cells = content.matches('mtable[width="100%"]') ? [...content.querySelectorAll(":scope > mtr > mtd")] : [];
    if (cells.length) math.replaceChildren(...cells[1].childNodes);
    const box = formula.closest(".katex-display") ?? formula;
    if (box !== formula) this.inRows(math, formula.closest("div.math"), cells.length ? 300 : 340);
    if (cells.length) this.add("span", "equation-number", cells.at(-1).textContent, (made) => box.after(made)).parentElement.classList.add("numbered");
    box.replaceWith(math);
  },

  // Break a formula that is wider than a small reader (in CSS pixels) at its gaps and before "=", "+" and "−" outside of
  // parentheses: no reader does it by itself, and many cannot scroll. What is still too wide gets small letters.
  inRows(math, place, limit) {
    const whole = math.children.length === 1 && math.firstElementChild.matches("mrow") ? math.firstElementChild : math;
    const nodes = [...whole.children];
    if (this.widthOf(nodes) <= limit) return;
    const rows = [[]];
    let [depth, piece] = [0, []];
    const flush = () => {
      if (rows.at(-1).length && this.widthOf([...rows.at(-1), ...piece]) > limit) rows.push([]);
      rows.at(-1).push(...piece);
      piece = [];
    };
    for (const node of nodes) {
      const sign = node.matches("mo") ? node.textContent : "";
      const gap = node.matches("mspace") && parseFloat(node.getAttribute("width")) >= 1;
      if (gap || (!depth && /^[=+−≈≤≥]$/.test(sign))) flush();
      if (gap && rows.at(-1).length) rows.push([]);
      if (!gap) piece.push(node);
      depth += /^[([{]$/.test(sign) - /^[)\]}]$/.test(sign);
    }
    flush();
    place.classList.toggle("long", rows.some((row) => this.widthOf(row) > limit));
    if (rows.length < 2) return;
    const make = (name, ...inside) => {
      const made = document.createElementNS(math.namespaceURI, name);
      made.append(...inside);
      return made;
    };
    const table = make("mtable", ...rows.map((row) => make("mtr", make("mtd", make("mrow", ...row)))));
    table.setAttribute("columnalign", "left");
    table.setAttribute("displaystyle", "true");
    whole.replaceChildren(table);
  },

  // How wide the parts of a formula are, in letters of 16 px.
  widthOf(nodes) {
    const probe = this.add("span", "", "", (made) => document.body.append(made));
    const math = document.createElementNS("http://www.w3.org/1998/Math/MathML", "math");
    probe.style = "display: inline-block; font-size: 16px; white-space: nowrap";
    math.setAttribute("displaystyle", "true");
    math.append(...nodes.map((node) => node.cloneNode(true)));
    probe.append(math);
    const width = probe.offsetWidth;
    probe.remove();
    return width;
  },
};
