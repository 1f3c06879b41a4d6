// A confusion matrix whose cells show their digits.
function render({ model, el }) {
  const counts = model.get("counts");
  const images = unpacked(model.get("images"));
  const cells = model.get("cells"); // of each image kept: 10 · label + prediction
  const probabilities = floatsOf(model.get("probabilities")); // given to what was read
  const digits = [...counts.keys()];
  const mistakes = counts.map((row, is) => row.map((count, read) => (is === read ? 0 : count)));
  const most = Math.max(1, ...mistakes.flat());
  let [is, read] = [0, 0];
  for (const a of digits) for (const b of digits) if (mistakes[a][b] > mistakes[is][read]) [is, read] = [a, b];

  const said = sentence();
  const found = element("div", { class: "course-found" });
  const grid = element("table", { class: "course-confusion", role: "grid", "aria-label": "Confusion matrix: rows are what a digit is, columns what was read" });
  const boxes = digits.map((a) =>
    digits.map((b) => {
      const box = element("td", { role: "gridcell", tabindex: -1, "aria-label": `${a} read as ${b}: ${counts[a][b]}` }, counts[a][b] ? `${counts[a][b]}` : "·");
      if (a === b) box.className = "course-diagonal";
      else box.style.setProperty("--course-part", `${Math.round(45 * Math.sqrt(mistakes[a][b] / most))}%`);
      box.addEventListener("click", () => choose(a, b));
      return box;
    }),
  );
  const head = element("tr", {}, element("td", {}, "is ↓"), ...digits.map((b) => element("th", { scope: "col" }, `${b}`)));
  const rows = digits.map((a) => element("tr", {}, element("th", { scope: "row" }, `${a}`), ...boxes[a]));
  grid.append(element("caption", {}, "read as →"), element("thead", {}, head), element("tbody", {}, ...rows));
  grid.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const inside = (place) => Math.min(9, Math.max(0, place));
    choose(inside(is + step[0]), inside(read + step[1]));
    boxes[is][read].focus();
  });

  function choose(a, b) {
    boxes[is][read].tabIndex = -1;
    boxes[is][read].setAttribute("aria-selected", "false");
    [is, read] = [a, b];
    boxes[is][read].tabIndex = 0;
    boxes[is][read].setAttribute("aria-selected", "true");
    const count = counts[is][read];
    const shown = [...cells.keys()].filter((index) => cells[index] === 10 * is + read);
    const total = counts[is].reduce((sum, each) => sum + each);
    const sorted = is === read ? "least" : "most";
    const which = shown.length < count ? ` The ${shown.length} ${sorted} sure are shown.` : shown.length > 1 ? ` The ${sorted} sure comes first.` : "";
    const verb = is === read ? "read rightly" : `read as ${read}`;
    said.textContent = count
      ? `${is} ${verb}: ${count} of ${total} (${percent(count / total, 1)}).${which}`
      : total
        ? `${is} ${verb}: none of ${total}. This cell is empty.`
        : `There is no ${is} among these images.`;
    found.replaceChildren(
      ...shown.map((index) => {
        const sure = percent(probabilities[index], 1);
        const words = element("span", { "aria-hidden": "true" }, `${read}: ${sure}`);
        return element("div", {}, digit(images[index], `a ${is}, read as ${read} with ${sure}`), words);
      }),
    );
  }
  explorer(
    el,
    "Explorer: the digits behind a confusion matrix",
    "choose a cell with the mouse, a finger or the arrow keys. Would you have read its digits as their labels say?",
    element("div", { class: "course-pair" }, grid, element("div", {}, said, found)),
  );
  choose(is, read);
}
