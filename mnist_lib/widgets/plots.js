// What the explorers share: elements, a slider with a name, digits, bars and lines. They draw what Python has computed.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function shape(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// A number as text: a true minus, and no zero with a sign.
function written(value, decimals) {
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

const percent = (share, decimals = 0) => `${written(100 * share, decimals)}%`;

// Bytes come as a DataView, which may begin anywhere in a larger buffer.
const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const floatsOf = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

// Images as `packed` in explorers.py writes them: a zero is followed by the number of zeros that it stands for.
function unpacked(view, size = 784) {
  const pixels = [];
  const bytes = bytesOf(view);
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i]) pixels.push(bytes[i]);
    else for (let zeros = bytes[++i]; zeros > 0; zeros--) pixels.push(0);
  }
  return Array.from({ length: pixels.length / size }, (_, image) => pixels.slice(image * size, (image + 1) * size));
}

// The frame of an explorer: what to try, then the parts.
function explorer(el, name, tryThis, ...parts) {
  const hint = element("p", { class: "course-try" }, element("strong", {}, "Try: "), tryThis);
  el.replaceChildren(element("div", { class: "course-explorer", role: "group", "aria-label": name }, hint, ...parts));
}

// What the numbers say at present, read aloud when they change.
const sentence = () => element("p", { class: "course-said", role: "status" });

// A slider with its name before it and its value behind it. `say` turns its position into words.
function slider(name, { least = 0, most, step = 1, value, say }, changed) {
  const input = element("input", { type: "range", min: least, max: most, step, value });
  const told = element("span", { class: "course-told", "aria-hidden": "true" });
  const tell = () => {
    told.textContent = say(Number(input.value));
    input.setAttribute("aria-valuetext", told.textContent);
  };
  input.addEventListener("input", () => {
    tell();
    changed(Number(input.value));
  });
  tell();
  const box = element("div", { class: "course-slider" }, element("label", {}, element("span", {}, name), input), told);
  return {
    box,
    get value() {
      return Number(input.value);
    },
    set value(position) {
      input.value = position;
      tell();
    },
    set most(position) {
      input.max = position;
      tell();
    },
  };
}

// A drop-down list with its name before it.
function choice(name, options, changed) {
  const select = element("select", { "aria-label": name }, ...options.map((text, index) => element("option", { value: index }, text)));
  select.addEventListener("change", () => changed(Number(select.value)));
  return { box: element("label", { class: "course-choice" }, `${name} `, select), select };
}

// Pixels from 0 (paper) to 255 (ink), dark on white, without a filter: the grey values are what is shown.
function drawDigit(canvas, pixels) {
  const side = Math.round(Math.sqrt(pixels.length));
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(side, side);
  for (let i = 0; i < pixels.length; i++) {
    picture.data.fill(255 - pixels[i], 4 * i, 4 * i + 3);
    picture.data[4 * i + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}

function digit(pixels, described) {
  const canvas = element("canvas", described ? { class: "course-digit", role: "img", "aria-label": described } : { class: "course-digit" });
  drawDigit(canvas, pixels);
  return canvas;
}

// A row of digits, one of them chosen.
function digitChoice(name, images, names, changed) {
  const buttons = images.map((pixels, index) => {
    const button = element("button", { type: "button", "aria-label": names[index], "aria-pressed": index === 0 }, digit(pixels));
    button.addEventListener("click", () => {
      buttons.forEach((each, other) => each.setAttribute("aria-pressed", other === index));
      changed(index);
    });
    return button;
  });
  return element("div", { class: "course-digits", role: "group", "aria-label": name }, ...buttons);
}

// Bars from 0 to 1, one for each name. The marked one has words beside it, not only a colour.
function bars(name, names, decimals = 3) {
  const rows = names.map((each) => {
    const bar = element("span", { class: "course-bar" });
    const cells = [element("th", { scope: "row" }, each), element("td", { class: "course-track" }, bar), element("td")];
    return { row: element("tr", {}, ...cells), bar, value: cells[2] };
  });
  const table = element("table", { class: "course-bars", "aria-label": name }, element("tbody", {}, ...rows.map((each) => each.row)));
  const show = (values, marked, word) => {
    rows.forEach(({ row, bar, value }, index) => {
      bar.style.width = `${100 * values[index]}%`;
      row.classList.toggle("course-marked", index === marked);
      value.textContent = written(values[index], decimals) + (index === marked ? ` ${word}` : "");
    });
  };
  return { table, show };
}

// Lines on axes. `draw` gives what is to be seen now:
//   name; x and y: { name, least, most, ticks: [[position, text], …] }
//   lines: [{ points: [[x, y], …], look: CSS class, marks: "dot", "box" or none, signs: [[x, y, text], …] or none }]
//   spots: [[x, y], …], all at one x
function linePlot(draw) {
  const box = element("div", { class: "course-plot" });
  const redraw = () => {
    const { name, x, y, lines, spots } = draw();
    const width = Math.min(box.clientWidth || 480, 640);
    const height = Math.round(Math.min(260, 0.62 * width));
    const left = 58;
    const bottom = height - 40;
    const across = (value) => left + ((value - x.least) / (x.most - x.least)) * (width - left - 14);
    const up = (value) => bottom - ((value - y.least) / (y.most - y.least)) * (bottom - 14);
    const svg = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": name });
    for (const [value, text] of x.ticks) {
      svg.append(shape("line", { class: "course-tick", x1: across(value), x2: across(value), y1: bottom, y2: bottom + 4 }));
      svg.append(shape("text", { x: across(value), y: bottom + 18, "text-anchor": "middle" }, text));
    }
    for (const [value, text] of y.ticks) {
      svg.append(shape("line", { class: "course-grid", x1: left, x2: width - 14, y1: up(value), y2: up(value) }));
      svg.append(shape("text", { x: left - 6, y: up(value) + 4, "text-anchor": "end" }, text));
    }
    svg.append(shape("line", { class: "course-tick", x1: left, x2: width - 14, y1: bottom, y2: bottom }));
    svg.append(shape("text", { x: (left + width - 14) / 2, y: height - 4, "text-anchor": "middle" }, x.name));
    svg.append(shape("text", { x: -bottom / 2 - 7, y: 12, transform: "rotate(-90)", "text-anchor": "middle" }, y.name));
    for (const { points, look, marks, signs = [] } of lines) {
      const placed = points.map(([a, b]) => [across(a), up(b)]);
      svg.append(shape("polyline", { class: `course-line ${look}`, points: placed.map((each) => each.join(",")).join(" ") }));
      for (const [a, b] of marks ? placed : []) svg.append(mark(marks, look, a, b));
      for (const [a, b, text] of signs) svg.append(shape("text", { x: across(a), y: up(b) - 3, "text-anchor": "middle" }, text));
    }
    for (const [a, b] of spots.map(([one, other]) => [across(one), up(other)])) {
      svg.append(shape("line", { class: "course-guide", x1: a, x2: a, y1: 14, y2: bottom }));
      svg.append(shape("circle", { class: "course-spot", cx: a, cy: b, r: 6 }));
    }
    box.replaceChildren(svg);
  };
  let seen = -1;
  new ResizeObserver(() => {
    if (box.clientWidth !== seen) redraw();
    seen = box.clientWidth;
  }).observe(box);
  return { box, redraw };
}

function mark(kind, look, x, y, size = 3.5) {
  if (kind === "box") return shape("rect", { class: `course-mark ${look}`, x: x - size, y: y - size, width: 2 * size, height: 2 * size });
  return shape("circle", { class: `course-mark ${look}`, cx: x, cy: y, r: size });
}
