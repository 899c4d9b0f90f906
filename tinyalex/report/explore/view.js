"use strict";
// The page: one section for each layer, and the panel that shows one map from close by.

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const byId = (id) => document.getElementById(id);
const titleOf = (layer) => `${layer.name} ${layer.kind}`;

// A section with a layer's maps. `choose(index, map)` is called when a map is wanted larger.
function layerSection(layer, index, choose) {
  const canvas = make("canvas", {tabIndex: 0});
  const frame = make("div", {className: "frame", hidden: true});
  const range = make("p", {className: "range"});
  const shape = index ? `${size(layer.in)} → ${size(layer.out)}` : size(layer.out);
  const section = make("section", {className: "layer", id: `layer-${index}`},
    make("h2", {}, layer.name, make("span", {}, index ? layer.kind : "")),
    make("p", {className: "about"}, `${ABOUT[layer.kind](layer)}. `, make("b", {}, shape)),
    make("div", {className: "sheet"}, canvas, frame), range);
  const sheet = new Sheet(layer, canvas);
  const what = layer.out.length > 1 ? "map" : "unit";
  const setting = {role: "slider", "aria-valuemin": 0, "aria-valuenow": 0,
    "aria-valuemax": sheet.count - 1,
    "aria-label": `${titleOf(layer)}: arrow keys choose a ${what}, Enter shows it`};
  for (const [name, value] of Object.entries(setting)) canvas.setAttribute(name, value);

  function mark(map) {
    sheet.chosen = Math.max(0, Math.min(sheet.count - 1, map));
    canvas.setAttribute("aria-valuenow", sheet.chosen);
    canvas.setAttribute("aria-valuetext", `${what} ${sheet.chosen} of ${sheet.count}`);
    Object.assign(frame.style, sheet.frame(sheet.chosen));
    frame.hidden = false;
  }
  canvas.addEventListener("click", (event) => {
    const map = sheet.at(event.offsetX, event.offsetY);
    if (map >= 0) { mark(map); choose(index, map); }
  });
  canvas.addEventListener("focus", () => mark(sheet.chosen));
  canvas.addEventListener("blur", () => { frame.hidden = true; });
  canvas.addEventListener("keydown", (event) => {
    const {columns} = sheet;
    const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns}[event.key];
    if (event.key === "Enter") choose(index, sheet.chosen);
    else if (step) mark(sheet.chosen + step);
    else return;
    event.preventDefault();
  });
  return {section, sheet, show(values) {
    sheet.show(values);
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    range.textContent = `from ${short(low)} to ${short(high)}`;
  }};
}

// One map, large; the pixel under the pointer, and how it was computed.
class Panel {
  constructor(layers, pointAt) {
    Object.assign(this, {layers, pointAt, layer: -1, map: 0, row: 0, column: 0});
    this.canvas = make("canvas", {tabIndex: 0});
    this.canvas.setAttribute("role", "application");
    this.where = make("p", {className: "where"});
    this.parts = make("div", {className: "parts"});
    this.equation = make("p", {className: "equation"});
    const close = make("button", {type: "button", textContent: "Close"});
    this.seen = make("canvas");
    this.seen.setAttribute("aria-hidden", "true");           // the same as next to the paper
    this.element = make("div", {className: "panel"},
      make("div", {}, this.canvas, make("figure", {}, this.seen,
        make("figcaption", {}, "what it sees of the image")), close),
      make("div", {className: "how"}, this.where, this.equation, this.parts));
    close.addEventListener("click", () => this.close());
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerdown", (event) => this.point(event));
  }

  open(section, layer, map, outputs) {
    const [, H = 1, W = 1] = this.layers[layer].out;
    Object.assign(this, {layer, map, row: H >> 1, column: W >> 1, section});
    this.zoom = Math.max(1, Math.floor(224 / Math.max(H, W)));
    this.canvas.hidden = H * W === 1;
    const title = `${titleOf(this.layers[layer])}, map ${map}`;
    this.canvas.setAttribute("aria-label", `${title}: arrow keys move`);
    section.append(this.element);
    this.show(outputs);
    this.element.scrollIntoView({block: "nearest"});
  }

  close() {
    this.element.remove();
    this.layer = -1;
    this.pointAt(null);
    this.section.querySelector("canvas").focus();
  }

  point(event) {
    const [, H = 1, W = 1] = this.layers[this.layer].out;
    this.row = Math.max(0, Math.min(H - 1, Math.floor(event.offsetY / this.zoom)));
    this.column = Math.max(0, Math.min(W - 1, Math.floor(event.offsetX / this.zoom)));
    this.show(this.outputs);
  }

  key(event) {
    const [, H = 1, W = 1] = this.layers[this.layer].out;
    const steps = {ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1]};
    const [down, right] = steps[event.key] || [0, 0];
    if (event.key === "Escape") this.close();
    if (!down && !right) return;
    event.preventDefault();
    this.row = Math.max(0, Math.min(H - 1, this.row + down));
    this.column = Math.max(0, Math.min(W - 1, this.column + right));
    this.show(this.outputs);
  }

  show(outputs) {
    this.outputs = outputs;
    if (this.layer < 0) return;
    const {layer: index, map, row, column, zoom} = this, layer = this.layers[index];
    const [, H = 1, W = 1] = layer.out, y = outputs[index];
    const values = y.subarray(map * H * W, (map + 1) * H * W);
    const large = tile(values, [H, W], zoom * W, row * W + column);
    Object.assign(this.canvas, {width: large.width, height: large.height});
    this.canvas.getContext("2d").drawImage(large, 0, 0);
    const from = index ? layer.from[0] : 0;
    const told = explain(layer, outputs[from], y, map, row, column);
    const place = H * W > 1 ? `map ${map}, row ${row}, column ${column}` : `unit ${map}`;
    this.where.replaceChildren(`${place}: `, make("output", {}, short(told.value)));
    this.equation.textContent = told.equation;
    this.parts.replaceChildren(...told.parts.slice(0, 4).map(partRow));
    const more = told.parts.length - 4;
    if (more > 0) this.parts.append(make("p", {}, `and ${channels(more)} more`));
    const seen = this.pointAt(receptiveField(this.layers, index, row, column));
    Object.assign(this.seen, {width: seen.width, height: seen.height});
    this.seen.getContext("2d").drawImage(seen, 0, 0);
  }
}

// window × kernel = sum, as pictures.
function partRow(part) {
  const of = (numbers) => tile(Array.from(numbers), part.shape, 124, part.mark);
  const row = make("div", {className: "part"},
    make("figure", {}, of(part.window), make("figcaption", {}, part.label)));
  if (part.kernel) {
    row.append("×", make("figure", {}, of(part.kernel), make("figcaption", {}, "weights")),
      make("span", {}, `= ${short(part.total)}`));
  }
  return row;
}

// The classes with their probabilities: in order, or the most probable of many.
function showAnswers(list, classes, p) {
  const order = [...p.keys()];
  if (classes.length > 12) order.sort((a, b) => p[b] - p[a]).splice(10);
  const widest = Math.max(...order.map((i) => classes[i].length));
  list.style.setProperty("--name", `${0.65 * Math.min(9, widest + 1)}rem`);
  const best = p.indexOf(Math.max(...p));
  list.replaceChildren(...order.map((i) => {
    const bar = make("span", {className: "bar"});
    bar.style.width = `${100 * p[i]}%`;
    return make("li", {className: i === best ? "best" : ""},
      make("span", {className: "name"}, classes[i]), make("span", {className: "track"}, bar),
      make("span", {className: "p"}, `${(100 * p[i]).toFixed(1)} %`));
  }));
}
