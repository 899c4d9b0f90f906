"use strict";
// Reads the network out of the page, and says which part of the image a unit depends on.

function readNetwork() {
  const network = JSON.parse(document.getElementById("network").textContent);
  const numbers = new Float32Array(bytesOf(document.getElementById("weights").textContent).buffer);
  attach([network.image, ...network.layers], numbers);
  for (const sample of network.samples) sample.pixels = bytesOf(sample.pixels);
  return network;
}

// Give each layer its weights: a layer's `arrays` say where they begin, and how many they are.
function attach(holders, numbers) {
  for (const holder of holders)
    for (const [name, [start, count]] of Object.entries(holder.arrays || {}))
      holder[name] = numbers.subarray(start, start + count);
}

function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// The box {top, left, bottom, right} of the image (inclusive) that reaches position (row, column)
// of layer `index`: from layer to layer backwards, a box grows by the kernel.
function receptiveField(layers, index, row, column) {
  let box = {top: row, bottom: row, left: column, right: column};
  for (let i = index; i > 0; i = layers[i].from[0]) {
    const layer = layers[i], [, H, W] = layer.in;
    if (H === undefined || layer.out.length === 1) return receptiveFieldOfAll(layers);
    const [sh, sw] = layer.stride || [1, 1], [ph, pw] = layer.padding || [0, 0];
    const [KH, KW] = layer.kernel || [1, 1];
    const [before, after] = layer.kind === "SpatialResponseNorm"
      ? [Math.floor(layer.size / 2), Math.floor((layer.size - 1) / 2)] : [0, 0];
    box = {
      top: Math.max(0, box.top * sh - ph - before),
      left: Math.max(0, box.left * sw - pw - before),
      bottom: Math.min(H - 1, box.bottom * sh - ph + KH - 1 + after),
      right: Math.min(W - 1, box.right * sw - pw + KW - 1 + after),
    };
  }
  return box;
}

function receptiveFieldOfAll(layers) {
  const [, H, W] = layers[0].out;
  return {top: 0, left: 0, bottom: H - 1, right: W - 1};
}
