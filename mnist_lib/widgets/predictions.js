// Calibration: share of right answers against stated confidence. The network's comes with the state; the reader's is what the page
// remembers (`courseProgress`), so in a notebook the network stands alone.
const ENOUGH = 5; // predictions; with fewer there is no curve
const WORDS = { guess: "a guess", 75: "75%", sure: "sure" };
const Z = 1.959963984540054;
const LEFT = 52;
const TOP = 12;
const SIDE = 270;

const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}%`;
const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
const many = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

// The 95% Wilson interval of a share, as in mnist_lib.evaluation.
function wilson(right, count) {
  const [rate, spread] = [right / count, Z ** 2 / count];
  const middle = (rate + spread / 2) / (1 + spread);
  const half = Math.sqrt(rate * (1 - rate) * spread + spread ** 2 / 4) / (1 + spread);
  return [Math.max(middle - half, 0), Math.min(middle + half, 1)];
}

// The reader's predictions by what was said: guesses together, at the mean of their chances.
function groupsOf(predictions) {
  return Object.keys({ guess: 0, 75: 0, sure: 0 })
    .map((confidence) => ({ confidence, members: predictions.filter((each) => each.confidence === confidence) }))
    .filter(({ members }) => members.length)
    .map(({ confidence, members }) => ({
      word: WORDS[confidence],
      count: members.length,
      right: members.filter((each) => each.right).length,
      stated: mean(members.map((each) => each.stated)),
    }))
    .sort((a, b) => a.stated - b.stated);
}

function verdict(who, stated, right, unit) {
  const gap = stated - right;
  const points = Math.abs(100 * gap).toFixed(Math.abs(gap) < 0.1 ? 1 : 0);
  const judged = Math.abs(gap) < 0.005 ? "as sure as right" : gap > 0 ? `${points} points too sure` : `${points} points too modest`;
  return `${who} said ${percent(stated, 1)} on average and ${who === "You" ? "were" : "was"} right in ${percent(right, 1)} of ${unit}: ${judged}.`;
}

function chart(bins, groups) {
  const x = (share) => LEFT + SIDE * share;
  const y = (share) => TOP + SIDE * (1 - share);
  const parts = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(
      shape("line", { class: "course-grid", x1: x(0), x2: x(1), y1: y(share), y2: y(share) }),
      shape("text", { x: x(0) - 6, y: y(share) + 4, "text-anchor": "end" }, percent(share)),
      shape("text", { x: x(share), y: y(0) + 17, "text-anchor": "middle" }, percent(share)),
    );
  }
  parts.push(shape("line", { class: "course-diagonal", x1: x(0), x2: x(1), y1: y(0), y2: y(1) }));
  const line = (points, kind) => shape("polyline", { class: kind, points: points.map(([a, b]) => `${x(a)},${y(b)}`).join(" ") });
  parts.push(line(bins.map(([, stated, right]) => [stated, right]), "course-of-network"));
  for (const [, stated, right] of bins) parts.push(shape("circle", { class: "course-of-network", cx: x(stated), cy: y(right), r: 4 }));
  if (groups.length) {
    parts.push(line(groups.map(({ stated, right, count }) => [stated, right / count]), "course-of-reader"));
    for (const { stated, right, count } of groups) {
      const [low, high] = wilson(right, count);
      parts.push(
        shape("line", { class: "course-of-reader", x1: x(stated), x2: x(stated), y1: y(low), y2: y(high) }),
        shape("rect", { class: "course-of-reader", x: x(stated) - 5, y: y(right / count) - 5, width: 10, height: 10 }),
      );
    }
  }
  parts.push(
    shape("text", { x: x(0.5), y: y(0) + 36, "text-anchor": "middle" }, "stated confidence"),
    shape("text", { transform: `translate(11 ${y(0.5)}) rotate(-90)`, "text-anchor": "middle" }, "share that is right"),
  );
  const told = groups.map(({ word, right, count }) => `${word}, right in ${right} of ${count}`).join("; ");
  const label =
    "Share of right answers against stated confidence; on the dotted diagonal one is right as often as one says. " +
    `The network, circles: ${bins.map(([, stated, right]) => `${percent(stated)} said, ${percent(right)} right`).join("; ")}. ` +
    (told ? `You, squares: ${told}.` : "");
  return shape("svg", { viewBox: `0 0 ${LEFT + SIDE + 18} ${TOP + SIDE + 42}`, role: "img", "aria-label": label }, ...parts);
}

function table(bins, groups) {
  const row = (kind, ...texts) => element("tr", {}, ...texts.map((text) => element(kind, kind === "th" ? { scope: "col" } : {}, text)));
  const rows = [
    ...groups.map(({ word, stated, right, count }) => ["you", word === percent(stated) ? word : `${word} (${percent(stated)})`, `${right} of ${count}`]),
    ...bins.map(([count, stated, right]) => ["the network", percent(stated, 1), `${Math.round(right * count).toLocaleString("en")} of ${count.toLocaleString("en")}`]),
  ];
  const whole = element("table", {}, element("thead", {}, row("th", "who", "said", "right")), element("tbody", {}, ...rows.map((each) => row("td", ...each))));
  return element("details", {}, element("summary", {}, "The numbers"), whole);
}

function key(kind, mark, text) {
  return element("span", {}, shape("svg", { class: "course-key", viewBox: "0 0 16 16", "aria-hidden": "true" }, shape(mark[0], { class: kind, ...mark[1] })), text);
}

function render({ model, el }) {
  const bins = model.get("bins");
  const progress = globalThis.courseProgress;
  const box = element("div", { class: "course-calibration" });
  el.replaceChildren(box);

  function draw() {
    const own = progress ? progress.predictions() : [];
    const groups = own.length >= ENOUGH ? groupsOf(own) : [];
    const words = [];
    if (!progress) {
      words.push("Your own curve stands on the course's website: there each prediction takes a choice and a confidence, and the browser remembers them. In a notebook the network stands alone.");
    } else if (!groups.length) {
      const made = own.length ? `You have made ${many(own.length, "prediction")}` : "You have made no prediction yet";
      words.push(`${made}; your curve begins with ${ENOUGH}, so ${ENOUGH - own.length} more ${ENOUGH - own.length === 1 ? "is" : "are"} needed. They are made in the boxes named Predict.`);
    } else {
      words.push(verdict("You", mean(own.map(({ stated }) => stated)), mean(own.map(({ right }) => Number(right))), many(own.length, "prediction")));
    }
    words.push(verdict("The network", model.get("said_by_network"), model.get("right_by_network"), many(model.get("digits"), "digit")));
    const keys = element("p", { class: "course-keys" }, key("course-of-network", ["circle", { cx: 8, cy: 8, r: 4 }], "the network"));
    if (groups.length) keys.append(key("course-of-reader", ["rect", { x: 3, y: 3, width: 10, height: 10 }], "you, with 95% intervals"));
    const said = element("div", { role: "status" }, ...words.map((text) => element("p", {}, text)));
    const numbers = table(bins, groups);
    numbers.open = box.querySelector("details")?.open === true; // as the reader left it
    box.replaceChildren(said, chart(bins, groups), keys, numbers);
  }
  progress?.on(draw);
  draw();
}
