// Logits divided by a temperature, as probabilities, and the cost of the right class.
function render({ model, el }) {
  const logits = Array.from(floatsOf(model.get("logits")));
  let right = model.get("label");
  const [least, most] = [-1.3, 1.7]; // powers of ten: T from 0.05 to 50; T = 1 is one of the steps

  const temperature = () => 10 ** heat.value;
  const label = (T) => written(T, T < 0.095 ? 3 : T < 0.95 ? 2 : T < 9.5 ? 1 : 0);

  function shares(T) {
    const largest = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp((logit - largest) / T));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  }
  // From the logits, so that a share rounded to zero costs no infinity.
  function cost(T) {
    const largest = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp((logit - largest) / T), 0);
    return Math.log(sum) - (logits[right] - largest) / T;
  }

  const said = sentence();
  const names = logits.map((_, index) => `${index}`);
  const probabilities = bars("Probability of each class", names);
  const uniform = Math.log(logits.length);
  const plot = linePlot(() => {
    const top = 2 * uniform;
    const points = Array.from({ length: 121 }, (_, k) => least + (k / 120) * (most - least)).map((place) => [place, cost(10 ** place)]);
    return {
      name: `The cost against T: ${written(cost(temperature()), 3)} nats at T = ${label(temperature())}; it comes to ${written(uniform, 3)} as T grows`,
      x: { name: "T", least, most, ticks: [0.1, 1, 10].map((T) => [Math.log10(T), `${T}`]) },
      y: { name: "cost (nats)", least: 0, most: top, ticks: [[0, "0"], [uniform, `ln ${logits.length}`], [top, written(top, 1)]] },
      lines: [{ points: points.filter(([, value]) => value <= top), look: "course-first" }],
      spots: [[heat.value, Math.min(cost(temperature()), top)]],
    };
  });

  function show() {
    const T = temperature();
    const p = shares(T);
    probabilities.show(p, right, "← right");
    const kind = Math.max(...p) > 0.9995 ? " All of it is on one class: one-hot." : Math.max(...p) - Math.min(...p) < 0.05 ? " Nearly all are alike: uniform." : "";
    said.textContent = `T = ${label(T)}: p of the right class ${written(p[right], 3)}, cost −ln p = ${written(cost(T), 3)} nats.${kind}`;
    plot.redraw();
  }
  const heat = slider("T", { least, most, step: 0.05, value: 0, say: (place) => label(10 ** place) }, show);
  const which = choice("Right class", names, (index) => {
    right = index;
    show();
  });
  which.select.value = right;
  explorer(
    el,
    "Explorer: temperature and cross-entropy",
    `make T small, then large. What becomes of the probabilities, and why does the cost end at ln ${logits.length} = ${written(uniform, 3)}? Then choose another right class.`,
    which.box,
    heat.box,
    said,
    element("div", { class: "course-pair" }, probabilities.table, plot.box),
  );
  show();
}
