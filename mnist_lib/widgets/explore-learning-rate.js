// The loss after each step, for many learning rates that start from the same weights.
function render({ model, el }) {
  const rates = Array.from(floatsOf(model.get("rates")));
  const losses = floatsOf(model.get("losses"));
  const count = losses.length / rates.length;
  const curves = rates.map((_, index) => Array.from(losses.slice(index * count, (index + 1) * count)));
  const start = curves[0][0];
  const top = 1.5 * start;
  const rateName = (rate) => String(Number(rate.toPrecision(2)));

  // A curve that leaves the picture at the top runs along its edge until it comes back.
  const capped = (curve) => curve.map((loss, step) => [step, loss <= top ? loss : top]);
  const leaves = (curve) => curve.findIndex((loss) => !(loss <= top));

  const said = sentence();
  const plot = linePlot(() => {
    const curve = curves[rate.value];
    const out = leaves(curve);
    const steps = [0, Math.round((count - 1) / 2), count - 1];
    return {
      name: `The loss against the steps, for a learning rate of ${rateName(rates[rate.value])} among ${rates.length}. ${told()}`,
      x: { name: "steps", least: 0, most: count - 1, ticks: steps.map((step) => [step, `${step}`]) },
      y: { name: "loss (nats)", least: 0, most: top, ticks: [0, start / 2, start].map((loss) => [loss, written(loss, 1)]) },
      lines: [
        ...curves.map((each) => ({ points: capped(each), look: "course-faint" })),
        { points: capped(curve), look: out < 0 ? "course-first" : "course-second", signs: out < 0 ? [] : [[out, top, "▲"]] },
      ],
      spots: [capped(curve).at(-1)],
    };
  });

  function told() {
    const curve = curves[rate.value];
    const last = curve.at(-1);
    const peak = curve.reduce((most, loss) => (loss > most ? loss : most));
    const shown = (loss) => (Number.isFinite(loss) ? written(loss, loss < 100 ? 3 : 0) : "no number");
    const begin = `Learning rate ${rateName(rates[rate.value])}: loss ${shown(curve[0])} at first, `;
    const end = `${shown(last)} after ${count - 1} steps.`;
    if (leaves(curve) < 0) return begin + end;
    const high = Number.isFinite(peak) ? `${shown(peak)} at step ${curve.indexOf(peak)}` : "then beyond all numbers";
    return `${begin}${high}: the steps go too far. ${last < start ? `It is ${end}` : `It diverged: ${end}`}`;
  }

  function show() {
    said.textContent = told();
    plot.redraw();
  }
  const rate = slider("Learning rate", { most: rates.length - 1, value: 0, say: (index) => rateName(rates[index]) }, show);
  explorer(
    el,
    "Explorer: the learning rate",
    "begin with the smallest learning rate and raise it. Which one ends lowest, and what comes after it?",
    rate.box,
    said,
    plot.box,
    element("p", { class: "course-legend" }, "The thin lines are the other learning rates; a dashed curve leaves the picture at ▲."),
  );
  show();
}
