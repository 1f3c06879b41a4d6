// A digit, and the value of the pixel under the cursor.
function render({ model, el }) {
  const images = unpacked(model.get("images"));
  const labels = model.get("labels");
  let [image, row, column] = [0, 14, 14];

  const canvas = digit(images[0]);
  const frame = element("span", { class: "course-frame" });
  const picture = element("div", { class: "course-pixels", tabindex: 0, role: "application" }, canvas, frame);
  const said = sentence();
  const table = element("table", { class: "course-neighbours" });

  const at = (y, x) => (y >= 0 && y < 28 && x >= 0 && x < 28 ? images[image][28 * y + x] : null);
  const near = (middle) => [-2, -1, 0, 1, 2].map((step) => middle + step);
  const inside = (place) => (place >= 0 && place < 28 ? `${place}` : "");

  function show() {
    const value = at(row, column);
    frame.style.top = `${(100 * row) / 28}%`;
    frame.style.left = `${(100 * column) / 28}%`;
    const kind = value === 0 ? ", bare paper" : value === 255 ? ", full ink" : "";
    said.textContent = `Row ${row}, column ${column}: ${value}${kind}`;
    const head = element("tr", {}, element("td"), ...near(column).map((x) => element("th", { scope: "col" }, inside(x))));
    const rows = near(row).map((y) => {
      const cells = near(column).map((x) => {
        const grey = at(y, x);
        if (grey === null) return element("td", { class: "course-outside" }, "–");
        const cell = element("td", { style: `background: rgb(${[1, 1, 1].fill(255 - grey)}); color: ${grey > 137 ? "#fff" : "#000"}` }, `${grey}`);
        if (y === row && x === column) cell.className = "course-here";
        return cell;
      });
      return element("tr", {}, element("th", { scope: "row" }, inside(y)), ...cells);
    });
    const caption = element("caption", {}, "The pixel and its neighbours; “–” is outside the image.");
    table.replaceChildren(caption, element("thead", {}, head), element("tbody", {}, ...rows));
  }

  function choose(index) {
    image = index;
    drawDigit(canvas, images[image]);
    picture.setAttribute("aria-label", `Image ${image}, a ${labels[image]}, 28 rows of 28 pixels; the arrow keys move the frame`);
    show();
  }

  function follow(event) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const place = (share) => Math.min(27, Math.max(0, Math.floor(28 * share)));
    row = place((event.clientY - top) / height);
    column = place((event.clientX - left) / width);
    show();
  }
  picture.addEventListener("pointermove", follow);
  picture.addEventListener("pointerdown", follow);
  picture.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    row = Math.min(27, Math.max(0, row + step[0]));
    column = Math.min(27, Math.max(0, column + step[1]));
    show();
  });

  const names = labels.map((label, index) => `image ${index}, a ${label}`);
  const beside = element("div", {}, said, table);
  explorer(
    el,
    "Explorer: the values of the pixels",
    "move over the digit with the mouse, a finger or the arrow keys. Which values has bare paper, which the middle of a stroke, and which its edge?",
    ...(images.length > 1 ? [digitChoice("Which image", images, names, choose)] : []),
    element("div", { class: "course-pair" }, picture, beside),
  );
  choose(0);
}
