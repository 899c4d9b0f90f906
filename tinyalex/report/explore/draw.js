"use strict";
// Where the picture comes from: strokes on the paper, a file, or a test image of the data set.

class Paper {
  // `changed()` is called when there is a new picture: see `picture`.
  constructor(network, changed) {
    const [side, , C] = network.image.shape;
    Object.assign(this, {network, changed, side, C, last: null, drawn: false});
    this.canvas = byId("paper");
    this.canvas.width = this.canvas.height = side * Math.ceil(256 / side);
    this.pen = this.canvas.getContext("2d", {willReadFrequently: true});
    const mean = network.image.colour.map((v) => Math.round(v)); // of the training images
    this.dark = C === 1 && mean[0] < 96;                        // light strokes on black
    this.ink = this.dark ? "#ffffff" : "#000000";
    this.paper = C === 3 ? `rgb(${mean})` : this.dark ? "#000000" : "#ffffff";
    this.listen();
  }

  listen() {
    const {canvas} = this;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.last = this.placeOf(event);
      this.stroke(this.last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.last) this.stroke(this.placeOf(event));
    });
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, () => { this.last = null; });
    byId("clear").addEventListener("click", () => this.clear());
    byId("swap").addEventListener("click", () => this.swap());
    byId("fit").addEventListener("change", () => this.changed());
    byId("file").addEventListener("change", (event) => {
      this.open(event.target.files[0]);
      event.target.value = "";                               // the same file can be opened again
    });
    byId("ink").addEventListener("input", (event) => { this.ink = event.target.value; });
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      this.open(event.dataTransfer.files[0]);
    });
  }

  placeOf(event) {
    const scale = this.canvas.width / this.canvas.clientWidth;
    return [event.offsetX * scale, event.offsetY * scale];
  }

  stroke(to) {
    const {pen} = this;
    pen.strokeStyle = this.ink;
    pen.lineWidth = byId("brush").value / 100 * this.canvas.width;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...this.last);
    pen.lineTo(...to);
    pen.stroke();
    this.last = to;
    this.drawn = true;
    this.changed();
  }

  // What is on the paper, as small as the training images: uint8 (H, W, C).
  picture() {
    if (!this.drawn) return this.pixels;                     // as it came, without strokes on it
    const {canvas, side, C} = this;
    const large = pictureOf(this.pen.getImageData(0, 0, canvas.width, canvas.height), C);
    const ink = byId("fit").checked ? inkOf(large, this.paper === "#000000" ? 0 : 255) : null;
    return ink ? resize(ink, 0, 0, ink.width, side, TRIANGLE)
      : resize(large, 0, 0, canvas.width, side, BOX);
  }

  clear() {
    this.pen.fillStyle = this.paper;
    this.pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.drawn = true;
    say("");
    this.changed();
  }

  // Show a picture of the training images' size on the paper, and give it to the network.
  put(pixels) {
    const {side, C, pen, canvas} = this;
    const small = onCanvas(pixels, side, side, C);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, canvas.width, canvas.height);
    this.drawn = false;
    this.pixels = pixels;
    this.changed();
  }

  swap() {
    const {pen, canvas} = this;
    const image = pen.getImageData(0, 0, canvas.width, canvas.height), {data} = image;
    for (let i = 0; i < data.length; i++) if (i % 4 !== 3) data[i] = 255 - data[i];
    pen.putImageData(image, 0, 0);
    [this.ink, this.paper] = [this.paper, this.ink];
    say("");
    if (this.drawn) this.changed();
    else this.put(this.pixels.map((v) => 255 - v));
  }

  async open(file) {
    if (!file) return;
    let bitmap;
    try {
      const asItIs = {premultiplyAlpha: "none", colorSpaceConversion: "none"};
      bitmap = await createImageBitmap(file, asItIs);
    } catch {
      say(`${file.name} is not a picture that this browser can read.`);
      return;
    }
    const {width, height} = bitmap, pen = make("canvas", {width, height}).getContext("2d");
    pen.drawImage(bitmap, 0, 0);
    const picture = pictureOf(pen.getImageData(0, 0, width, height), this.C);
    const pixels = fit(picture, this.side);
    say(this.dark && looksLight(pixels, this.side)
      ? "This picture looks dark on light; the network was trained on light on dark. Swap the two?"
      : "");
    this.put(pixels);
  }
}

const say = (text) => { byId("note").textContent = text; };

// Pixels (H, W, C) on a canvas of their size.
function onCanvas(pixels, H, W, C) {
  const canvas = make("canvas", {width: W, height: H}), image = new ImageData(W, H);
  for (let i = 0; i < W * H; i++)
    for (let c = 0; c < 4; c++)
      image.data[4 * i + c] = c === 3 ? 255 : pixels[i * C + Math.min(c, C - 1)];
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
