// Where a model's parameters and values lie in memory, and the steps between them.
import { activation, linear, sample } from "./layers.js";
import { padded } from "./memory.js";
import { KINDS, crossEntropy, gaussianError, linearError, squaredError } from "./objectives.js";

/** @import { Arena, Matrix, Value } from "./memory.js" */
/** @import { Parameter, TrainStep } from "./layers.js" */
/**
 * What a model is built of; vaecore's names.
 *
 * @typedef {object} Build
 * @property {string} model
 * @property {number} pixels - Numbers of an image.
 * @property {number} classes
 * @property {number[]} hidden - The encoder's widths; the decoder mirrors them.
 * @property {number} latent
 * @property {string} activation
 * @property {string} likelihood - Of a pixel: "bernoulli" or "gaussian".
 */
/** @typedef {{ name: string, shape: number[] }} Declared */
/** @typedef {{ steps: TrainStep[], to: Value }} Laid - A network and what it gives. */

/**
 * All that a model has, in an arena.
 *
 * @param {Arena} arena
 * @param {Build} build
 * @param {number} batch
 */
export function lay(arena, build, batch) {
  const { pixels, hidden, latent } = build;
  const kind = KINDS[build.model];
  if (!kind) throw new Error(`expected a model of ${Object.keys(KINDS).join(", ")}, got ${build.model}`);
  const variational = kind.term === "rate";
  const told = kind.told ? build.classes : 0;
  const down = [pixels + told, ...hidden, variational ? 2 * latent : latent];
  const up = [latent + told, ...hidden.toReversed(), pixels];
  const { parameters, flat } = layParameters(arena, declared(build, down, up));
  /** @param {number} width */
  const value = (width) => arena.value(batch, width);
  /** @type {(from: Value, sizes: number[], layer: (i: number) => [Parameter, Parameter], tied: boolean) => Laid} */
  const network = (from, sizes, layer, tied) => {
    /** @type {TrainStep[]} */
    const steps = [];
    for (let i = 1; i < sizes.length; i++) {
      const first = from === x;
      const [weight, bias] = layer(i - 1);
      const to = value(sizes[i]);
      steps.push(linear(arena.kernel, from, to, weight, bias, { tied, first }));
      from = to;
      if (i + 1 === sizes.length) break;
      from = value(sizes[i]);
      steps.push(activation(arena, batch, to, from, build.activation));
    }
    return { steps, to: from };
  };
  const x = value(down[0]);
  const layers = down.length - 1;
  const encoder = network(x, down, (i) => [parameters[2 * i], parameters[2 * i + 1]], false);
  let code = encoder.to;
  if (kind.code !== "identity") {
    code = value(latent);
    encoder.steps.push(activation(arena, batch, encoder.to, code, kind.code));
  }
  const z = variational ? value(up[0]) : code;
  /** @param {number} i @returns {[Parameter, Parameter]} */
  const own = (i) => [parameters[2 * (layers + i)], parameters[2 * (layers + i) + 1]];
  /** @param {number} i @returns {[Parameter, Parameter]} */
  const shared = (i) => [parameters[2 * (layers - 1 - i)], parameters[2 * layers + i]];
  const decoder = network(z, up, kind.tied ? shared : own, kind.tied);
  const noise = arena.matrix(batch, variational ? latent : pixels);
  const logScale = parameters.find(({ name }) => name === "log_scale");
  const plainError = build.model === "linear" ? linearError : squaredError;
  const likelihood = logScale ? gaussianError(logScale) : crossEntropy;
  return {
    parameters,
    flat,
    x,
    code,
    z,
    noise,
    encoder: encoder.steps,
    decoder: decoder.steps,
    said: decoder.to,
    image: arena.matrix(batch, pixels),
    mean: arena.matrix(batch, pixels),
    sampled: variational ? sample(code, z, noise) : null,
    distortion: variational ? likelihood : plainError,
  };
}

/**
 * The parameters, by their names and in their order in torch.
 *
 * @param {Build} build
 * @param {number[]} down
 * @param {number[]} up
 * @returns {Declared[]}
 */
function declared({ model, likelihood }, down, up) {
  const { tied, term } = KINDS[model];
  /** @type {(network: string, sizes: number[]) => Declared[]} */
  const layersOf = (network, sizes) =>
    sizes.slice(1).flatMap((size, i) => [
      { name: `${network}.${2 * i}.weight`, shape: [size, sizes[i]] },
      { name: `${network}.${2 * i}.bias`, shape: [size] },
    ]);
  const back = tied
    ? up.slice(1).map((size, i) => ({ name: `decoder.biases.${i}`, shape: [size] }))
    : layersOf("decoder", up);
  const scale = term === "rate" && likelihood === "gaussian" ? [{ name: "log_scale", shape: [] }] : [];
  return [...layersOf("encoder", down), ...back, ...scale];
}

/**
 * Parameters and gradients, each in one row of memory, so that an optimiser needs no more than one loop; and the
 * optimiser's two moments.
 *
 * @param {Arena} arena
 * @param {Declared[]} wanted
 */
function layParameters(arena, wanted) {
  const row = () => ({ at: arena.used, parts: wanted.map(({ shape }) => room(arena, shape)) });
  const [out, grad] = [row(), row()];
  const count = (grad.at - out.at) / 4;
  const [first, second] = [arena.floats(count), arena.floats(count)];
  const parameters = wanted.map(({ name, shape }, i) => ({
    name,
    shape,
    out: out.parts[i],
    grad: grad.parts[i],
    turned: shape.length === 2 ? room(arena, shape.toReversed()) : null,
  }));
  /** @param {number} at */
  const whole = (at) => (arena.planned ? new Float32Array() : new Float32Array(arena.kernel.buffer, at, count));
  const flat = {
    at: { values: out.at, grads: grad.at, first: first.at, second: second.at },
    values: whole(out.at),
    grads: whole(grad.at),
    first: first.data,
    second: second.data,
  };
  return { parameters, flat };
}

/**
 * Room for a parameter, whose numbers of rows and columns are padded.
 *
 * @param {Arena} arena
 * @param {number[]} shape
 * @returns {Matrix}
 */
function room(arena, shape) {
  const width = shape.at(-1) ?? 1;
  if (shape.length === 2) return arena.matrix(padded(shape[0], 8), width);
  const stride = padded(width, 8);
  return { ...arena.floats(stride), width, stride };
}

/**
 * Do something at each number of a parameter that means something: where it lies, and its place in torch.
 *
 * @param {Matrix} matrix
 * @param {number[]} shape
 * @param {(at: number, place: number) => void} take
 */
export function visit({ width, stride }, shape, take) {
  const rows = shape.length === 2 ? shape[0] : 1;
  for (let r = 0; r < rows; r++) for (let i = 0; i < width; i++) take(r * stride + i, r * width + i);
}
