// Questions to answer: a form for each. In notebooks they come as HTML; on pages as the nodes of the folds that the page has already.
const SIGNS = { right: "✓", wrong: "✗" };

function nodesOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.childNodes];
}

const copies = (nodes) => nodes.map((node) => node.cloneNode(true));

// The number that a text is, or NaN. People write 4640, 4,640, 4 640, 0.4 and 0,4.
function numberIn(text) {
  let plain = text.replace(/\s/g, "").replace(/^[−–]/, "-");
  if (/^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain)) plain = plain.replaceAll(",", "");
  else plain = plain.replace(/^(-?\d+),(\d+)$/, "$1.$2");
  return /^-?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
}

// What a fold says: the choice in its summary, below it the explanation, which begins with "Yes." if the choice is right.
function choiceOf(fold) {
  const summary = fold.querySelector("summary");
  const explanation = [...fold.childNodes].filter((node) => node !== summary);
  const said = explanation.map((node) => node.textContent).join("").trim();
  return { choice: [...summary.childNodes], explanation, right: said.startsWith("Yes."), number: numberIn(summary.textContent) };
}

let forms = 0;

// A question as a form. `prompt`: nodes; `folds`: its choices as <details>; `before`: what was answered at an earlier visit, in words;
// `answered(right)` is called at each answer.
function questionForm({ prompt, folds, before, answered }) {
  const choices = folds.map(choiceOf);
  const numeric = choices.every(({ number }) => !Number.isNaN(number));
  const name = `course-question-${(forms += 1)}`;
  const said = element("div", { class: "course-reply", role: "status" });
  const signs = [];

  const say = (kind, word, explanation) => {
    const sign = SIGNS[kind] ? [element("span", { "aria-hidden": "true" }, `${SIGNS[kind]} `)] : [];
    said.className = `course-reply course-${kind}`;
    said.replaceChildren(element("p", { class: "course-verdict" }, ...sign, word), ...copies(explanation));
    if (SIGNS[kind]) answered?.(kind === "right");
  };
  const judge = ({ right, explanation }) => (right ? say("right", "Right", explanation) : say("wrong", "Not right", explanation));

  const fieldset = element("fieldset", {}, element("legend", {}, ...prompt));
  let answer;
  if (numeric) {
    const input = element("input", { type: "text", inputmode: "decimal", autocomplete: "off", size: "10" });
    fieldset.append(element("label", { class: "course-number" }, "Your answer, a number: ", input));
    answer = () => {
      const typed = numberIn(input.value);
      if (Number.isNaN(typed)) return say("nothing", input.value.trim() ? "That is no number." : "Type a number first.", []);
      const met = choices.find(({ number }) => Math.abs(number - typed) <= 1e-9 * Math.max(1, Math.abs(number)));
      if (met) return judge(met);
      return say("wrong", "Not right", [element("p", {}, "No. Try another number, or open the answers below.")]);
    };
  } else {
    choices.forEach(({ choice }, index) => {
      const input = element("input", { type: "radio", name, value: index });
      signs[index] = element("span", { class: "course-sign" });
      const label = element("span", {}, ...copies(choice), " ", signs[index]);
      fieldset.append(element("label", { class: "course-choice" }, input, label));
    });
    answer = () => {
      const chosen = fieldset.querySelector("input:checked");
      if (!chosen) return say("nothing", "Choose an answer first.", []);
      const choice = choices[chosen.value];
      const kind = choice.right ? "right" : "wrong";
      const word = element("span", { class: "course-unseen" }, choice.right ? "right" : "not right");
      signs[chosen.value].className = `course-sign course-${kind}`;
      signs[chosen.value].replaceChildren(element("span", { "aria-hidden": "true" }, SIGNS[kind]), word);
      return judge(choice);
    };
  }

  // Enter in a field sends a form, so keys suffice. Choosing alone must not answer: arrow keys pass over every choice.
  const form = element("form", { class: "course-question" }, fieldset, element("button", { type: "submit", class: "course-button" }, "Check"), said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer();
  });
  if (before) form.insertBefore(element("p", { class: "course-before" }, before), said);
  const all = numeric ? "Some answers, explained" : "All choices, explained";
  form.append(element("details", { class: "course-all" }, element("summary", {}, all), ...folds));
  return form;
}

function render({ model, el }) {
  const questions = model.get("questions").map((given, index) => {
    if (typeof given.question !== "string") return questionForm(given);
    const folds = given.choices.map(({ choice, explanation }) =>
      element("details", {}, element("summary", {}, ...nodesOf(choice)), ...nodesOf(explanation)),
    );
    return questionForm({ prompt: [element("strong", {}, `${index + 1}. `, ...nodesOf(given.question))], folds });
  });
  const all = element("div", { class: "course-questions", "data-lm-suppress-shortcuts": "true" }, ...questions);
  el.replaceChildren(all); // (the attribute keeps JupyterLab's shortcuts out of what is typed)
}
