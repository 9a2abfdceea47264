// Principal components of a few small images, found in the page: the eigenvectors of their covariance.

const SWEEPS = 30; // at most; some eight are enough
const NOTHING = 1e-10; // of the largest variance: what no image has any of is no component

/**
 * The mean of rows, and their principal components by falling variance; at least one, though all rows be equal.
 *
 * @param {ArrayLike<number>} rows - One after the other.
 * @param {number} size - Of a row.
 * @param {number} most - Components, at most.
 */
export function principal(rows, size, most) {
  const count = rows.length / size;
  const mean = new Float64Array(size);
  for (let i = 0; i < rows.length; i++) mean[i % size] += rows[i] / count;
  const covariance = new Float64Array(size * size);
  for (let at = 0; at < rows.length; at += size) {
    for (let i = 0; i < size; i++) {
      const one = rows[at + i] - mean[i];
      for (let j = 0; j <= i; j++) covariance[i * size + j] += (one * (rows[at + j] - mean[j])) / count;
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) covariance[j * size + i] = covariance[i * size + j];
  const { values, vectors } = eigen(covariance, size);
  const order = Array.from(values, (_, i) => i).sort((i, j) => values[j] - values[i]);
  const said = order.filter((i, rank) => !rank || values[i] > NOTHING * values[order[0]]).slice(0, most);
  const components = new Float64Array(said.length * size);
  said.forEach((i, rank) => components.set(vectors.subarray(i * size, (i + 1) * size), rank * size));
  return { mean, components };
}

/**
 * ||x - x^||^2 with 1, 2 ... components, in the mean over rows.
 *
 * @param {ArrayLike<number>} rows
 * @param {Float64Array} mean
 * @param {Float64Array} components
 */
export function errorsOf(rows, mean, components) {
  const size = mean.length;
  const count = rows.length / size;
  const errors = new Float64Array(components.length / size);
  for (let at = 0; at < rows.length; at += size) {
    let left = 0;
    for (let i = 0; i < size; i++) left += (rows[at + i] - mean[i]) ** 2;
    for (let c = 0; c < errors.length; c++) {
      let code = 0;
      for (let i = 0; i < size; i++) code += components[c * size + i] * (rows[at + i] - mean[i]);
      errors[c] += Math.max(0, (left -= code * code)) / count;
    }
  }
  return [...errors];
}

/**
 * Eigenvalues and eigenvectors, one after the other, of a symmetric matrix, which is used up: each turn of two axes
 * clears one number beside the diagonal (Jacobi 1846; the angle as in Golub & Van Loan, section 8.5).
 *
 * @param {Float64Array} matrix
 * @param {number} size
 */
function eigen(matrix, size) {
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  const whole = Math.hypot(...matrix);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let beside = 0;
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) beside += matrix[i * size + j] ** 2;
    if (Math.sqrt(beside) <= 1e-14 * whole) break;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) clear(matrix, vectors, size, p, q);
  }
  return { values: Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]), vectors };
}

/**
 * Turn two axes until there is nothing between them.
 *
 * @param {Float64Array} a
 * @param {Float64Array} vectors
 * @param {number} n
 * @param {number} p
 * @param {number} q
 */
function clear(a, vectors, n, p, q) {
  const between = a[p * n + q];
  if (between === 0) return;
  const ratio = (a[q * n + q] - a[p * n + p]) / (2 * between);
  const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(1, ratio));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = tangent * cosine;
  for (let i = 0; i < n; i++) turn(a, i * n + p, i * n + q, cosine, sine);
  for (let i = 0; i < n; i++) turn(a, p * n + i, q * n + i, cosine, sine);
  for (let i = 0; i < n; i++) turn(vectors, p * n + i, q * n + i, cosine, sine);
}

/**
 * @param {Float64Array} numbers
 * @param {number} one
 * @param {number} other
 * @param {number} cosine
 * @param {number} sine
 */
function turn(numbers, one, other, cosine, sine) {
  const [x, y] = [numbers[one], numbers[other]];
  numbers[one] = cosine * x - sine * y;
  numbers[other] = sine * x + cosine * y;
}
