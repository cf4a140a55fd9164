// What a lecturer's audience sees of the present slide: what is cut, the smallest letters, the pictures.
() => {
  const slide = document.querySelector(".slides section.present"), stage = slide.getBoundingClientRect();
  const scale = stage.width / slide.offsetWidth;
  const seen = [...slide.querySelectorAll("*")].filter((e) => !e.closest("aside, .katex-mathml, noscript, .vlist-s") && e.getClientRects().length);
  const cut = [], letters = [];
  for (const e of seen) {
    if (!e.matches("h1, h2, p, li, img, canvas, svg, table, button, input, select, label, output, .katex-html > .base, .tag")) continue;
    const r = e.getBoundingClientRect();
    if (r.width < 2 || r.height < 2 || e.closest("label") && getComputedStyle(e).clipPath !== "none") continue; // for screen readers
    const far = Math.max(stage.left - r.left, stage.top - r.top, r.right - stage.right, r.bottom - stage.bottom);
    if (far > 1) cut.push(`${e.tagName} ${Math.round(far)} px: ${(e.textContent || e.alt || "").trim().slice(0, 40)}`);
  }
  for (const e of seen) {
    const own = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
    if (!own || e.closest(".katex .katex-html > *, option") || getComputedStyle(e).clipPath !== "none") continue;
    const size = parseFloat(getComputedStyle(e).fontSize) * (e.currentCSSZoom ?? 1) * scale;
    letters.push([!!e.closest(".widget-subarea"), Math.round(10 * size) / 10, e.textContent.trim().slice(0, 40)]);
  }
  for (const e of slide.querySelectorAll(".body .katex")) letters.push([false, parseFloat(getComputedStyle(e).fontSize) * scale, e.textContent.slice(0, 20)]);
  const pictures = seen.filter((e) => e.matches("img") && !e.closest(".widget-subarea")).map((e) => {
    const enlarged = Math.min(e.clientWidth / e.getAttribute("width"), e.clientHeight / e.getAttribute("height")) * scale;
    return [e.getAttribute("src"), enlarged, e.alt];
  });
  const title = slide.querySelector("h1, h2");
  return {
    cut, letters, pictures, widgets: [...slide.querySelectorAll(".bw")].map((e) => e.getAttribute("aria-label") ?? ""),
    narrow: slide.matches(".beside"), lines: Math.round(title.getBoundingClientRect().height / scale / (1.2 * parseFloat(getComputedStyle(title).fontSize))),
    empty: !slide.querySelector(".body").innerText.trim() && !pictures.length && !slide.querySelector(".bw"),
  };
}
