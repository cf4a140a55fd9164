// Remembers in this browser alone which chapters were read to their end, and in which section the reader stopped. Shows ticks
// in the side bar and on the first page, and there the way to go on and a button that forgets. Where a browser keeps
// nothing, nothing is shown.
(() => {
  if (!(localStorage instanceof Storage)) return; // what stands in for it, see layout.html, forgets with the page
  const OLD = "reading"; // was shared by all books of one origin
  const KEY = `${OLD} ${new URL(document.documentElement.dataset.content_root, location).pathname}`;
  // it holds {read: [numbers of chapters], place: {page, anchor, heading} or null}
  const CHAPTER = /(?:^|\/)((\d\d)_\w+)\.html$/;
  const REST = 300; // milliseconds after the last scrolling until the place is noted

  const chapterOf = (path) => {
    const found = CHAPTER.exec(path);
    return found && { page: found[1], number: Number(found[2]) };
  };
  const here = chapterOf(location.pathname);
  const links = new Map(); // page of a chapter -> its link in the side bar, whose address on its own page is "#"
  for (const link of document.querySelectorAll(".bd-docs-nav a[href]")) {
    const chapter = chapterOf(link.pathname);
    if (chapter) links.set(chapter.page, link);
  }

  try {
    const kept = localStorage.getItem(OLD);
    if (kept && !localStorage.getItem(KEY)) localStorage.setItem(KEY, kept);
    localStorage.removeItem(OLD);
  } catch { /* nothing can be kept */ }

  function recall() {
    try {
      const { read, place } = JSON.parse(localStorage.getItem(KEY));
      const known = [...links.keys()].map((page) => Number(page.slice(0, 2)));
      return { read: known.filter((number) => read.includes(number)), place: links.has(place?.page) ? place : null };
    } catch {
      return { read: [], place: null };
    }
  }

  function update(change) {
    const kept = recall();
    change(kept);
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch { /* full, or not allowed: then it is not remembered */ }
    show();
  }

  function make(tag, options, ...inside) {
    const made = Object.assign(document.createElement(tag), options);
    made.append(...inside);
    return made;
  }

  function words(element) {
    const copy = element.cloneNode(true);
    for (const left of copy.querySelectorAll(".headerlink, .katex-mathml, .read-tick")) left.remove();
    return copy.textContent.trim();
  }

  function tick(element, on) {
    element.querySelector(".read-tick")?.remove();
    if (!on) return;
    const mark = make("span", { className: "read-tick", textContent: "✓" });
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", "read");
    element.append(" ", mark);
  }

  function show() {
    const { read, place } = recall();
    for (const [page, link] of links) tick(link, read.includes(Number(page.slice(0, 2))));
    for (const card of document.querySelectorAll(".chapter-card")) tick(card.querySelector("h3"), read.includes(Number(card.dataset.chapter)));
    for (const stop of document.querySelectorAll(".chapter-path a")) stop.classList.toggle("read", read.includes(Number(stop.dataset.chapter)));

    const begin = document.querySelector(".begin");
    begin?.querySelector(".go-on")?.remove();
    if (begin && place) {
      const link = links.get(place.page), anchor = place.anchor ? `#${encodeURIComponent(place.anchor)}` : "";
      const text = `Go on with chapter ${Number(place.page.slice(0, 2))}, ${words(link)}${place.anchor ? `: ${place.heading}` : ""}`;
      begin.prepend(make("p", { className: "go-on" }, make("a", { href: link.href + anchor, textContent: text })));
    }

    const told = document.querySelector(".reading-kept");
    if (!told) return;
    if (!read.length && !place) {
      told.hidden ||= !told.lastElementChild.hidden; // another tab has forgotten it
      return;
    }
    told.hidden = told.lastElementChild.hidden = false;
    told.firstElementChild.textContent = read.length
      ? `You have come to the end of ${read.length} of ${links.size} chapters${place ? "; the place where you stopped is noted" : ""}.`
      : "The place where you stopped is noted.";
  }

  // The last heading above the middle of the window.
  function place() {
    const headings = [...document.querySelectorAll(".bd-article section[id] > :is(h2, h3)")];
    const last = headings.filter((h) => h.getBoundingClientRect().top < innerHeight / 2).at(-1);
    return { page: here.page, anchor: last?.parentElement.id ?? "", heading: last ? words(last) : "" };
  }

  function watch() {
    let timer = 0;
    addEventListener("scroll", () => {
      clearTimeout(timer);
      timer = setTimeout(() => update((kept) => { if (!kept.read.includes(here.number)) kept.place = place(); }), REST);
    }, { passive: true });
    const end = document.querySelector(".prev-next-footer");
    if (!end) return;
    new IntersectionObserver(([seen]) => {
      if (!seen.isIntersecting || recall().read.includes(here.number)) return;
      const next = chapterOf(end.querySelector("a.right-next")?.pathname ?? "");
      update((kept) => {
        kept.read.push(here.number);
        kept.place = next && !kept.read.includes(next.number) ? { page: next.page, anchor: "", heading: "" } : null;
      });
    }).observe(end);
  }

  document.querySelector(".reading-kept button")?.addEventListener("click", (event) => {
    try {
      localStorage.removeItem(KEY);
    } catch { /* nothing was kept */ }
    event.target.parentElement.hidden = true;
    document.querySelector(".reading-kept").firstElementChild.textContent = "Forgotten: this browser keeps nothing about your reading any more.";
    show();
  });
  addEventListener("storage", show); // another tab
  addEventListener("pageshow", (event) => event.persisted && show());
  show();
  if (here) watch();
})();
