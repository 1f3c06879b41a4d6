// Digits moved by whole pixels, what networks read in them, and how many of many they read rightly.
function render({ model, el }) {
  const names = model.get("names");
  const most = model.get("most");
  const total = model.get("total");
  const images = unpacked(model.get("images"));
  const labels = model.get("labels");
  const side = 2 * most + 1;
  const places = side * side;
  const rightly = floatsOf(model.get("accuracies")); // networks × down × right
  const readings = bytesOf(model.get("readings")); // networks × down × right × images
  const sure = floatsOf(model.get("confidences"));
  let image = 0;

  const looks = ["course-first", "course-second", "course-third", "course-fourth"];
  const marks = ["dot", "box", "dot", "box"];
  const place = () => (down.value + most) * side + (right.value + most);
  const accuracy = (network, where) => rightly[network * places + where];

  function moved(pixels) {
    return pixels.map((_, index) => {
      const [y, x] = [Math.floor(index / 28) - down.value, (index % 28) - right.value];
      return y >= 0 && y < 28 && x >= 0 && x < 28 ? pixels[28 * y + x] : 0;
    });
  }
  const canvas = digit(images[0]);
  canvas.setAttribute("role", "img");
  const said = sentence();
  const read = element("ul", { class: "course-read" });
  const plot = linePlot(() => {
    const row = (down.value + most) * side;
    const shifts = Array.from({ length: side }, (_, index) => index - most);
    return {
      name: `Accuracy against the shift to the right, moved down by ${written(down.value, 0)}. ${told()}`,
      x: { name: "shift to the right (pixels)", least: -most, most, ticks: shifts.map((shift) => [shift, written(shift, 0)]) },
      y: { name: "accuracy", least: 0, most: 1, ticks: [0, 0.5, 1].map((share) => [share, percent(share)]) },
      lines: names.map((_, network) => ({
        points: shifts.map((shift) => [shift, accuracy(network, row + shift + most)]),
        look: looks[network],
        marks: marks[network],
      })),
      spots: names.map((_, network) => [right.value, accuracy(network, place())]),
    };
  });

  const told = () => names.map((name, network) => `${name} ${percent(accuracy(network, place()), 1)}`).join(", ");
  const way = (pixels, forward, back) => (pixels === 0 ? "" : `${Math.abs(pixels)} ${pixels > 0 ? forward : back}`);

  function show() {
    drawDigit(canvas, moved(images[image]));
    const where = [way(down.value, "down", "up"), way(right.value, "right", "left")].filter(Boolean).join(", ") || "not moved";
    canvas.setAttribute("aria-label", `a ${labels[image]}, ${where}`);
    said.textContent = `${where[0].toUpperCase()}${where.slice(1)}. Read rightly of ${total.toLocaleString("en")} digits: ${told()}.`;
    read.replaceChildren(
      ...names.map((name, network) => {
        const index = (network * places + place()) * images.length + image;
        const right = readings[index] === labels[image];
        return element("li", {}, `${name}: reads ${readings[index]} with ${percent(sure[index])}, ${right ? "right ✓" : "wrong ✗"}`);
      }),
    );
    plot.redraw();
  }
  const say = (forward, back) => (pixels) => way(pixels, forward, back) || "0";
  const right = slider("To the right", { least: -most, most, value: 0, say: say("right", "left") }, show);
  const down = slider("Down", { least: -most, most, value: 0, say: say("down", "up") }, show);

  // The digit itself can be dragged.
  let from = null;
  canvas.addEventListener("pointerdown", (event) => {
    from = { x: event.clientX, y: event.clientY, right: right.value, down: down.value };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const pixel = canvas.getBoundingClientRect().width / 28;
    right.value = from.right + Math.round((event.clientX - from.x) / pixel);
    down.value = from.down + Math.round((event.clientY - from.y) / pixel);
    show();
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (from = null));

  const key = element("p", { class: "course-legend" });
  names.forEach((name, network) => {
    const sample = shape("svg", { width: 34, height: 12, "aria-hidden": "true" });
    sample.append(shape("line", { class: `course-line ${looks[network]}`, x1: 0, x2: 34, y1: 6, y2: 6 }), mark(marks[network], looks[network], 17, 6));
    key.append(sample, ` ${name} `);
  });
  explorer(
    el,
    "Explorer: shift against accuracy",
    "drag the digit, or use the sliders. Which direction hurts most, and which network gives up first?",
    digitChoice("Which digit", images, labels.map((label, index) => `digit ${index}, a ${label}`), (index) => {
      image = index;
      show();
    }),
    right.box,
    down.box,
    said,
    element("div", { class: "course-pair" }, element("div", { class: "course-dragged" }, canvas, read), element("div", {}, plot.box, key)),
  );
  show();
}
