// What a trained network computes, from its layers as `describe_network` in pad.py lists them and its weights in half precision.

// Half precision (IEEE 754 binary16) to ordinary numbers.
function halves(view) {
  const values = new Float32Array(view.byteLength / 2);
  for (let i = 0; i < values.length; i++) {
    const bits = view.getUint16(2 * i, true);
    const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
    if (exponent === 0) values[i] = sign * fraction * 2 ** -24;
    else if (exponent === 31) values[i] = fraction ? NaN : sign * Infinity;
    else values[i] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return values;
}

function softmax(values) {
  const largest = Math.max(...values);
  const powers = Array.from(values, (value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function activated(values, activation) {
  if (activation === "softmax") return softmax(values);
  if (activation === "relu") for (let i = 0; i < values.length; i++) if (values[i] < 0) values[i] = 0;
  return values;
}

function dense(input, { units, activation }, kernel, bias) {
  const output = Float64Array.from(bias);
  for (let i = 0; i < input.length; i++) {
    const value = input[i];
    if (value === 0) continue; // paper, and what relu has cut off
    const row = i * units;
    for (let unit = 0; unit < units; unit++) output[unit] += value * kernel[row + unit];
  }
  return activated(output, activation);
}

// Images are rows of columns of channels. `before` is the border that padding adds above and to the left.
function convolution(input, { shape, size, stride, before, out, filters, activation }, kernel, bias) {
  const [height, width, channels] = shape;
  const output = new Float64Array(out[0] * out[1] * filters);
  for (let row = 0; row < out[0]; row++) {
    for (let column = 0; column < out[1]; column++) {
      const place = (row * out[1] + column) * filters;
      for (let f = 0; f < filters; f++) output[place + f] = bias[f];
      for (let i = 0; i < size[0]; i++) {
        const y = row * stride[0] + i - before[0];
        if (y < 0 || y >= height) continue;
        for (let j = 0; j < size[1]; j++) {
          const x = column * stride[1] + j - before[1];
          if (x < 0 || x >= width) continue;
          for (let c = 0; c < channels; c++) {
            const value = input[(y * width + x) * channels + c];
            if (value === 0) continue;
            const from = ((i * size[1] + j) * channels + c) * filters;
            for (let f = 0; f < filters; f++) output[place + f] += value * kernel[from + f];
          }
        }
      }
    }
  }
  return activated(output, activation);
}

function pooling(input, { shape, size, stride, out }) {
  const [, width, channels] = shape;
  const output = new Float64Array(out[0] * out[1] * channels).fill(-Infinity);
  for (let row = 0; row < out[0]; row++) {
    for (let column = 0; column < out[1]; column++) {
      for (let i = 0; i < size[0]; i++) {
        for (let j = 0; j < size[1]; j++) {
          for (let c = 0; c < channels; c++) {
            const to = (row * out[1] + column) * channels + c;
            const from = ((row * stride[0] + i) * width + column * stride[1] + j) * channels + c;
            if (input[from] > output[to]) output[to] = input[from];
          }
        }
      }
    }
  }
  return output;
}

// Gives a function from 784 bytes to ten probabilities.
function network(layers, view) {
  const weights = halves(view);
  let next = 0;
  const take = (count) => weights.subarray(next, (next += count));
  const steps = layers.map((layer) => {
    if (layer.kind === "dense") {
      const [kernel, bias] = [take(layer.inputs * layer.units), take(layer.units)];
      return (values) => dense(values, layer, kernel, bias);
    }
    if (layer.kind === "convolution") {
      const [kernel, bias] = [take(layer.size[0] * layer.size[1] * layer.shape[2] * layer.filters), take(layer.filters)];
      return (values) => convolution(values, layer, kernel, bias);
    }
    if (layer.kind === "pooling") return (values) => pooling(values, layer);
    return (values) => activated(values, layer.activation);
  });
  return (pixels) => steps.reduce((values, step) => step(values), Float64Array.from(pixels, (pixel) => pixel / 255));
}
