// The folded questions at the end of a chapter become forms: the JavaScript is that of mnist_lib.widgets.ask, and the nodes are the page's
// own, so that formulas, code and links in them stay as they are.
(() => {
  "use strict";
  const progress = window.courseProgress;
  const BEFORE = { first: "You answered this one right at the first try.", later: "You have answered this one right." };

  // The questions of a section: a paragraph that is a numbered bold text, and the folds that follow it.
  function questionsOf(section) {
    const found = [];
    for (const paragraph of section.querySelectorAll(":scope > p")) {
      const strong = paragraph.firstElementChild;
      const number = strong?.matches("strong") && /^(\d+)\. /.exec(strong.textContent)?.[1];
      const folds = [];
      for (let next = paragraph.nextElementSibling; next?.matches("details"); next = next.nextElementSibling) folds.push(next);
      if (number && folds.length > 1) found.push({ number, paragraph, folds });
    }
    return found;
  }

  async function begin() {
    const section = document.getElementById("check-yourself");
    const found = section ? questionsOf(section) : [];
    if (!found.length) return;
    const { render } = await window.courseWidgets.component("questions");
    for (const { number, paragraph, folds } of found) {
      const place = document.createElement("div");
      paragraph.before(place);
      const earlier = progress.state.questions[progress.page]?.[number];
      const answered = (right) =>
        progress.change(({ questions }) => {
          const answers = (questions[progress.page] ??= {});
          if (right) answers[number] ??= "first";
          else answers[number] ??= "wrong";
          if (right && answers[number] === "wrong") answers[number] = "later";
        }, place);
      const question = { prompt: [...paragraph.childNodes], folds, before: BEFORE[earlier], answered };
      paragraph.remove();
      render({ model: { get: () => [question] }, el: place });
    }
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
