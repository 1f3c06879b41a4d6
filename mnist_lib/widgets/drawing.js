// A drawing in MNIST's form: the same steps as mnist_lib's `digit_from_drawing`, which chapter 10 builds by hand.

const BOARD = 280; // pixels of the drawing, in each direction
const PEN = 22; // its width: about what MNIST's strokes have, once the drawing is as large as its digits

// Ink from 0 to 1, shape (BOARD, BOARD), to bytes, shape (28, 28); null where there is no ink.
function normalised(ink, side = BOARD) {
  let [top, bottom, left, right] = [side, -1, side, -1];
  const strongest = ink.reduce((most, value) => Math.max(most, value));
  for (let i = 0; i < ink.length; i++) {
    if (ink[i] <= 0.1 * strongest) continue;
    const [row, column] = [Math.floor(i / side), i % side];
    [top, bottom, left, right] = [Math.min(top, row), Math.max(bottom, row), Math.min(left, column), Math.max(right, column)];
  }
  if (bottom < 0) return null;
  const [tall, wide] = [bottom - top + 1, right - left + 1];
  const scale = 20 / Math.max(tall, wide);
  const [height, width] = [tall, wide].map((length) => Math.max(1, rounded(length * scale)));

  // Each new pixel is the mean of the old ones whose middle lies in it.
  const [high, broad] = [covered(tall, height), covered(wide, width)];
  const box = new Float64Array(height * width);
  let [mass, rows, columns, most] = [0, 0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (const y of high[row]) for (const x of broad[column]) sum += ink[(top + y) * side + left + x];
      const value = sum / (high[row].length * broad[column].length);
      box[row * width + column] = value;
      mass += value;
      rows += value * row;
      columns += value * column;
      most = Math.max(most, value);
    }
  }
  const within = (place, length) => Math.min(Math.max(place, 0), 28 - length);
  const first = within(rounded(14 - rows / mass), height);
  const before = within(rounded(14 - columns / mass), width);
  const pixels = new Uint8Array(784);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      pixels[(first + row) * 28 + before + column] = rounded((255 * box[row * width + column]) / most);
  return pixels;
}

// As Python rounds: halves to the even number.
function rounded(value) {
  const below = Math.floor(value);
  const half = value - below;
  return half > 0.5 || (half === 0.5 && below % 2) ? below + 1 : below;
}

// For each new pixel the old ones whose middles lie in it. In the steps of Pillow's "box", so that a middle on the edge falls to the same side.
function covered(old, fresh) {
  const scale = old / fresh;
  return Array.from({ length: fresh }, (_, place) => {
    const middle = (place + 0.5) * scale;
    const near = Array.from({ length: Math.ceil(scale) + 2 }, (_, k) => Math.floor(middle - scale / 2) + k);
    const [least, most] = [Math.trunc(middle - scale / 2 + 0.5), Math.trunc(middle + scale / 2 + 0.5)];
    const within = (each) => (each - middle + 0.5) / scale;
    return near.filter((each) => each >= Math.max(least, 0) && each < Math.min(most, old) && within(each) > -0.5 && within(each) <= 0.5);
  });
}

// Pixels moved to the right; what leaves is gone.
function movedRight(pixels, columns) {
  const moved = new Uint8Array(784);
  for (let i = 0; i < 784; i++) {
    const column = (i % 28) + columns;
    if (column >= 0 && column < 28) moved[i + columns] = pixels[i];
  }
  return moved;
}

function button(name, pressed) {
  const made = element("button", { type: "button" }, name);
  made.addEventListener("click", pressed);
  return made;
}

// What networks make of a drawing: a sentence, below it what they see, and the bars of each with its name.
function readings(said, seen, bars) {
  const named = ([name, part]) => element("figure", { class: "course-sees" }, element("figcaption", {}, name), part);
  const both = element("div", { class: "course-both" }, ...bars.map(named));
  return element("div", { class: "course-readings" }, said, element("div", { class: "course-pair" }, named(seen), both));
}

// A board to draw on by mouse, finger, pen or keys. `changed` is called with ink, or null, as often as it changes.
function drawingBoard(name, changed) {
  const canvas = element("canvas", {
    class: "course-board",
    width: BOARD,
    height: BOARD,
    tabindex: 0,
    role: "application",
    "aria-label": `${name}. Draw with the mouse or a finger; or with the arrow keys: space sets the pen down and lifts it, C clears.`,
  });
  const pen = element("span", { class: "course-pen", hidden: "" });
  const keys = element("p", { class: "course-hint", "aria-hidden": "true" }, "Arrow keys move the pen. Space sets it down and lifts it, C clears.");
  const box = element("div", {}, element("div", { class: "course-boardbox" }, canvas, pen), keys);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const at = { x: BOARD / 2, y: BOARD / 2, down: false };
  let shown = null; // pixels of a digit that was not drawn
  let last = null; // where the pointer was

  function clear() {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, BOARD, BOARD);
    cancelAnimationFrame(waiting);
    waiting = 0;
    shown = null;
    at.down = false;
    tellPen();
  }
  function stroke(from, to) {
    if (shown) clear();
    Object.assign(context, { strokeStyle: "#000", lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x + (from.x === to.x && from.y === to.y ? 0.01 : 0), to.y); // a line without length draws nothing
    context.stroke();
    drawn();
  }
  // At most once for each picture that the screen shows: a fast pen moves more often.
  let waiting = 0;
  function drawn() {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      changed(inked());
    });
  }
  function inked() {
    const { data } = context.getImageData(0, 0, BOARD, BOARD);
    const ink = new Float32Array(BOARD * BOARD);
    for (let i = 0; i < ink.length; i++) ink[i] = 1 - data[4 * i] / 255;
    return ink;
  }
  function place(event) {
    const edges = canvas.getBoundingClientRect();
    return { x: ((event.clientX - edges.left) / edges.width) * BOARD, y: ((event.clientY - edges.top) / edges.height) * BOARD };
  }
  function tellPen() {
    pen.style.left = `${(100 * at.x) / BOARD}%`;
    pen.style.top = `${(100 * at.y) / BOARD}%`;
    pen.classList.toggle("course-down", at.down);
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return; // a second finger does not draw
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    pen.hidden = true;
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    stroke(last, last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last || !event.isPrimary) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      const now = place(each);
      stroke(last, now);
      last = now;
    }
  });
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (event) => event.isPrimary && (last = null));
  canvas.addEventListener("keydown", (event) => {
    const step = BOARD / 28;
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (way) {
      const from = { ...at };
      at.x = Math.min(Math.max(at.x + way[0], 0), BOARD);
      at.y = Math.min(Math.max(at.y + way[1], 0), BOARD);
      if (at.down) stroke(from, at);
    } else if (event.key === " " || event.key === "Enter") {
      at.down = !at.down;
      if (at.down) {
        stroke(at, at);
        at.down = true; // a digit that was shown has made room
      }
    } else if (event.key.toLowerCase() === "c") {
      clear();
      changed(null);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // a notebook has commands on these keys
    pen.hidden = false;
    tellPen();
  });
  canvas.addEventListener("blur", () => (pen.hidden = true));
  canvas.addEventListener("focus", () => (pen.hidden = !canvas.matches(":focus-visible")));
  clear();
  return {
    box,
    clear,
    // A digit of the data set in the place of a drawing.
    show(pixels) {
      clear();
      shown = pixels;
      const small = element("canvas");
      drawDigit(small, pixels);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, BOARD, BOARD);
    },
  };
}
