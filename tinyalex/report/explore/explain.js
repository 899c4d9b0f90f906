"use strict";
// How one number of a layer comes about: what the layer saw, its weights, and the sum.

const pair = ([a, b]) => (a === b ? `${a}` : `${a} × ${b}`);
const channels = (count) => `${count} channel${count === 1 ? "" : "s"}`;
const filters = (layer) => `${layer.out[0]} filters of ${size(layer.kernel)}`;
const size = (shape) => shape.join(" × ");

// What a layer does, in a few words.
const ABOUT = {
  Input: () => "the picture as the network gets it: cropped, minus the mean, scaled",
  Conv2d: (l) => `${filters(l)} over ${channels(l.in[0] / l.groups)}`
    + (l.groups > 1 ? ` (${l.groups} groups)` : "")
    + `, stride ${pair(l.stride)}, padding ${pair(l.padding)}`,
  LocallyConnected2d: (l) => `${filters(l)}, others at each position`,
  Linear: (l) => `${l.out[0]} units, each of which sees all ${l.in[0]} inputs`,
  MaxPool2d: (l) => `the largest number of each ${size(l.kernel)} window, stride ${pair(l.stride)}`,
  AvgPool2d: (l) => `the mean of each ${size(l.kernel)} window, stride ${pair(l.stride)}`,
  ReLU: () => "negative numbers become 0",
  Tanh: () => "every number is squeezed between -1 and 1",
  LocalResponseNorm: (l) => `divided by a power of the energy of ${l.size} neighbouring channels`,
  SpatialResponseNorm: (l) =>
    `divided by a power of the energy of ${l.size} × ${l.size} neighbours`,
  Dropout: (l) => (l.factor === 1 ? "only for training: here nothing changes"
    : `only for training: here every number is multiplied by ${l.factor}`),
  Flatten: () => "the same numbers in one row",
  Softmax: () => "probabilities: positive, and their sum is 1",
  Half: (l) => `what the ${l.which ? "right" : "left"} tower sees: half of the channels`,
  Joined: () => "the channels of both towers, one after the other",
};

// {parts, equation, value}. A part is {label, window, kernel, shape, total}, a product if it has
// a kernel. `x` is the layer's input, `y` its output, and (map, row, column) the place in `y`.
function explain(layer, x, y, map, row, column) {
  const [, H = 1, W = 1] = layer.out, at = (map * H + row) * W + column, value = y[at];
  const how = EXPLAIN[layer.kind];
  return {value, parts: [], equation: "", ...(how && how(layer, x, {map, row, column, at, value}))};
}

const EXPLAIN = {
  Conv2d(layer, x, {map, row, column, value}) {
    const Cg = layer.in[0] / layer.groups, Fg = layer.out[0] / layer.groups;
    const first = Math.floor(map / Fg) * Cg;                 // the group's first channel
    return products(layer, x, first, Cg, map, layer.bias[map], row, column, value);
  },
  LocallyConnected2d(layer, x, {map, row, column, value}) {
    const filter = (row * layer.out[2] + column) * layer.out[0] + map;
    return products(layer, x, 0, layer.in[0], filter, layer.bias[filter], row, column, value);
  },
  Linear(layer, x, {map, value}) {
    const columns = Math.ceil(Math.sqrt(x.length)), bias = layer.bias[map];
    const kernel = layer.weight.subarray(map * x.length, (map + 1) * x.length);
    const total = x.reduce((sum, v, i) => sum + v * kernel[i], 0);
    const shape = [Math.ceil(x.length / columns), columns];
    return {parts: [{label: "all inputs", window: x, kernel, shape, total}],
      equation: `${short(total)} + bias ${short(bias)} = ${short(value)}`};
  },
  MaxPool2d(layer, x, {map, row, column, value}) {
    const part = pooled(layer, x, map, row, column);
    part.mark = part.window.indexOf(value);
    return {parts: [part], equation: `the largest is ${short(value)}`};
  },
  AvgPool2d(layer, x, {map, row, column, value}) {
    const part = pooled(layer, x, map, row, column);
    return {parts: [part], equation: `the mean of ${part.window.length} is ${short(value)}`};
  },
  ReLU: (layer, x, {at, value}) => ({equation: `max(0, ${short(x[at])}) = ${short(value)}`}),
  Tanh: (layer, x, {at, value}) => ({equation: `tanh(${short(x[at])}) = ${short(value)}`}),
  Dropout: (layer, x, {at, value}) =>
    ({equation: `${short(x[at])} × ${layer.factor} = ${short(value)}`}),
  LocalResponseNorm(layer, x, {map, row, column, at, value}) {
    const [C, H, W] = layer.in, Cg = C / layer.groups, window = [];
    const [first, end] = neighbours(map % Cg, Cg, layer.size).map((n) => n + map - (map % Cg));
    for (let c = first; c < end; c++) window.push(x[(c * H + row) * W + column]);
    return norm(layer, x[at], value, `channels ${first} to ${end - 1}`, window, [1, window.length]);
  },
  SpatialResponseNorm(layer, x, {map, row, column, at, value}) {
    const [, H, W] = layer.in, window = [];
    const [top, bottom] = neighbours(row, H, layer.size);
    const [left, right] = neighbours(column, W, layer.size);
    for (let h = top; h < bottom; h++)
      for (let w = left; w < right; w++) window.push(x[(map * H + h) * W + w]);
    return norm(layer, x[at], value, "neighbours", window, [bottom - top, right - left]);
  },
  Softmax(layer, x, {at, value}) {
    const m = Math.max(...x), sum = x.reduce((total, v) => total + Math.exp(v - m), 0);
    return {equation: `exp(${short(x[at] - m)}) / ${short(sum)} = ${short(value)}`};
  },
};

// A window times a filter, channel by channel; the strongest channels first.
function products(layer, x, first, count, filter, bias, row, column, value) {
  const [KH, KW] = layer.kernel, K = KH * KW, parts = [];
  for (let c = 0; c < count; c++) {
    const window = windowOf(layer, x, first + c, 1, row, column);
    const kernel = layer.weight.subarray((filter * count + c) * K, (filter * count + c + 1) * K);
    const total = window.reduce((sum, v, k) => sum + v * kernel[k], 0);
    parts.push({label: `channel ${first + c}`, window, kernel, shape: [KH, KW], total});
  }
  parts.sort((a, b) => Math.abs(b.total) - Math.abs(a.total));
  const sum = parts.reduce((total, part) => total + part.total, 0);
  const all = count > 1 ? `${channels(count)}: ` : "";
  return {parts, equation: `${all}${short(sum)} + bias ${short(bias)} = ${short(value)}`};
}

function pooled(layer, x, map, row, column) {
  const window = poolWindow(layer, x, map, row, column);
  const rows = Math.min(layer.kernel[0], layer.in[1] - row * layer.stride[0]);
  return {label: `map ${map}`, window, shape: [rows, window.length / rows]};
}

function norm(layer, x, value, label, window, shape) {
  const energy = window.reduce((sum, v) => sum + v * v, 0);
  const scale = `(${short(layer.k)} + ${short(layer.alpha)} × ${short(energy)})`;
  return {parts: [{label, window, shape}],
    equation: `${short(x)} / ${scale} to the power ${layer.beta} = ${short(value)}`};
}
