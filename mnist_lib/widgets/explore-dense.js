// One neuron of a dense layer: its products, added one after the other.
function render({ model, el }) {
  const inputs = floatsOf(model.get("inputs"));
  const weights = floatsOf(model.get("weights"));
  const biases = floatsOf(model.get("biases"));
  const neurons = biases.length;
  const size = weights.length / neurons;
  const side = Math.round(Math.sqrt(size));
  const square = side * side === size;
  const few = size <= 16; // as many as a table may list
  const decimals = few ? 2 : 4;
  const rowLength = square ? side : Math.min(size, 28);
  const lines = Math.ceil(size / rowLength);
  const examples = Array.from({ length: inputs.length / size }, (_, index) => inputs.slice(index * size, (index + 1) * size));
  const largest = inputs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let [example, neuron, terms, sums] = [0, 0, [], []];

  const weight = (place) => weights[place * neurons + neuron];

  // sums[k]: after k terms, and the last with the bias.
  function compute() {
    terms = Array.from(examples[example], (input, place) => input * weight(place));
    sums = [0];
    for (const term of terms) sums.push(sums.at(-1) + term);
    sums.push(sums.at(-1) + biases[neuron]);
  }

  const steps = size + 1;
  const said = sentence();
  const table = element("table", { class: "course-terms" });
  const products = element("canvas", { class: "course-products", role: "img" });
  const plot = linePlot(() => {
    const [low, high] = [Math.min(...sums), Math.max(...sums)];
    const room = 0.08 * (high - low || 1);
    const ticks = [...new Set([low, 0, high])].filter((value) => value === 0 || Math.abs(value) > 0.15 * (high - low));
    return {
      name: `The sum after each term, from 0 to ${written(sums.at(-1), decimals)}; at present ${written(sums[walk.value], decimals)}`,
      x: { name: "terms added, then the bias", least: 0, most: steps, ticks: [0, Math.round(size / 2), size].map((k) => [k, `${k}`]) },
      y: { name: "sum", least: low - room, most: high + room, ticks: ticks.map((value) => [value, written(value, few ? 1 : 2)]) },
      lines: [
        { points: sums.map((sum, k) => [k, sum]), look: "course-faint" },
        { points: sums.slice(0, walk.value + 1).map((sum, k) => [k, sum]), look: "course-first" },
      ],
      spots: [[walk.value, sums[walk.value]]],
    };
  });

  // A square for each product: its area says how large it is; filled is above zero, hollow is below.
  function drawProducts(count) {
    const cell = Math.floor(280 / rowLength);
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    products.width = cell * rowLength * scale;
    products.height = cell * lines * scale;
    const context = products.getContext("2d");
    context.scale(scale, scale);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, cell * rowLength, cell * lines);
    const most = Math.max(...terms.map(Math.abs)) || 1;
    terms.forEach((term, place) => {
      const length = (cell - 1) * Math.sqrt(Math.abs(term) / most);
      const [x, y] = [(place % rowLength) * cell, Math.floor(place / rowLength) * cell];
      context.globalAlpha = place < count ? 1 : 0.18;
      const corner = (cell - length) / 2;
      if (term > 0) {
        context.fillStyle = "#0072B2";
        context.fillRect(x + corner, y + corner, length, length);
      } else if (length > 1) {
        context.strokeStyle = "#B34700";
        context.lineWidth = Math.min(length / 3, few ? 4 : 1.4);
        const inner = context.lineWidth / 2;
        context.strokeRect(x + corner + inner, y + corner + inner, length - 2 * inner, length - 2 * inner);
      }
    });
    context.globalAlpha = 1;
    if (count > 0 && count <= size) {
      context.strokeStyle = "#000";
      context.lineWidth = few ? 3 : 1.5;
      context.strokeRect(((count - 1) % rowLength) * cell + 0.75, Math.floor((count - 1) / rowLength) * cell + 0.75, cell - 1.5, cell - 1.5);
    }
    products.setAttribute(
      "aria-label",
      `The ${size} products of neuron ${neuron}: ${terms.filter((term) => term > 0).length} above zero, filled; ` +
        `${terms.filter((term) => term < 0).length} below zero, hollow; the rest zero`,
    );
  }

  function drawTable(count) {
    const row = (place) => {
      const cells = [examples[example][place], weight(place), terms[place]].map((value) => element("td", {}, written(value, decimals)));
      const line = element("tr", {}, element("th", { scope: "row" }, `${place}`), ...cells);
      line.append(element("td", {}, place < count ? written(sums[place + 1], decimals) : ""));
      line.classList.toggle("course-here", place === count - 1);
      return line;
    };
    const head = ["pixel", "input", "weight", "product", "sum"].map((text) => element("th", { scope: "col" }, text));
    const bias = element("tr", {}, element("th", { scope: "row", colspan: 3 }, "bias"), element("td", {}, written(biases[neuron], decimals)));
    bias.append(element("td", {}, count === steps ? written(sums[steps], decimals) : ""));
    bias.classList.toggle("course-here", count === steps);
    const body = element("tbody", {}, ...terms.map((_, place) => row(place)), bias);
    table.replaceChildren(element("thead", {}, element("tr", {}, ...head)), body);
  }

  function show() {
    const count = walk.value;
    const sum = written(sums[count], decimals);
    if (count === 0) said.textContent = "Nothing is added yet: the sum is 0.";
    else if (count === steps) said.textContent = `All ${size} terms and the bias, ${written(biases[neuron], decimals)}: neuron ${neuron} answers ${sum}`;
    else {
      const place = count - 1;
      const [input, factor] = [written(examples[example][place], decimals), written(weight(place), decimals)];
      const where = few || !square ? `pixel ${place}` : `row ${Math.floor(place / side)}, column ${place % side}`;
      said.textContent = `Term ${count}, ${where}: ${input} × ${factor} = ${written(terms[place], decimals)}; sum ${sum}`;
    }
    drawProducts(count);
    if (few) drawTable(count);
    else plot.redraw();
  }
  const walk = slider("Terms added", { most: steps, value: steps, say: (count) => (count === steps ? `${size} + bias` : `${count} of ${size}`) }, show);
  const again = () => {
    compute();
    show();
  };
  const options = Array.from({ length: neurons }, (_, index) => `${index}`);
  const which = choice("Neuron", options, (index) => {
    neuron = index;
    again();
  });
  const pictures = examples.map((values) => (square ? Array.from(values, (value) => (255 * Math.max(value, 0)) / (largest || 1)) : null));
  const names = examples.map((_, index) => `picture ${index}`);
  const parts = [];
  if (examples.length > 1) {
    const chosen = (index) => {
      example = index;
      again();
    };
    parts.push(square ? digitChoice("Which picture", pictures, names, chosen) : choice("Example", names, chosen).box);
  }
  const legend = element("p", { class: "course-legend" }, "Products: filled squares are above zero, hollow ones below; the larger, the further from zero.");
  explorer(
    el,
    "Explorer: a neuron's sum, term by term",
    few
      ? "take the slider back to 0 and walk through the terms. Which of them speak for the pattern, and which against it?"
      : "choose the neuron of the right digit, then another, and walk through the terms. Which part of the picture decides?",
    ...parts,
    which.box,
    walk.box,
    said,
    element("div", { class: "course-pair" }, element("div", { class: few ? "course-few" : "course-many" }, products, legend), few ? table : plot.box),
  );
  again();
}
