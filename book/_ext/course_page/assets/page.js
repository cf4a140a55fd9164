// Small helps for readers: what scrolls sideways can be reached with the keyboard, a copied formula is TeX, a chapter
// opens on the reader's JupyterHub, what a search has found is unfolded, and paper is light and shows the solutions.
(() => {
  const SCROLLERS = ".bd-article pre, .bd-article div.math, .bd-article .pst-scrollable-table-container, .bd-article .course-table";
  const TEX = "annotation[encoding='application/x-tex']";

  // One stop for each: code that scrolls is one itself, and copies itself (below), other code has its copy button. A
  // heading is reached through the contents.
  function reach() {
    for (const el of document.querySelectorAll(SCROLLERS)) {
      const scrolls = el.scrollWidth > el.clientWidth + 1, button = el.nextElementSibling;
      if (scrolls) el.tabIndex = 0;
      else el.removeAttribute("tabindex");
      if (!button?.matches(".copybtn")) continue;
      button.tabIndex = scrolls ? -1 : 0;
      if (scrolls) el.setAttribute("aria-keyshortcuts", "Control+C");
      else el.removeAttribute("aria-keyshortcuts");
    }
    for (const link of document.querySelectorAll(".bd-article a.headerlink")) link.tabIndex = -1;
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
    const selection = getSelection(), code = document.activeElement.closest("pre[aria-keyshortcuts]");
    if (selection.isCollapsed && code) {
      event.clipboardData.setData("text/plain", code.innerText);
      event.preventDefault();
    }
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

  // A hit of the search page may lie in a fold of its section: then open that fold.
  const asked = new URLSearchParams(location.search).get("highlight")?.toLowerCase().split(/\s+/) ?? [];
  const place = document.getElementById(location.hash.slice(1)) ?? document.querySelector(".bd-article");
  if (place && asked.length) {
    const has = (text) => asked.some((word) => text.toLowerCase().includes(word));
    const open = place.cloneNode(true);
    for (const fold of open.querySelectorAll("details")) fold.remove();
    if (!has(open.textContent)) for (const fold of place.querySelectorAll("details")) fold.open ||= has(fold.textContent);
  }

  // Paper: light, and open what holds an answer; folded code (`hide`) is left out.
  const ANSWERS = ".bd-article details:not(.hide, .launch-hub, [open]), .bd-article details.solution:not([open])";
  let afterwards = () => {};
  addEventListener("beforeprint", () => {
    const page = document.documentElement, { theme } = page.dataset, closed = [...document.querySelectorAll(ANSWERS)];
    page.dataset.theme = "light";
    for (const fold of closed) fold.open = true;
    afterwards = () => {
      page.dataset.theme = theme;
      for (const fold of closed) fold.open = false;
    };
  });
  addEventListener("afterprint", () => afterwards());

  addEventListener("load", reach);
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
})();
