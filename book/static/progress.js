// What a reader has done, remembered in this browser only: chapters read, questions answered, predictions made, exercises done.
// Everything works without memory too (a private window, a browser that keeps nothing), and says so once.
(() => {
  "use strict";
  const script = document.currentScript;
  const page = script.dataset.page;
  const contents = window.courseContents;
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const KEY = "mnist-course/progress/1"; // the number changes with the form of what is kept
  const EMPTY = { read: {}, questions: {}, predictions: {}, exercises: {} };
  const FORGETS = "This browser keeps nothing for this page: what you do here is forgotten when you leave it.";

  // Memory

  let remembers = true;
  let state = load();
  const listeners = [];

  function load() {
    let kept = null;
    try {
      const trial = `${KEY}/trial`;
      localStorage.setItem(trial, "1");
      localStorage.removeItem(trial);
      kept = JSON.parse(localStorage.getItem(KEY));
    } catch (error) {
      if (!(error instanceof SyntaxError)) remembers = false; // what cannot be read is begun anew
    }
    const known = {};
    for (const part of Object.keys(EMPTY)) {
      const value = kept?.[part];
      known[part] = value && typeof value === "object" && !Array.isArray(value) ? value : {};
    }
    return known;
  }

  // Change what is remembered; `near` is the part of the page that was used.
  function change(edit, near) {
    edit(state);
    if (remembers) {
      try {
        localStorage.setItem(KEY, JSON.stringify(state));
      } catch {
        remembers = false;
      }
    }
    if (!remembers && near) sayThatItForgets(near);
    tell();
  }

  function tell() {
    for (const call of listeners) call();
  }

  let said = false;
  function sayThatItForgets(near) {
    if (said) return;
    said = true;
    near.after(element("p", { class: "course-forgets", role: "status" }, FORGETS));
  }

  function erase() {
    state = structuredClone(EMPTY);
    try {
      localStorage.removeItem(KEY);
    } catch {
      // nothing was kept
    }
    tell();
  }

  window.addEventListener("storage", (event) => {
    if (event.key !== KEY && event.key !== null) return;
    state = load();
    tell();
  });

  // Sums

  const count = (record, wanted) => Object.values(record ?? {}).filter(wanted).length;
  const isRight = (answer) => answer === "first" || answer === "later";
  const isMade = (prediction) => prediction.opened === true && !prediction.skipped;

  function chapterSums(chapter) {
    return {
      read: state.read[chapter.page] === true,
      right: Math.min(chapter.questions, count(state.questions[chapter.page], isRight)),
      first: count(state.questions[chapter.page], (answer) => answer === "first"),
      made: Math.min(chapter.predictions, count(state.predictions[chapter.page], isMade)),
      done: Boolean(chapter.exercise && state.exercises[chapter.exercise]),
    };
  }

  function chapterInWords(chapter) {
    const { read, right, made, done } = chapterSums(chapter);
    const words = [];
    if (read) words.push("read");
    if (right) words.push(`${right} of ${chapter.questions} questions right`);
    if (made) words.push(`${made} of ${chapter.predictions} predictions made`);
    if (done) words.push("exercises done");
    const parts = 1 + chapter.questions + chapter.predictions + Boolean(chapter.exercise);
    return { words: words.join(", "), share: (read + right + made + done) / parts };
  }

  // Every prediction that was opened: how sure the reader was, as a probability, and whether it was right.
  function predictions() {
    return Object.values(state.predictions).flatMap((record) =>
      Object.values(record)
        .filter(isMade)
        .map(({ confidence, of, right }) => ({ confidence, stated: { guess: 1 / of, 75: 0.75, sure: 1 }[confidence], right: right === true })),
    );
  }

  window.courseProgress = {
    page,
    get state() {
      return state;
    },
    change,
    erase,
    predictions,
    element,
    on: (call) => listeners.push(call),
  };

  // On the page

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  const addressOf = (name) => new URL(`${name}.html`, root).pathname;

  // A small mark behind each chapter in the contents list: a ring that fills, in the end a tick; and the same in words.
  function markContents() {
    const marks = [];
    const entry = (name, read) => {
      for (const link of document.querySelectorAll("nav.bd-links a.reference.internal")) {
        const leads = link.getAttribute("href") === "#" ? page === name : new URL(link.href).pathname === addressOf(name);
        if (leads) marks.push({ link, read, mark: null });
      }
    };
    for (const chapter of contents.chapters) entry(chapter.page, () => chapterInWords(chapter));
    entry("book/exercises", () => {
      const done = contents.exercises.filter((name) => state.exercises[name]).length;
      return { words: done ? `${done} of ${contents.exercises.length} sets done` : "", share: done / contents.exercises.length };
    });
    const draw = () => {
      for (const each of marks) {
        const { words, share } = each.read();
        each.mark?.remove();
        each.mark = null;
        if (!words) continue;
        const sign = element("span", { class: share === 1 ? "course-mark course-whole" : "course-mark", "aria-hidden": "true" });
        sign.style.setProperty("--course-share", `${Math.round(100 * share)}%`);
        each.mark = element("span", { class: "course-marks", title: words }, sign, element("span", { class: "course-unseen" }, ` (${words})`));
        each.link.append(each.mark);
      }
    };
    listeners.push(draw);
    draw();
  }

  // A box to tick; it follows what is remembered.
  function tickBox(label, get, set) {
    const input = element("input", { type: "checkbox" });
    const box = element("label", { class: "course-tick" }, input, label);
    input.addEventListener("change", () => change((now) => set(now, input.checked), box));
    const draw = () => (input.checked = get());
    listeners.push(draw);
    draw();
    return box;
  }

  // At the end of a chapter: read. Ticked when the reader comes there; a tick that was taken away stays away.
  function endOfChapter(article) {
    const box = tickBox(
      "I have read this chapter.",
      () => state.read[page] === true,
      (now, ticked) => (now.read[page] = ticked),
    );
    const note = "Ticked when you come to this line. Your progress is remembered in this browser only, and shown in the contents list; ";
    const where = element("a", { href: `${addressOf("book/index")}#your-progress` }, "see it all or erase it");
    if (location.protocol === "file:") where.href = new URL("book/index.html#your-progress", root).href;
    const end = element("div", { class: "course-end" }, box, element("p", {}, note, where, "."));
    const whole = [...article.children].filter((child) => child.matches("section"));
    (whole.at(-1) ?? article).append(end);
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      if (!(page in state.read)) change((now) => (now.read[page] = true), end);
    }).observe(end);
  }

  // Beside each link to a set of exercises: done. In a chapter where its exercises are named, and in the list of all sets.
  function exerciseBoxes(article) {
    const met = new Set();
    for (const link of article.querySelectorAll('a[href*="/exercises/"]')) {
      const name = /\/exercises\/([\w-]+)\/[\w-]+\.ipynb$/.exec(link.getAttribute("href"))?.[1];
      if (!contents.exercises.includes(name) || met.has(name) || link.closest(".course-badge")) continue;
      met.add(name);
      const cell = link.closest("td");
      const unseen = element("span", { class: "course-unseen" }, ` with the exercises on ${name.replace(/^\d+-/, "")}`);
      const label = cell ? element("span", {}, "done", unseen) : "I have done these exercises.";
      const set = (now, ticked) => (ticked ? (now.exercises[name] = true) : delete now.exercises[name]);
      const box = tickBox(label, () => state.exercises[name] === true, set);
      if (cell) link.after(" ", box);
      else link.closest("p").after(element("p", { class: "course-done" }, box));
    }
  }

  // The sums, and what erases them.
  function panel(article) {
    const place = article.querySelector("#the-stages") ?? article.querySelector("section");
    if (!place) return;
    const list = element("ul", {});
    const onward = element("p", {});
    const draw = () => {
      const sums = contents.chapters.map(chapterSums);
      const total = (part) => contents.chapters.reduce((sum, chapter) => sum + chapter[part], 0);
      const sum = (part) => sums.reduce((all, each) => all + Number(each[part]), 0);
      const right = sum("right");
      const first = Math.min(right, sum("first"));
      const done = contents.exercises.filter((name) => state.exercises[name]).length;
      const lines = [
        `${sum("read")} of ${contents.chapters.length} chapters read`,
        `${right} of ${total("questions")} questions answered rightly${right ? `, ${first} of them at the first try` : ""}`,
        `${sum("made")} of ${total("predictions")} predictions made`,
        `${done} of ${contents.exercises.length} exercise sets done`,
      ];
      list.replaceChildren(...lines.map((line) => element("li", {}, line)));
      const next = contents.chapters.find((chapter) => !state.read[chapter.page]);
      const href = next && new URL(`${next.page}.html`, root).href;
      onward.replaceChildren(...(next && sum("read") ? ["Next: ", element("a", { href }, next.title), "."] : []));
      onward.hidden = !onward.childNodes.length;
    };

    const status = element("p", { role: "status", class: "course-erased" });
    const ask = element("button", { type: "button", class: "course-button" }, "Erase");
    const yes = element("button", { type: "button", class: "course-button" }, "Erase it all");
    const no = element("button", { type: "button", class: "course-button" }, "Keep it");
    const question = element("p", { id: "course-erase" }, "Erase what is remembered of your progress? It cannot be brought back.");
    const confirmation = element("div", { class: "course-confirm", role: "group", "aria-labelledby": "course-erase" }, question, yes, no);
    const close = (words) => {
      confirmation.hidden = true;
      ask.hidden = false;
      status.textContent = words;
      ask.focus();
    };
    confirmation.hidden = true;
    ask.addEventListener("click", () => {
      status.textContent = "";
      confirmation.hidden = false;
      ask.hidden = true;
      no.focus();
    });
    no.addEventListener("click", () => close("Nothing was erased."));
    confirmation.addEventListener("keydown", (event) => event.key === "Escape" && close("Nothing was erased."));
    yes.addEventListener("click", () => {
      erase();
      close("Your progress is erased.");
    });

    const title = element("h3", {}, "Your progress");
    const note = element("p", { class: "course-note" }, "Remembered in this browser only. Nothing of it is sent anywhere.");
    const box = element("section", { class: "course-progress", id: "your-progress" }, title, list, onward, note, ask, confirmation, status);
    place.append(box);
    listeners.push(draw);
    draw();
    if (!remembers) sayThatItForgets(note);
    if (location.hash === "#your-progress") box.scrollIntoView();
  }

  function begin() {
    const article = document.querySelector("article.bd-article");
    markContents();
    if (!article) return;
    if (contents.chapters.some((chapter) => chapter.page === page)) endOfChapter(article);
    if (page === "book/exercises" || contents.chapters.some((chapter) => chapter.page === page)) exerciseBoxes(article);
    if (page === "book/index") panel(article);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
