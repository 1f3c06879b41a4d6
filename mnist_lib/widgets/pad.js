// A digit is drawn, brought into MNIST's form, and read; by the network's own weights here, or by the kernel.
function render({ model, el }) {
  const read = model.get("layers").length ? network(model.get("layers"), model.get("weights")) : null;
  const examples = unpacked(model.get("examples"));
  const { labels, mistakes } = { labels: model.get("labels"), mistakes: model.get("mistakes") };
  const digits = Array.from({ length: 10 }, (_, digit) => `${digit}`);
  const said = sentence();
  const probabilities = bars("Probability that the network gives to each digit", digits, 2);
  const seen = digit(new Uint8Array(784), "What the network sees: nothing yet");
  seen.classList.add("course-seen");
  let label = null; // of a digit that was not drawn
  let pixels = null;

  function tell(values) {
    const best = values.indexOf(Math.max(...values));
    probabilities.show(values, best, "←");
    const right = label === null ? "" : best === label ? ` Its label says ${label} too.` : ` Its label says ${label}.`;
    const sure = values[best] < 0.995 ? percent(values[best]) : "more than 99%"; // 100% would be certainty
    said.textContent = `The network reads ${best}, with ${sure}.${right}`;
    seen.setAttribute("aria-label", `What the network sees: 28 × 28 pixels, which it reads as ${best}`);
  }
  function nothing(words) {
    pixels = null;
    probabilities.show(digits.map(() => 0), -1, "");
    drawDigit(seen, new Uint8Array(784));
    seen.setAttribute("aria-label", "What the network sees: nothing yet");
    said.textContent = words;
  }
  function look(image) {
    pixels = image;
    drawDigit(seen, image);
    model.set("pixels", new DataView(image.buffer.slice(0)));
    model.save_changes();
    if (read) tell(read(image));
    else if (model.load) said.textContent = "This network runs in a notebook only, where a kernel can be asked.";
    else said.textContent = "The kernel is asked.";
  }
  model.on("change:probabilities", () => {
    if (pixels && !read) tell(model.get("probabilities"));
  });
  model.on("change:fault", () => {
    if (model.get("fault")) said.textContent = model.get("fault");
  });

  const board = drawingBoard("Draw a digit here", (ink) => {
    label = null;
    const image = ink && normalised(ink);
    if (image) look(image);
    else nothing("Draw a digit.");
  });
  const places = { any: 0, wrong: 0 };
  const others = labels.map((_, index) => index).filter((index) => !mistakes.includes(index));
  function example(kind, indices) {
    const index = indices[places[kind]++ % indices.length];
    label = labels[index];
    board.show(examples[index]);
    look(Uint8Array.from(examples[index]));
  }
  const buttons = [button("Clear", () => {
    board.clear();
    label = null;
    nothing("Draw a digit.");
  })];
  if (others.length) buttons.push(button("Show me a digit", () => example("any", others)));
  if (mistakes.length) buttons.push(button("One it gets wrong", () => example("wrong", mistakes)));

  explorer(
    el,
    "Draw a digit",
    "draw a digit, large or small, in a corner or in the middle. Then draw one that you can read and the network cannot.",
    element(
      "div",
      { class: "course-pair" },
      element("div", {}, board.box, element("div", { class: "course-buttons" }, ...buttons)),
      readings(said, ["what it sees", seen], [["probabilities", probabilities.table]]),
    ),
    element("p", { class: "course-legend" }, model.get("about")),
  );
  nothing("Draw a digit.");
}

