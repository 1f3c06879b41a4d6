// Predictions: the list of choices of a call-out becomes a form in which the reader commits to one and says how sure she is; then the
// answer opens. A choice can be changed until it is opened.
(() => {
  "use strict";
  const progress = window.courseProgress;
  const { element } = progress;
  // What is kept, what is offered, what is said afterwards.
  const CONFIDENCE = [
    ["guess", "a guess", "You were guessing."],
    ["75", "75%", "You were 75% sure."],
    ["sure", "sure", "You were sure."],
  ];
  const plain = (text) => text.replace(/\s+/g, " ").trim();

  const unseen = (text) => element("span", { class: "course-unseen" }, text);

  function radios(name, options) {
    return options.map(([value, nodes]) => {
      const input = element("input", { type: "radio", name, value });
      const sign = element("span", { class: "course-sign" });
      return { input, sign, label: element("label", { class: "course-choice" }, input, element("span", {}, ...nodes, " ", sign)) };
    });
  }

  function predict(box, index) {
    const list = box.querySelector(":scope > ul");
    const fold = box.querySelector(":scope > details");
    const summary = fold.querySelector("summary");
    const items = [...list.children].map((item) => (item.children.length === 1 && item.firstElementChild.matches("p") ? item.firstElementChild : item));
    const texts = items.map((item) => plain(item.textContent));
    const answer = plain(fold.querySelector("strong").textContent).replace(/\.$/, "");
    const right = texts.indexOf(answer);
    const question = list.previousElementSibling;
    question.id ||= `course-prediction-${index}`;

    const choices = radios(`course-choice-${index}`, items.map((item, number) => [number, [...item.childNodes]]));
    const confidence = radios(`course-sure-${index}`, CONFIDENCE.map(([value, word]) => [value, [word]]));
    const ofChoices = element("fieldset", { "aria-labelledby": question.id }, ...choices.map(({ label }) => label));
    const legend = element("legend", {}, "How sure are you?");
    const ofConfidence = element("fieldset", { class: "course-sure" }, legend, ...confidence.map(({ label }) => label));
    const button = element("button", { type: "submit", class: "course-button" }, "Open the answer");
    const said = element("p", { class: "course-outcome", role: "status" });
    const form = element("form", { class: "course-question course-prediction" }, ofChoices, ofConfidence, button, said);
    list.replaceWith(form);

    const kept = () => progress.state.predictions[progress.page]?.[index];
    const keep = (edit) =>
      progress.change(({ predictions }) => {
        const record = ((predictions[progress.page] ??= {})[index] ??= {});
        edit(record);
      }, form);

    const draw = () => {
      const record = kept() ?? {};
      const closed = record.opened === true;
      for (const { input } of choices) input.checked = String(record.choice) === input.value;
      for (const { input } of confidence) input.checked = record.confidence === input.value;
      ofChoices.disabled = ofConfidence.disabled = closed;
      button.hidden = closed;
      summary.textContent = closed ? "The answer" : "Open it without a prediction";
      choices.forEach(({ sign }, number) => {
        const mark = closed && number === right ? ["✓", " right"] : closed && number === record.choice ? ["✗", " not right"] : null;
        sign.className = mark ? `course-sign course-${mark[0] === "✓" ? "right" : "wrong"}` : "course-sign";
        sign.replaceChildren(...(mark ? [element("span", { "aria-hidden": "true" }, mark[0]), unseen(mark[1])] : []));
        if (closed && number === record.choice && !record.skipped) sign.append(element("span", { class: "course-yours" }, " your prediction"));
      });
      const sure = CONFIDENCE.find(([value]) => value === record.confidence)?.[2] ?? "";
      if (!closed) said.textContent = "";
      else if (record.skipped) said.textContent = "Opened without a prediction, so it does not count.";
      else said.textContent = `${record.right ? "✓ Right." : "✗ Not right."} ${sure}`;
    };

    form.addEventListener("change", () => {
      const choice = choices.find(({ input }) => input.checked);
      const sure = confidence.find(({ input }) => input.checked);
      keep((record) => {
        if (choice) record.choice = Number(choice.input.value);
        if (sure) record.confidence = sure.input.value;
      });
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const record = kept() ?? {};
      if (record.choice === undefined || record.confidence === undefined) {
        said.textContent = record.choice === undefined ? "Choose what you predict first." : "Say first how sure you are.";
        return;
      }
      keep((now) => Object.assign(now, { opened: true, of: items.length, right: now.choice === right }));
      fold.open = true;
      summary.focus(); // the button is gone
    });
    fold.addEventListener("toggle", () => {
      if (fold.open && !kept()?.opened) keep((record) => Object.assign(record, { opened: true, skipped: true }));
    });
    let known = Boolean(kept());
    progress.on(() => {
      if (known && !kept()) fold.open = false; // erased
      known = Boolean(kept());
      draw();
    });
    draw();
  }

  function begin() {
    const boxes = [...document.querySelectorAll(".course-predict")].filter((box) => box.querySelector(":scope > ul + details strong"));
    boxes.forEach((box, index) => predict(box, index + 1));
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
