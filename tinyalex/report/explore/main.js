"use strict";
// Puts the page together: picture -> numbers -> layers -> what is shown.

const network = readNetwork(), {layers} = network;
const state = {pixels: null, outputs: [], box: null};        // the tests of this page read it

const smallCanvas = (pixels) => onCanvas(pixels, ...network.image.shape);
const panel = new Panel(layers, (box) => { state.box = box; return showSeen(); });
const views = layers.map((layer, i) => layerSection(layer, i, (index, map) =>
  panel.open(views[index].section, index, map, state.outputs)));
byId("layers").append(...views.map((view) => view.section));
byId("links").append(...layers.map((layer, i) =>
  make("li", {}, make("a", {href: `#layer-${i}`}, layer.name))));

const paper = new Paper(network, schedule);

let scheduled = false, took = 0;                             // milliseconds of the last redraw
function schedule() {                                        // a slow network leaves time to draw
  if (!scheduled) setTimeout(() => requestAnimationFrame(redraw), took < 50 ? 0 : took);
  scheduled = true;
}

function redraw() {
  const start = performance.now();
  state.pixels = paper.picture();
  state.outputs = forward(layers, prepare(state.pixels, network.image));
  showMaps();
  showAnswers(byId("answers"), network.classes, state.outputs[layers.length - 1]);
  panel.show(state.outputs);
  showSeen();
  scheduled = false;
  took = performance.now() - start;
}

function showMaps() {
  views.forEach((view, i) => view.show(state.outputs[i]));
}

// The crop that the network sees, with the part that reaches the chosen unit.
function showSeen() {
  const [top, left, H, W] = network.image.crop, canvas = byId("seen");
  const zoom = Math.max(1, Math.floor(128 / Math.max(H, W)));
  const small = smallCanvas(state.pixels);
  Object.assign(canvas, {width: W * zoom, height: H * zoom});
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, left, top, W, H, 0, 0, canvas.width, canvas.height);
  if (!state.box) return canvas;
  const {box} = state;
  pen.strokeStyle = "#ff922b";
  pen.lineWidth = 2;
  pen.strokeRect(box.left * zoom + 1, box.top * zoom + 1,
    (box.right - box.left + 1) * zoom - 2, (box.bottom - box.top + 1) * zoom - 2);
  return canvas;
}

function placeSheets() {
  const width = byId("layers").clientWidth - 26;           // without a section's border and padding
  for (const view of views) view.sheet.place(width);
  if (state.outputs.length) showMaps();
}

for (const sample of network.samples) {
  const canvas = smallCanvas(sample.pixels);
  const button = make("button", {type: "button", title: sample.name}, canvas);
  button.setAttribute("aria-label", `test image: ${sample.name}`);
  button.addEventListener("click", () => {
    say(`a test image: ${sample.name}`);
    paper.put(sample.pixels);
  });
  byId("samples").append(button);
}
byId("for-grey").hidden = paper.C !== 1;
byId("for-colour").hidden = paper.C !== 3;
byId("fit").checked = paper.dark;
byId("no-samples").hidden = network.samples.length > 0;

new ResizeObserver(placeSheets).observe(byId("layers"));
placeSheets();
paper.clear();
if (network.samples.length) paper.put((network.samples[3] || network.samples[0]).pixels);
