"use strict";
// Pictures of numbers: a layer's feature maps side by side, and tiles of a few numbers.

// Black is 0, orange positive, blue negative; the strongest are almost white.
const COLOURS = {
  positive: [[20, 23, 28], [230, 119, 0], [255, 212, 128], [255, 250, 235]],
  negative: [[20, 23, 28], [28, 126, 214], [145, 207, 255], [236, 247, 255]],
};

// The colour of a share from -1 to 1, as [r, g, b].
function colour(share) {
  const stops = share < 0 ? COLOURS.negative : COLOURS.positive;
  const place = Math.min(1, Math.abs(share)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(place)), t = place - i;
  return stops[i].map((from, c) => Math.round(from + t * (stops[i + 1][c] - from)));
}

// The same for shares of 1/255, as one number per colour: fast enough for every pixel.
const PALETTE = Uint32Array.from({length: 511}, (_, i) => {
  const [r, g, b] = colour((i - 255) / 255);
  return (255 << 24) | (b << 16) | (g << 8) | r;
});
const paint = (share) => PALETTE[255 + Math.round(255 * Math.max(-1, Math.min(1, share)))];

const largest = (numbers) => numbers.reduce((most, v) => Math.max(most, Math.abs(v)), 0) || 1;
const short = (v, digits = 3) => (Math.abs(v) >= 1000 || (v && Math.abs(v) < 0.001)
  ? v.toExponential(1) : String(+v.toPrecision(digits)));

// All maps of one layer in one canvas. A vector's numbers are maps of one pixel.
class Sheet {
  constructor(layer, canvas) {
    [this.count, this.H, this.W] = [...layer.out, 1, 1];
    Object.assign(this, {canvas, chosen: 0});
    this.gap = this.W > 1 ? 1 : 0;
  }

  // As many maps in a row as fit into so many pixels of the screen.
  place(width) {
    this.zoom = Math.max(1, Math.round((this.W > 1 ? 48 : 14) / this.W));
    const cell = (this.W + this.gap) * this.zoom;
    this.columns = Math.max(1, Math.min(this.count, Math.floor(width / cell)));
    this.rows = Math.ceil(this.count / this.columns);
    this.canvas.width = this.columns * (this.W + this.gap);
    this.canvas.height = this.rows * (this.H + this.gap);
    this.canvas.style.width = `${this.canvas.width * this.zoom}px`;
  }

  show(values) {
    const {W, H, gap, columns, canvas} = this, scale = largest(values);
    const image = new ImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);       // nothing is drawn between the maps
    for (let map = 0; map < this.count; map++) {
      const top = Math.floor(map / columns) * (H + gap), left = (map % columns) * (W + gap);
      for (let h = 0; h < H; h++)
        for (let w = 0; w < W; w++)
          pixels[(top + h) * canvas.width + left + w]
            = paint(values[(map * H + h) * W + w] / scale);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  // The map under a point of the canvas, in pixels of the screen; -1 if there is none.
  at(x, y) {
    const column = Math.floor(x / ((this.W + this.gap) * this.zoom));
    const row = Math.floor(y / ((this.H + this.gap) * this.zoom));
    const map = row * this.columns + column;
    return column >= 0 && column < this.columns && map < this.count ? map : -1;
  }

  // Where a map is, for the frame around it: CSS lengths.
  frame(map) {
    const {W, H, gap, zoom, columns} = this;
    return {
      left: `${(map % columns) * (W + gap) * zoom}px`, width: `${W * zoom}px`,
      top: `${Math.floor(map / columns) * (H + gap) * zoom}px`, height: `${H * zoom}px`,
    };
  }
}

// A few numbers as a canvas of coloured squares, with the numbers in them where there is room.
function tile(numbers, [rows, columns], side, mark = -1) {
  const canvas = document.createElement("canvas"), cell = Math.max(1, Math.floor(side / columns));
  canvas.width = columns * cell;
  canvas.height = rows * cell;
  const pen = canvas.getContext("2d"), scale = largest(numbers);
  pen.font = `${Math.min(11, cell / 3.2)}px system-ui`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  numbers.forEach((v, i) => {
    const left = (i % columns) * cell, top = Math.floor(i / columns) * cell;
    const rgb = colour(v / scale);
    pen.fillStyle = `rgb(${rgb})`;
    pen.fillRect(left, top, cell, cell);
    pen.fillStyle = rgb[1] > 140 ? "#14171c" : "#ffffff";
    if (cell >= 24) pen.fillText(short(v, cell < 30 ? 1 : 2), left + cell / 2, top + cell / 2);
    if (i === mark) {
      pen.strokeStyle = "#ffffff";
      pen.lineWidth = 2;
      pen.strokeRect(left + 1, top + 1, cell - 2, cell - 2);
    }
  });
  return canvas;
}
