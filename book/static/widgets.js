// Components of mnist_lib.widgets on a page without a kernel: the same JavaScript as in notebooks, with the state that the build wrote
// beside it. Scripts, not modules and not `fetch`: those do not work from a folder.
(() => {
  "use strict";
  const here = document.currentScript.src.replace(/[^/]*$/, "");
  const components = {}; // name → { render }
  const values = {}; // payload → value
  const waiting = {}; // address → promise

  function load(file) {
    waiting[file] ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = here + file;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${file} could not be loaded`));
      document.head.append(script);
    });
    return waiting[file];
  }

  const revive = (value) => {
    if (value === null || typeof value !== "object") return value;
    if (typeof value.$bytes === "string") {
      const bytes = Uint8Array.from(atob(value.$bytes), (letter) => letter.charCodeAt(0));
      return new DataView(bytes.buffer);
    }
    for (const key of Object.keys(value)) value[key] = revive(value[key]);
    return value;
  };

  // As anywidget's model, without a kernel behind it.
  class Model {
    constructor(state, later) {
      this.state = state;
      this.later = later; // name → payload
      this.listeners = {};
    }
    get(name) {
      return this.state[name];
    }
    set(name, value) {
      if (this.state[name] === value) return;
      this.state[name] = value;
      for (const call of this.listeners[`change:${name}`] ?? []) call();
    }
    save_changes() {}
    send() {}
    on(event, call) {
      (this.listeners[event] ??= []).push(call);
    }
    off(event, call) {
      this.listeners[event] = call ? (this.listeners[event] ?? []).filter((each) => each !== call) : [];
    }
    // Only on pages: a part of the state that is fetched when it is needed.
    async load(name) {
      if (name in this.later) {
        const payload = this.later[name];
        await load(`payloads/${payload}.js`);
        this.state[name] = values[payload];
        delete this.later[name];
      }
      return this.state[name];
    }
  }

  async function mount(box) {
    const state = {};
    const later = {};
    const needed = [];
    for (const part of box.querySelectorAll(":scope > script[data-trait]")) {
      const { trait, payload } = part.dataset;
      if (!payload) state[trait] = revive(JSON.parse(part.textContent));
      else if ("later" in part.dataset) later[trait] = payload;
      else needed.push([trait, payload]);
    }
    try {
      await Promise.all([load(`component-${box.dataset.widget}.js`), ...needed.map(([, payload]) => load(`payloads/${payload}.js`))]);
      for (const [trait, payload] of needed) state[trait] = values[payload];
      const el = document.createElement("div");
      box.replaceChildren(el);
      await components[box.dataset.widget].render({ model: new Model(state, later), el });
      box.dataset.ready = "";
    } catch (error) {
      const said = document.createElement("p");
      said.textContent = `This part could not be shown: ${error.message}.`;
      box.replaceChildren(said);
      throw error;
    }
  }

  window.courseWidgets = {
    define: (name, component) => (components[name] = component),
    payload: (name, value) => (values[name] = revive(value)),
    component: (name) => load(`component-${name}.js`).then(() => components[name]), // for other scripts of the page
  };

  function begin() {
    const seen = new IntersectionObserver(
      (entries) => {
        for (const entry of entries.filter((each) => each.isIntersecting)) {
          seen.unobserve(entry.target);
          mount(entry.target);
        }
      },
      { rootMargin: "600px" },
    );
    for (const box of document.querySelectorAll(".course-widget")) seen.observe(box);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
