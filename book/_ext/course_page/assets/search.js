// The search page: finds sections by words in British or American spelling, in the singular or plural, mistyped, with or
// without hyphen, and by the Russian words of the glossary. `bookSearch` is written by course_page/search.py.
(() => {
  const PAGES = 12, SECTIONS = 3; // shown; sections of one page
  const AROUND = 90; // letters of the text on each side of a hit
  const WORD = /[\p{L}\p{N}]+(?:[-–’'][\p{L}\p{N}]+)*/gu;
  const book = window.bookSearch, english = new PorterStemmer(), russian = new RussianStemmer();

  // ---- words ------------------------------------------------------------------------------------------------------

  // One spelling: American endings and British stems, whichever is the regular one; only equality matters.
  function spelling(word) {
    return word
      .replace(/^([a-z]{2,}[iy])s(e[sdr]?|ers|ing|ations?|able)$/, "$1z$2")
      .replace(/^(arm|behavi|col|fav|flav|harb|hon|hum|lab|neighb|rum|vap)ou?r/, "$1our")
      .replace(/^(cent|fib|lit|met|spect|theat)(er|re)(s?)$/, "$1er$3")
      .replace(/^(cent)red$/, "$1ered")
      .replace(/^gray/, "grey")
      .replace(/^([a-z]+[aeiou])ll(ed|ing|ers?|ors?)$/, "$1l$2");
  }

  // What a word is filed under: without case, accents, ё, ending and spelling.
  function root(word) {
    const bare = word.toLowerCase().replaceAll("ё", "е").normalize("NFD").replace(/[\u0300-\u0305\u0307-\u036f]/g, "").normalize("NFC");
    const stemmer = /[а-я]/.test(bare) ? russian : english;
    return stemmer.stemWord(spelling(bare));
  }

  const words = (text) => text.match(WORD) ?? [];
  const parts = (word) => word.split(/[-–’']/);
  const whole = (word) => root(parts(word.replace(/[’']s$/, "")).join(""));

  const roots = (text) => words(text).map(whole).join(" ");

  const known = new Set(), written = new Set(); // roots; words as the book writes them
  function filed(word) {
    const roots = [whole(word)];
    known.add(roots[0]);
    written.add(word.toLowerCase());
    if (/[-–’']/.test(word)) roots.push(...parts(word).filter((part) => part.length > 1).map(root));
    return roots;
  }

  const begins = (term) => [...known].some((other) => other.startsWith(term));
  const isKnown = (word) => known.has(whole(word)) || (word.length > 3 && begins(whole(word)));
  const AS_ASKED = { processTerm: whole, prefix: (term) => term.length > 3, combineWith: "AND" };

  // ---- the index --------------------------------------------------------------------------------------------------

  const settings = { tokenize: words, processTerm: filed };
  const glossary = new MiniSearch({ ...settings, fields: ["russian"] });
  glossary.addAll(book.terms.map(([, , term], id) => ({ id, russian: term })));

  const texts = book.sections.map(([page, anchor, heading, text, code]) => (
    { address: book.pages[page][0], page: book.pages[page][1], weight: book.pages[page][2], anchor, heading, text, code }));
  for (const [anchor, term, translated, sentence] of book.terms) {
    texts.push({ address: book.glossary, page: "Glossary", weight: 0.2, anchor, heading: `${term}: ${translated}`, text: sentence, code: "" });
  }
  const index = new MiniSearch({ ...settings, fields: ["page", "heading", "text", "code"] });
  index.addAll(texts.map((entry, id) => ({ id, ...entry })));
  const vocabulary = new MiniSearch({ fields: ["id"], tokenize: (word) => [word], processTerm: (word) => word });
  vocabulary.addAll([...written].map((id) => ({ id })));

  // A word of the book that differs from a mistyped one in one letter, in a long word two; or undefined.
  function nearest(word) {
    const found = word.length > 3 && vocabulary.search(word.toLowerCase(), { fuzzy: word.length > 6 ? 2 : 1 });
    return found ? found[0]?.id : undefined;
  }

  const RUSSIAN = /[а-яё]/i;
  const ORDER = {
    boost: { page: 3, heading: 3, code: 0.3 },
    boostDocument: (id) => texts[id].weight,
    boostTerm: (term) => (RUSSIAN.test(term) ? 0.1 : 1), // the glossary is the way to a chapter, not the goal
  };

  // ---- a query ----------------------------------------------------------------------------------------------------

  // The English words for a query in Russian: those of the row of the glossary that fits best.
  function translations(query) {
    if (!RUSSIAN.test(query)) return [];
    const same = (id) => roots(book.terms[id][2]) === roots(query);
    const rows = glossary.search(query, AS_ASKED).map((hit) => hit.id), best = rows.find(same) ?? rows[0];
    return rows.length ? book.terms[best][1].split(/[,;]/).map((term) => term.trim()) : [];
  }

  // { pages, best first, each a list of its sections { entry, terms }; translated; guessed: [[asked, taken instead]] }
  function find(asked) {
    const guessed = words(asked).filter((word) => !isKnown(word)).map((word) => [word, nearest(word)]).filter(([, near]) => near);
    const query = guessed.reduce((text, [word, near]) => text.replace(word, near), asked);
    const translated = translations(query);
    const queries = [query, ...translated].map((text) => ({ ...AS_ASKED, queries: [text] }));
    let hits = index.search({ combineWith: "OR", queries }, ORDER);
    if (!hits.length) hits = index.search(query, { ...AS_ASKED, ...ORDER, combineWith: "OR" });
    const pages = new Map();
    for (const hit of hits) {
      const entry = texts[hit.id];
      if (!pages.has(entry.address)) pages.set(entry.address, []);
      pages.get(entry.address).push({ entry, terms: new Set(hit.terms) });
    }
    return { pages: [...pages.values()], translated, guessed };
  }

  // ---- the page ---------------------------------------------------------------------------------------------------

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  const isHit = (word, terms) => [whole(word), ...parts(word).map(root)].some((term) => terms.has(term));

  // a text as nodes, with the words that were searched for marked
  function marked(text, terms) {
    const nodes = [];
    let done = 0;
    for (const { 0: word, index: start } of text.matchAll(WORD)) {
      if (!isHit(word, terms)) continue;
      nodes.push(text.slice(done, start), element("mark", {}, word));
      done = start + word.length;
    }
    return [...nodes, text.slice(done)];
  }

  const forms = (text, terms) => [...new Set(words(text).filter((word) => isHit(word, terms)).map((word) => word.toLowerCase()))];

  // the piece of a section's text around the first hit
  function excerpt(text, terms) {
    const first = [...text.matchAll(WORD)].find(({ 0: word }) => isHit(word, terms));
    const at = first?.index ?? 0;
    const from = at > AROUND ? text.indexOf(" ", at - AROUND) + 1 : 0, to = text.indexOf(" ", at + 2 * AROUND);
    const piece = text.slice(from, to < 0 ? text.length : to);
    return element("p", { className: "context" }, from ? "… " : "", ...marked(piece, terms), to < 0 ? "" : " …");
  }

  function link({ entry, terms }, text) {
    const highlight = forms(entry.text, terms).join(" ");
    const asked = highlight ? `?${new URLSearchParams({ highlight })}` : "";
    return element("a", { href: `${entry.address}${asked}${entry.anchor ? `#${entry.anchor}` : ""}` }, text);
  }

  function result(hits) {
    const item = element("li", {}, element("a", { href: hits[0].entry.address }, hits[0].entry.page));
    const list = element("ul");
    for (const hit of hits.slice(0, SECTIONS)) {
      const heading = hit.entry.anchor ? link(hit, hit.entry.heading) : "";
      list.append(element("li", {}, heading, excerpt(hit.entry.text, hit.terms)));
    }
    item.append(list);
    return item;
  }

  function show(query) {
    const place = document.getElementById("search-results");
    const { pages, translated, guessed } = find(query);
    const count = pages.length === 1 ? "One page has" : `${pages.length} pages have`;
    const said = pages.length ? `${count} something on “${query}”.` : `No page has anything on “${query}”. Try one word, or the glossary.`;
    const notes = [said];
    if (translated.length) notes.push(` In English: ${translated.join(", ")}.`);
    for (const [word, nearest] of guessed) notes.push(` The book does not have “${word}”; this is for “${nearest}”.`);
    place.replaceChildren(
      element("p", { className: "search-summary", role: "status" }, ...notes),
      element("ol", { className: "search" }, ...pages.slice(0, PAGES).map(result)),
    );
  }

  const query = new URLSearchParams(location.search).get("q")?.trim();
  if (query) {
    for (const field of document.querySelectorAll("input[name=q]")) field.value = query;
    show(query);
  }
  window.bookSearch.find = find;
})();
