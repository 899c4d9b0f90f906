"use strict";
// From any picture to the numbers that the network was trained on: scaled, cropped, minus the mean.
// A picture is {width, height, channels, pixels}: pixels (height, width, channels), 0 to 255.

// What the first layer gets: uint8 (H, W, C) -> float32 (C, CH, CW).
function prepare(pixels, how) {
  const [, W, C] = how.shape, [top, left, CH, CW] = how.crop;
  const x = new Float32Array(C * CH * CW);
  for (let c = 0; c < C; c++)
    for (let h = 0; h < CH; h++)
      for (let w = 0; w < CW; w++) {
        const at = (c * CH + h) * CW + w, pixel = pixels[((top + h) * W + left + w) * C + c];
        x[at] = Math.fround(pixel - how.mean[at]) * how.scale[c];
      }
  return x;
}

// A canvas's RGBA as a picture of C channels: transparent is white, grey as Pillow computes it.
function pictureOf(rgba, C) {
  const {width, height, data} = rgba, pixels = new Uint8ClampedArray(width * height * C);
  for (let i = 0; i < width * height; i++) {
    const alpha = data[4 * i + 3] / 255, white = 255 * (1 - alpha);
    const r = data[4 * i] * alpha + white;
    const g = data[4 * i + 1] * alpha + white;
    const b = data[4 * i + 2] * alpha + white;
    if (C === 1) pixels[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    else [pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]] = [r, g, b];
  }
  return {width, height, channels: C, pixels};
}

// As predict does with a file: the shorter side becomes `side`, the centre is kept.
function fit(picture, side) {
  const {width, height} = picture, short = Math.min(width, height);
  if (width === side && height === side) return picture.pixels;
  return resize(picture, (width - short) / 2, (height - short) / 2, short, side, TRIANGLE);
}

// How much a pixel at a distance counts, and how far it reaches, both in output pixels.
const TRIANGLE = {weight: (d) => Math.max(0, 1 - Math.abs(d)), reach: 1}; // Pillow's BILINEAR
const BOX = {weight: (d) => (d > -0.5 && d <= 0.5 ? 1 : 0), reach: 0.5};  // the mean of an area

// Scale a square of the picture to side x side: first the columns, then the rows, as Pillow does.
function resize(picture, left, top, size, side, filter) {
  const {width, height, channels: C, pixels} = picture;
  const across = shares(left, size, width, side, filter);
  const down = shares(top, size, height, side, filter);
  const narrow = new Uint8ClampedArray(height * side * C);   // (height, side, C)
  const small = new Uint8ClampedArray(side * side * C);      // (side, side, C); rounds what it gets
  for (let h = 0; h < height; h++)
    for (let w = 0; w < side; w++)
      for (let c = 0; c < C; c++) {
        let sum = 0;
        for (const [i, share] of across[w]) sum += share * pixels[(h * width + i) * C + c];
        narrow[(h * side + w) * C + c] = sum;
      }
  for (let h = 0; h < side; h++)
    for (let w = 0; w < side; w++)
      for (let c = 0; c < C; c++) {
        let sum = 0;
        for (const [i, share] of down[h]) sum += share * narrow[(i * side + w) * C + c];
        small[(h * side + w) * C + c] = sum;
      }
  return small;
}

// For each of `side` outputs the inputs [index, share] that it is made of; the shares add up to 1.
function shares(start, size, count, side, filter) {
  const step = size / side, wide = Math.max(1, step), reach = filter.reach * wide;
  return Array.from({length: side}, (_, out) => {
    const centre = start + (out + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(count, Math.floor(centre + reach + 0.5));
    const found = [];
    for (let i = first; i < end; i++) found.push([i, filter.weight((i - centre + 0.5) / wide)]);
    const total = found.reduce((sum, [, share]) => sum + share, 0);
    return found.map(([i, share]) => [i, share / total]);
  });
}

// The smallest square around all ink, cut out of a grey picture; null if nothing is drawn.
function inkOf(picture, paper) {
  const {width, height, pixels} = picture;
  let left = width, right = -1, top = height, bottom = -1;
  for (let h = 0; h < height; h++)
    for (let w = 0; w < width; w++)
      if (Math.abs(pixels[h * width + w] - paper) > 60) {
        left = Math.min(left, w); right = Math.max(right, w);
        top = Math.min(top, h); bottom = Math.max(bottom, h);
      }
  if (right < 0) return null;
  const wide = right - left + 1, high = bottom - top + 1, size = Math.max(wide, high);
  const ink = new Uint8ClampedArray(size * size).fill(paper);
  for (let h = 0; h < high; h++) {
    const row = pixels.subarray((top + h) * width + left, (top + h) * width + right + 1);
    ink.set(row, (h + ((size - high) >> 1)) * size + ((size - wide) >> 1));
  }
  return {width: size, height: size, channels: 1, pixels: ink};
}

// Whether a grey image has a light edge: then it is probably dark on light.
function looksLight(pixels, side) {
  const edge = [];
  for (let i = 0; i < side; i++)
    edge.push(pixels[i], pixels[(side - 1) * side + i],      // above, below
      pixels[i * side], pixels[i * side + side - 1]);        // left, right
  return edge.sort((a, b) => a - b)[edge.length >> 1] > 160;
}
