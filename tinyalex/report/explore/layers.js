"use strict";
// The forward pass of every layer, for one image. tinyalex/functional has the same in Python.
//
// C H W: channels, height, width of the input. F: filters. KH KW: kernel. OH OW: output.
// x[c][h][w] is the number x[(c * H + h) * W + w]. Every function takes the layer (its sizes,
// weights and settings) and its input, and returns its output: both are Float32Array.

// Each output is a filter times a window, plus a bias. (C, H, W) -> (F, OH, OW)
function conv2d(layer, x) {
  const [C, H, W] = layer.in, [F, OH, OW] = layer.out, [KH, KW] = layer.kernel;
  const [sh, sw] = layer.stride, [ph, pw] = layer.padding;
  const Cg = C / layer.groups, Fg = F / layer.groups;        // channels and filters of a group
  const rows = Array.from({length: KH}, (_, kh) => inside(H, OH, sh, kh - ph));
  const columns = Array.from({length: KW}, (_, kw) => inside(W, OW, sw, kw - pw));
  const y = new Float32Array(F * OH * OW);                   // (F, OH, OW)
  for (let f = 0; f < F; f++) {
    const map = y.subarray(f * OH * OW, (f + 1) * OH * OW);  // (OH, OW)
    map.fill(layer.bias[f]);
    for (let c = 0; c < Cg; c++) {
      const channel = (Math.floor(f / Fg) * Cg + c) * H * W; // where channel c of f's group begins
      for (let kh = 0; kh < KH; kh++) {
        for (let kw = 0; kw < KW; kw++) {
          const w = layer.weight[((f * Cg + c) * KH + kh) * KW + kw];
          const [top, bottom] = rows[kh], [left, right] = columns[kw];  // the rest reads padding
          for (let oh = top; oh < bottom; oh++) {
            const row = channel + (oh * sh + kh - ph) * W + kw - pw;
            for (let ow = left; ow < right; ow++) map[oh * OW + ow] += w * x[row + ow * sw];
          }
        }
      }
    }
  }
  return y;
}

// The outputs [first, end) of `count` that read a pixel in the image, and not padding:
// those o with 0 <= o * stride + offset < size.
function inside(size, count, stride, offset) {
  return [Math.max(0, Math.ceil(-offset / stride)),
    Math.min(count, Math.ceil((size - offset) / stride))];
}

// A convolution with other filters at every position. weight: (OH, OW, F, C, KH, KW)
function localConv2d(layer, x) {
  const [F, OH, OW] = layer.out;
  const y = new Float32Array(F * OH * OW);                   // (F, OH, OW)
  for (let oh = 0; oh < OH; oh++) {
    for (let ow = 0; ow < OW; ow++) {
      const window = windowOf(layer, x, 0, layer.in[0], oh, ow);      // (C, KH, KW)
      for (let f = 0; f < F; f++) {
        const filter = (oh * OW + ow) * F + f;
        let sum = layer.bias[filter];
        for (let k = 0; k < window.length; k++)
          sum += layer.weight[filter * window.length + k] * window[k];
        y[(f * OH + oh) * OW + ow] = sum;
      }
    }
  }
  return y;
}

// What the output at (oh, ow) sees of `count` channels from `first` on: (count, KH, KW).
function windowOf(layer, x, first, count, oh, ow) {
  const [, H, W] = layer.in, [KH, KW] = layer.kernel;
  const window = new Float32Array(count * KH * KW);          // padding stays 0
  for (let c = 0; c < count; c++) {
    for (let kh = 0; kh < KH; kh++) {
      for (let kw = 0; kw < KW; kw++) {
        const h = oh * layer.stride[0] + kh - layer.padding[0];
        const w = ow * layer.stride[1] + kw - layer.padding[1];
        if (h >= 0 && h < H && w >= 0 && w < W)
          window[(c * KH + kh) * KW + kw] = x[((first + c) * H + h) * W + w];
      }
    }
  }
  return window;
}

// The numbers of one pooling window, which the lower and right edge may cut off.
function poolWindow(layer, x, c, oh, ow) {
  const [, H, W] = layer.in, [KH, KW] = layer.kernel;
  const top = oh * layer.stride[0], left = ow * layer.stride[1], found = [];
  for (let h = top; h < Math.min(top + KH, H); h++)
    for (let w = left; w < Math.min(left + KW, W); w++) found.push(x[(c * H + h) * W + w]);
  return found;
}

// (C, H, W) -> (C, OH, OW): one number for every window.
function pool(layer, x, choose) {
  const [C, OH, OW] = layer.out;
  const y = new Float32Array(C * OH * OW);
  for (let c = 0; c < C; c++)
    for (let oh = 0; oh < OH; oh++)
      for (let ow = 0; ow < OW; ow++)
        y[(c * OH + oh) * OW + ow] = choose(poolWindow(layer, x, c, oh, ow));
  return y;
}

const mean = (numbers) => numbers.reduce((a, b) => a + b) / numbers.length;
const maxPool2d = (layer, x) => pool(layer, x, (window) => Math.max(...window));
const avgPool2d = (layer, x) => pool(layer, x, mean);

const relu = (layer, x) => x.map((v) => Math.max(v, 0));
const tanh = (layer, x) => x.map(Math.tanh);
const dropout = (layer, x) => x.map((v) => v * layer.factor); // 1, unless trained the paper's way

// y = x / (k + alpha * sum of x**2 over the neighbouring channels) ** beta. (C, H, W)
function localResponseNorm(layer, x) {
  const [C, H, W] = layer.in;
  const P = H * W, Cg = C / layer.groups, y = new Float32Array(x.length);
  for (let c = 0; c < C; c++) {
    const [first, end] = neighbours(c % Cg, Cg, layer.size).map((n) => n + c - (c % Cg));
    for (let p = 0; p < P; p++) {
      let energy = 0;
      for (let n = first; n < end; n++) energy += x[n * P + p] ** 2;
      y[c * P + p] = x[c * P + p] / (layer.k + layer.alpha * energy) ** layer.beta;
    }
  }
  return y;
}

// The same over a square of neighbouring pixels in one channel.
function spatialResponseNorm(layer, x) {
  const [C, H, W] = layer.in, y = new Float32Array(x.length);
  for (let c = 0; c < C; c++) {
    for (let h = 0; h < H; h++) {
      const [top, bottom] = neighbours(h, H, layer.size);
      for (let w = 0; w < W; w++) {
        const [left, right] = neighbours(w, W, layer.size);
        let energy = 0;
        for (let i = top; i < bottom; i++)
          for (let j = left; j < right; j++) energy += x[(c * H + i) * W + j] ** 2;
        const at = (c * H + h) * W + w;
        y[at] = x[at] / (layer.k + layer.alpha * energy) ** layer.beta;
      }
    }
  }
  return y;
}

// [first, end) of `size` neighbours around `at`; at both ends there are fewer.
function neighbours(at, count, size) {
  const before = Math.floor(size / 2), after = Math.floor((size - 1) / 2);
  return [Math.max(0, at - before), Math.min(count, at + after + 1)];
}

// Every output sees every input. weight: (out, in)
function linear(layer, x) {
  const y = new Float32Array(layer.out[0]);
  for (let unit = 0; unit < y.length; unit++) {
    let sum = layer.bias[unit];
    for (let i = 0; i < x.length; i++) sum += layer.weight[unit * x.length + i] * x[i];
    y[unit] = sum;
  }
  return y;
}

const flatten = (layer, x) => x;                             // (C, H, W) -> (C*H*W)

// Probabilities: positive, and their sum is 1.
function softmax(layer, x) {
  const largest = Math.max(...x), e = x.map((v) => Math.exp(v - largest));
  const sum = e.reduce((a, b) => a + b);
  return e.map((v) => v / sum);
}

// Two towers side by side: each may see half of the channels; at the end they are joined.
const half = (layer, x) => x.slice(layer.which * x.length / 2, (layer.which + 1) * x.length / 2);
function joined(layer, left, right) {
  const y = new Float32Array(left.length + right.length);
  y.set(left);
  y.set(right, left.length);
  return y;
}

const LAYERS = {
  Conv2d: conv2d, LocallyConnected2d: localConv2d, Linear: linear, MaxPool2d: maxPool2d,
  AvgPool2d: avgPool2d, ReLU: relu, Tanh: tanh, LocalResponseNorm: localResponseNorm,
  SpatialResponseNorm: spatialResponseNorm, Dropout: dropout, Flatten: flatten, Softmax: softmax,
  Half: half, Joined: joined,
};

// The outputs of all layers; the first "layer" is the image.
function forward(layers, image) {
  const outputs = [image];
  for (const layer of layers.slice(1))
    outputs.push(LAYERS[layer.kind](layer, ...layer.from.map((i) => outputs[i])));
  return outputs;
}
