// What is reckoned of an ellipse q, [x, y, log of its scales], under a function log p(x, z) of the place.
const REACH = 4;
const STEP = 0.25; // of the integral, in scales
const UNITS = Array.from({ length: (2 * REACH) / STEP + 1 }, (_, i) => -REACH + i * STEP);

// E_q[log p(x, z)] + H(q), in nats: a sum in units of q's scale.
export function elbo([x, y, ...logs], joint) {
  const [wide, high] = logs.map(Math.exp);
  let sum = 0;
  let total = 0;
  for (const v of UNITS) {
    for (const u of UNITS) {
      const weight = Math.exp(-(u * u + v * v) / 2);
      sum += weight * joint(x + wide * u, y + high * v);
      total += weight;
    }
  }
  return sum / total + logs[0] + logs[1] + Math.log(2 * Math.PI) + 1;
}

// The samples of q at draws of N(0, I), with their shares of the weight p(x, z) / q(z).
export function weigh([x, y, ...logs], units, joint) {
  const [wide, high] = logs.map(Math.exp);
  const codes = units.map(([u, v]) => [x + wide * u, y + high * v]);
  const ratios = units.map(([u, v], i) => joint(...codes[i]) + (u * u + v * v) / 2);
  const top = Math.max(...ratios);
  const raw = ratios.map((each) => Math.exp(each - top));
  const total = raw.reduce((sum, each) => sum + each, 0);
  return { codes, weights: raw.map((each) => each / total) };
}
