// Small helps for readers: what scrolls sideways can be reached with the keyboard, and search works from file://.
(() => {
  const SCROLLERS = ".bd-article pre, .bd-article div.math, .bd-article mjx-container, .bd-article .pst-scrollable-table-container";

  function reach() {
    for (const el of document.querySelectorAll(SCROLLERS)) {
      if (el.scrollWidth > el.clientWidth + 1) el.tabIndex = 0;
      else el.removeAttribute("tabindex");
    }
  }

  // the search page fetches its summaries, which file:// does not allow
  if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  addEventListener("load", () => {
    reach();
    window.MathJax?.startup?.promise?.then(reach);
  });
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
})();
