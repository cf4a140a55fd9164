// Small helps for readers: what scrolls sideways can be reached with the keyboard, a copied formula is TeX, a chapter
// opens on the reader's JupyterHub, and search works from file://.
(() => {
  const SCROLLERS = ".bd-article pre, .bd-article div.math, .bd-article .pst-scrollable-table-container, .bd-article .course-table";
  const TEX = "annotation[encoding='application/x-tex']";

  function reach() {
    for (const el of document.querySelectorAll(SCROLLERS)) {
      if (el.scrollWidth > el.clientWidth + 1) el.tabIndex = 0;
      else el.removeAttribute("tabindex");
    }
  }

  // Each formula is there twice, for the eye and for screen readers: put its TeX in the place of both.
  function asTex(root) {
    for (const formula of root.querySelectorAll(".katex")) {
      const tex = formula.querySelector(TEX)?.textContent ?? formula.textContent;
      const display = formula.parentElement?.classList.contains("katex-display");
      formula.replaceWith(display ? `$$${tex}$$` : `$${tex}$`);
    }
    return root;
  }

  addEventListener("copy", (event) => {
    const selection = getSelection();
    if (selection.isCollapsed || selection.rangeCount !== 1) return;
    const range = selection.getRangeAt(0);
    const whole = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest(".katex");
    const [first, last] = [whole(range.startContainer), whole(range.endContainer)]; // half a formula is copied whole
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const copied = document.createElement("div");
    copied.append(range.cloneContents());
    if (!copied.querySelector(".katex")) return;
    event.clipboardData.setData("text/html", copied.innerHTML);
    document.body.append(asTex(copied)); // innerText needs a place on the page
    event.clipboardData.setData("text/plain", copied.innerText);
    copied.remove();
    event.preventDefault();
  });

  for (const form of document.querySelectorAll("form[data-pull]")) {
    form.elements.hub.value = localStorage.getItem("hub") ?? "";
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const hub = form.elements.hub.value.trim().replace(/\/*(hub\/.*)?$/, ""); // also from an address copied within it
      localStorage.setItem("hub", hub);
      open(`${hub}/${form.dataset.pull}`, "_blank", "noopener");
    });
  }

  if (typeof Search !== "undefined") {
    const read = Search.htmlToText; // the summaries of the search page
    Search.htmlToText = (html, anchor) => {
      const page = new DOMParser().parseFromString(html, "text/html");
      return read(asTex(page.documentElement).outerHTML, anchor);
    };
  }

  // the search page fetches its summaries, which file:// does not allow
  if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  addEventListener("load", reach);
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
})();
