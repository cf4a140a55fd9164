// A deck: reveal.js with the keys that a lecturer needs, widgets as large as their slide allows, and light or dark.
(() => {
  const STAGE = { width: 1280, height: 720, margin: 0, minScale: 0.2, maxScale: 4 };
  // CSS pixels at which a widget may draw itself, before it is enlarged: its picture above its controls, or beside them.
  const SIDE = 340, GAP = 24;
  const ABOVE = [640, 720, 820, 960, 1120].map((picture) => ({ picture, width: picture }));
  const BESIDE = [360, 440, 520, 600, 680].map((picture) => ({ picture, width: picture + GAP + SIDE }));
  const CONTROLS = [".bw-controls", ".bw-caption", ".bw-key", ".bw-product", ".bw-note"].map((name) => `:scope > ${name}`).join();
  const FORMULA = 40; // CSS pixels
  const LARGEST = 1.9; // times the size on the page
  const root = document.documentElement;
  const printing = /print-pdf/i.test(location.search);

  // Light and dark are kept where the book keeps them; a file may not have such a place.
  const kept = () => {
    try {
      return localStorage.getItem("mode");
    } catch {
      return null;
    }
  };
  const prefers = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = printing ? "light" : ["light", "dark"].includes(kept()) ? kept() : prefers;
  const turn = () => (root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark");
  if (!document.querySelector(".reveal")) return;

  const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

  // Controls and words of a widget, put together so that they can stand beside its picture; null where they do not part.
  function side(root) {
    if (!root.querySelector(":scope > .bw-controls") || root.matches(".bw-kernel")) return null;
    const made = document.createElement("div");
    made.className = "side";
    made.append(...root.querySelectorAll(CONTROLS));
    root.append(made);
    return made;
  }

  // Try a few layouts; take the one in which letters become largest.
  async function fit(place) {
    const box = place.parentElement, root = place.querySelector(".bw"), controls = side(root);
    const lay = ({ picture, width }, zoom) => {
      place.classList.toggle("parted", picture < width);
      Object.assign(place.style, { zoom, width: `${width}px` });
      root.style.width = `${picture}px`;
      return frame();
    };
    let best = { zoom: 0 };
    for (const layout of controls ? [...ABOVE, ...BESIDE] : ABOVE) {
      await lay(layout, 1);
      const height = Math.max(root.offsetHeight, layout.picture < layout.width ? controls.offsetHeight : 0);
      const zoom = Math.min(LARGEST, box.clientWidth / layout.width, box.clientHeight / height);
      if (height && zoom > best.zoom) best = { ...layout, zoom };
    }
    await lay(best, best.zoom);
    place.dataset.fits = best.zoom.toFixed(2);
  }

  const places = [...document.querySelectorAll(".widget-subarea")];
  const fitting = new Set();
  async function fitOnce(place) {
    const slide = place.closest("section");
    if (place.dataset.fits || fitting.has(place) || place.classList.contains("waiting")) return;
    if (!slide.matches(".present") && !printing) return; // it has no size yet
    fitting.add(place);
    await fit(place);
    fitting.delete(place);
  }
  for (const place of places) {
    place.closest("section").classList.add("alive");
    place.dataset.preventSwipe = "";
    place.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation()); // its arrows are its own
    new MutationObserver(() => fitOnce(place)).observe(place, { attributes: true, attributeFilter: ["class"] });
  }

  // A formula that is wider than its slide becomes smaller; one that would become too small is broken first.
  function shrink(slide) {
    for (const formula of slide.querySelectorAll(".body div.math")) {
      const html = formula.querySelector(".katex-html");
      const size = () => Math.min(FORMULA, Math.floor((FORMULA * formula.clientWidth) / html.offsetWidth));
      formula.style.fontSize = `${FORMULA}px`;
      formula.classList.toggle("broken", size() < 0.7 * FORMULA);
      formula.style.fontSize = `${size()}px`;
    }
  }

  function arrive(slide) {
    if (!slide) return;
    shrink(slide);
    slide.querySelectorAll(".widget-subarea").forEach(fitOnce);
  }

  Reveal.on("ready", ({ currentSlide }) => {
    Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Light or dark" }, turn);
    arrive(currentSlide);
  });
  Reveal.on("slidechanged", ({ currentSlide }) => arrive(currentSlide));
  Reveal.on("pdf-ready", () => {
    dispatchEvent(new Event("beforeprint")); // the widgets draw themselves
    document.querySelectorAll(".slides section").forEach(arrive);
  });
  document.fonts.ready.then(() =>
    Reveal.initialize({
      ...STAGE, center: false, display: "flex", hash: true, transition: "none", backgroundTransition: "none",
      controlsLayout: "edges", slideNumber: "c/t", pdfMaxPagesPerSlide: 1, plugins: [RevealNotes],
    }),
  );
})();
