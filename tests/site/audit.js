// What the tests ask of a page from inside; audit.py puts it into every tab before the page's own scripts.
window.bookAudit = (() => {
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const painted = () =>
    new Promise((done) =>
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = done;
        channel.port2.postMessage(0);
      }),
    );

  function drawn(root, patience) {
    return new Promise((done) => {
      const late = setTimeout(done, patience);
      root.addEventListener("bw:drawn", () => (clearTimeout(late), done()), { once: true });
    });
  }

  const fonts_ready = (ms) => Promise.race([document.fonts.ready, wait(ms)]).then(() => true);

  // A widget is drawn when it comes near: asked again and again, this scrolls past all of them and back to the top.
  const widgets_ready = (count) => {
    const waiting = document.querySelector(".widget-subarea.waiting");
    (waiting ?? document.documentElement).scrollIntoView({ block: waiting ? "center" : "start", behavior: "instant" });
    return document.documentElement.dataset.widgets && document.querySelectorAll(".widget-subarea .bw").length >= count;
  };

  // [kind, name] of images without alt text, and of images that cannot be shown
  async function images() {
    const bad = [];
    for (const image of document.images) {
      const name = (image.getAttribute("src") || "").slice(0, 80);
      if (!image.alt.trim()) bad.push(["alt", name]);
      image.loading = "eager";
      if (!image.complete) {
        await Promise.race([new Promise((done) => (image.onload = image.onerror = done)), wait(30000)]);
      }
      if (!image.naturalWidth) bad.push(["missing", name]);
    }
    return bad;
  }

  // formulas that KaTeX marked as wrong, that were not set, or that nobody saw as formulas
  function formulas() {
    const bad = [...document.querySelectorAll(".katex-error")].map((e) => e.title || e.textContent);
    for (const e of document.querySelectorAll(".math")) {
      if (!e.querySelector(".katex-html") || !e.querySelector("math")) bad.push(e.textContent.slice(0, 60));
    }
    for (const [tags, count] of [["mfrac, mroot, msub, msup, munder, mover", 2], ["msubsup, munderover", 3]]) {
      for (const e of document.querySelectorAll(tags)) {
        if (e.children.length !== count) bad.push(`<${e.tagName}> with ${e.children.length} parts in ${e.closest("math").textContent.slice(0, 60)}`);
      }
    }
    const texts = document.createTreeWalker(document.querySelector("article") || document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (text.parentElement.closest("pre, code, script, style, .math")) continue;
      if (/\$\$|\$[^$\s][^$]*\$|\\\(|\\\[/.test(text.data)) bad.push(text.data.trim().slice(0, 60));
    }
    return bad;
  }

  // "" or the element that sticks out most
  function width() {
    if (document.documentElement.scrollWidth <= innerWidth) return "";
    const right = (e) => e.getBoundingClientRect().right;
    const widest = [...document.querySelectorAll("body *")].sort((a, b) => right(b) - right(a))[0];
    return `<${widest.tagName.toLowerCase()} class="${widest.getAttribute("class") || ""}"> ends at ${Math.round(right(widest))} px`;
  }

  // what scrolls sideways and does not show it: no shadow at its edge, or out of the keyboard's reach
  function cut() {
    dispatchEvent(new Event("resize")); // page.js looks again at what has been unfolded
    const bad = [];
    for (const e of document.querySelectorAll("article *")) {
      if (e.scrollWidth <= e.clientWidth + 4 || !e.clientWidth || e.closest(".katex, .bw")) continue; // KaTeX ends in 2 px of nothing
      const style = getComputedStyle(e);
      if (style.overflowX === "visible" || style.clip !== "auto") continue;
      if (e.tabIndex < 0 || !style.backgroundAttachment.includes("local")) bad.push(`<${e.tagName.toLowerCase()} class="${e.className}"> ${e.textContent.trim().slice(0, 60)}`);
    }
    return bad;
  }

  // stops on the way by keyboard that are neither a link nor a control nor a box that scrolls, and second ones for the same
  function stops() {
    dispatchEvent(new Event("resize")); // page.js looks again
    const bad = [];
    for (const e of document.querySelectorAll("*")) {
      if (e.tabIndex < 0 || !e.checkVisibility({ visibilityProperty: true })) continue;
      const scrolls = e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1;
      const pressed = e.matches("a[href]:not(.headerlink), button, input, select, textarea, summary, label, [role=application]");
      const twice = e.matches(".copybtn") && (e.previousElementSibling.tabIndex === 0 || e.closest(".output"));
      if (twice || !(pressed || scrolls)) bad.push(`<${e.tagName.toLowerCase()} class="${e.getAttribute("class") ?? ""}"> ${e.textContent.trim().slice(0, 40)}`);
    }
    return bad;
  }

  function calm_and_unfold() {
    for (const details of document.querySelectorAll("details")) details.open = true;
    const style = document.createElement("style");
    style.textContent = "*, *::before, *::after { transition: none !important; animation: none !important; }";
    document.head.append(style);
  }

  // Leave of each kind of token and of formula one in each place that may colour it differently: axe looks at every
  // element that there is, and nine in ten are the tenth comma of a listing. What is no longer seen is gone from the page.
  function thin_out() {
    const seen = new Set();
    const first = (...key) => !seen.has(String(key)) && seen.add(String(key));
    const place = (e) => e.closest(".cell_output, .cell_input, .admonition, table, details, h1, h2, h3, li, p")?.className;
    for (const e of document.querySelectorAll(".katex")) {
      if (!first("formula", place(e), !!e.closest(".katex-display"))) e.replaceChildren("xy"); // no wider than what was there: what fits does not scroll now
    }
    for (const e of document.querySelectorAll(".highlight span")) {
      const short = e.textContent.trim().length < 2; // axe does not judge the colour of a single letter
      if (!first(e.className, place(e), short)) e.replaceWith(...e.childNodes);
    }
    document.body.normalize();
  }

  // everything that a widget shows outside its controls, as one string
  function face(root) {
    const parts = [];
    for (const e of root.querySelectorAll("canvas, img, svg, output, p, meter")) {
      if (e.closest(".bw-controls")) continue;
      if (e.tagName === "CANVAS") {
        const d = e.getContext("2d").getImageData(0, 0, e.width, e.height).data;
        let hash = 0;
        for (let i = 0; i < d.length; i += 4) hash = (hash * 31 + d[i] * 7 + d[i + 1] * 3 + d[i + 2] + d[i + 3]) | 0;
        parts.push(hash);
      } else if (e.tagName === "IMG") parts.push(e.src + e.naturalWidth);
      else if (e.tagName === "svg") parts.push(e.innerHTML);
      else parts.push(e.textContent + (e.value ?? ""));
    }
    return parts.join("|");
  }

  const name = (e) => e.labels?.[0]?.textContent.trim() || e.getAttribute("aria-label") || e.type;

  // one step of a control, as a reader would take it
  function step(control) {
    if (control.type === "radio" || control.type === "checkbox") return control.click();
    if (control.tagName === "SELECT") control.selectedIndex = (control.selectedIndex + 1) % control.options.length;
    else control.value = +control.value < +control.max ? +control.value + +(control.step || 1) : control.min;
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // [number of controls, descriptions of those that never change what their widget shows]
  async function controls() {
    let moved = 0;
    const dead = [];
    for (const [i, root] of [...document.querySelectorAll(".bw")].entries()) {
      for (const control of root.querySelectorAll(".bw-controls :is(input, select)")) {
        moved += 1;
        const before = face(root);
        let changed = control.type === "radio" && control.checked; // its twins are tried instead
        for (let k = 0; k < 6 && !changed && !control.disabled; k++) {
          const settled = drawn(root, 4000);
          step(control);
          await settled;
          await painted();
          changed = face(root) !== before;
        }
        if (!changed) dead.push(`widget ${i + 1} (${root.getAttribute("aria-label")}): ${name(control)} changes nothing`);
      }
    }
    return [moved, dead];
  }

  // press every button of every widget twice, so that what plays stops again
  async function buttons() {
    for (const button of document.querySelectorAll(".bw button")) {
      for (let k = 0; k < 2; k++) {
        if (!button.disabled) button.click();
        await wait(50);
      }
    }
  }

  const sliders = () => [...document.querySelectorAll(".bw")].map((w) => w.querySelector(".bw-controls input[type=range]")).filter(Boolean);

  // move the slider of one widget many times; the median time in ms from a move to the new picture
  async function latency([which, moves]) {
    const slider = sliders()[which], times = [];
    for (let k = 0; k < moves; k++) {
      await wait(20);
      const start = performance.now(), shown = drawn(slider.closest(".bw"), 1000);
      step(slider);
      await shown;
      await painted();
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[moves >> 1];
  }

  async function first_text() {
    for (;;) {
      const paint = performance.getEntriesByName("first-contentful-paint")[0];
      if (paint) return paint.startTime;
      await wait(20);
    }
  }

  // heights in CSS pixels: of the article, of the code that stands open, and down to the middle of the first figure
  function form() {
    const boxes = (selector) =>
      [...document.querySelectorAll(selector)]
        .filter((e) => e.checkVisibility() && !e.closest("details:not([open])"))
        .map((e) => e.getBoundingClientRect());
    const middles = boxes("article :is(img.figure, .widget-subarea)")
      .map((box) => window.scrollY + (box.top + box.bottom) / 2);
    const code = boxes("article .cell_input").reduce((sum, box) => sum + box.height, 0);
    return { article: boxes("article")[0].height, code, picture: Math.min(...middles, 1e6) };
  }

  return {
    form, fonts_ready, widgets_ready, images, formulas, width, cut, stops, calm_and_unfold, thin_out, controls, buttons, sliders, latency,
    first_text,
  };
})();
