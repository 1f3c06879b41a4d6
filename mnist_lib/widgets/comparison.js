// Two networks read one drawing, which a slider moves. The second one's weights come when they are needed.
function render({ model, el }) {
  const names = model.get("names");
  const opener = button(`Compare: ${names.join(" and ")}`, open);
  const box = element("div");
  el.replaceChildren(element("div", { class: "course-explorer" }, opener, box));
  async function open() {
    opener.disabled = true;
    const weights = await Promise.all(["first", "second"].map((name) => (model.load ? model.load(name) : model.get(name))));
    const networks = [network(model.get("layers")[0], weights[0]), network(model.get("layers")[1], weights[1])];
    opener.remove();
    compare(model, box, names, networks);
    box.querySelector("input").focus({ preventScroll: true });
  }
}

function compare(model, el, names, networks) {
  const examples = unpacked(model.get("examples"));
  const digits = Array.from({ length: 10 }, (_, digit) => `${digit}`);
  const said = sentence();
  const columns = networks.map((_, index) => bars(`Probabilities of the ${names[index]} network`, digits, 2));
  const seen = digit(new Uint8Array(784), "What both see: nothing yet");
  seen.classList.add("course-seen");
  let pixels = null;

  function show() {
    const far = shift.value;
    const image = pixels ? movedRight(pixels, far) : new Uint8Array(784);
    drawDigit(seen, image);
    if (!pixels) {
      columns.forEach((each) => each.show(digits.map(() => 0), -1, ""));
      said.textContent = "Draw a digit.";
      return;
    }
    const readings = networks.map((each) => each(image));
    const best = readings.map((values) => values.indexOf(Math.max(...values)));
    columns.forEach((each, index) => each.show(readings[index], best[index], "←"));
    const words = best.map((which, index) => `the ${names[index]} network reads ${which} (${percent(readings[index][which])})`);
    said.textContent = `${inWords(far)}: ${words.join(", ")}.`;
    seen.setAttribute("aria-label", `What both see, ${inWords(far)}`);
  }
  const inWords = (far) => (far === 0 ? "In the middle" : `${Math.abs(far)} pixels to the ${far < 0 ? "left" : "right"}`);
  const shift = slider("Moved by", { least: -8, most: 8, value: 0, say: inWords }, show);
  const board = drawingBoard("Draw a digit here", (ink) => {
    pixels = ink && normalised(ink);
    show();
  });
  let place = 0;
  function example() {
    pixels = Uint8Array.from(examples[place++ % examples.length]);
    board.show(pixels);
    show();
  }
  const buttons = [button("Clear", () => {
    board.clear();
    pixels = null;
    show();
  })];
  if (examples.length) buttons.push(button("Show me a digit", example));
  explorer(
    el,
    `Compare: ${names.join(" and ")}`,
    "move the digit to the side, pixel by pixel. Which network gives up first, and how sure is it when it is wrong?",
    element(
      "div",
      { class: "course-pair" },
      element("div", {}, board.box, element("div", { class: "course-buttons" }, ...buttons)),
      element("div", { class: "course-readings" }, shift.box, readings(said, ["what both see", seen], columns.map((each, index) => [names[index], each.table]))),
    ),
    element("p", { class: "course-legend" }, model.get("about")),
  );
  if (examples.length) example();
  else show();
}
