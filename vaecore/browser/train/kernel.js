// What training spends its time in: by the bytes of kernel.wat, or in plain JavaScript where they cannot run.

const BYTES =
  "AGFzbQEAAAABIgNgCH9/f39/f39/AGAEf39/fwBgDH9/f39/fX19fX19fQACEgEGbWVtb3J5BmZsb2F0cwIAAQMEAwABAgcfAwht" +
  "dWx0aXBseQAACXRyYW5zcG9zZQABBGFkYW0AAgr4BQPqAwIKfwt7IAFBAnQhCANAQQAhCiADIQ4gByAJaiENA0AgDiAEaiEPIA8g" +
  "BGohECAQIARqIREgDSEMIAz9AAQAIRUgDP0ABBAhFiAMIAhqIQwgDP0ABAAhFyAM/QAEECEYIAwgCGohDCAM/QAEACEZIAz9AAQQ" +
  "IRogDCAIaiEMIAz9AAQAIRsgDP0ABBAhHCAGIAlqIQwgAiELA0AgDP0ABAAhEiAM/QAEECETIA79CQIAIRQgFSAUIBL95gH95AEh" +
  "FSAWIBQgE/3mAf3kASEWIA/9CQIAIRQgFyAUIBL95gH95AEhFyAYIBQgE/3mAf3kASEYIBD9CQIAIRQgGSAUIBL95gH95AEhGSAa" +
  "IBQgE/3mAf3kASEaIBH9CQIAIRQgGyAUIBL95gH95AEhGyAcIBQgE/3mAf3kASEcIA4gBWohDiAPIAVqIQ8gECAFaiEQIBEgBWoh" +
  "ESAMIAhqIQwgC0EBayILDQALIA0gFf0LBAAgDSAW/QsEECANIAhqIQ0gDSAX/QsEACANIBj9CwQQIA0gCGohDSANIBn9CwQAIA0g" +
  "Gv0LBBAgDSAIaiENIA0gG/0LBAAgDSAc/QsEECANIAhqIQ0gCkEEaiEKIAMgCiAEbGohDiAKIABJDQALIAlBIGoiCSAISQ0ACwtK" +
  "AQN/A0AgAyAEQQJ0aiEFIAIgAUECdGohBgNAIAUgAigCADYCACAFIABBAnRqIQUgAkEEaiICIAZJDQALIARBAWoiBCAASQ0ACwu+" +
  "AQIDewF/IAEgAEECdGohDwNAIAL9AAQAIQwgA/0ABAAgBf0TIAwgA/0ABAD95QH95gH95AEhDSAG/RMgBP0ABAD95gEgB/0TIAwg" +
  "DP3mAf3mAf3kASEOIAMgDf0LBAAgBCAO/QsEACABIAj9EyAB/QAEAP3mASAJ/RMgDf3mASAK/RMgDv3jAf3mASAL/RP95AH95wH9" +
  "5QH9CwQAIAJBEGohAiADQRBqIQMgBEEQaiEEIAFBEGoiASAPSQ0ACws=";

/**
 * Work on one memory. Places in it are in bytes; rows are padded to multiples of 4 and columns to multiples of 8.
 *
 * @typedef {object} Kernel
 * @property {ArrayBuffer} buffer
 * @property {(m: number, n: number, k: number, a: number, down: number, along: number, b: number, c: number) => void} multiply
 *   C += A B of C [m, n] and A [m, k], which has `down` bytes between its rows and `along` between its columns.
 * @property {(m: number, n: number, a: number, b: number) => void} transpose - B = A' of A [m, n].
 * @property {(n: number, p: number, g: number, m: number, v: number, new1: number, old2: number, new2: number,
 *   keep: number, step: number, root: number, eps: number) => void} adam - A step of AdamW over n numbers.
 */

/** The bytes of kernel.wat. */
export function kernelBytes() {
  return Uint8Array.from(atob(BYTES), (each) => each.charCodeAt(0));
}

/**
 * A kernel with a memory of so many bytes; in plain JavaScript if asked for, or where the bytes cannot run.
 *
 * @param {number} bytes
 * @returns {Kernel}
 */
export function makeKernel(bytes, plain = false) {
  if (plain || !canRun()) return plainKernel(new ArrayBuffer(bytes));
  try {
    const floats = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) || 1 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(kernelBytes()), { memory: { floats } });
    return /** @type {Kernel} */ (/** @type {unknown} */ ({ ...exports, buffer: floats.buffer }));
  } catch {
    return plainKernel(new ArrayBuffer(bytes)); // a page may be refused another memory, or any code
  }
}

/** Whether there is WebAssembly here, with vectors, and a page may use it. */
function canRun() {
  try {
    return WebAssembly.validate(kernelBytes());
  } catch {
    return false;
  }
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {Kernel}
 */
function plainKernel(buffer) {
  const f = new Float32Array(buffer);
  return {
    buffer,
    multiply(m, n, k, a, down, along, b, c) {
      for (let i = 0; i < m; i++) {
        const row = c / 4 + i * n;
        for (let t = 0; t < k; t += 4) {
          const at = (a + i * down + t * along) / 4;
          const from = b / 4 + t * n;
          const left = k - t; // four rows of B at once, so that C is read and written a quarter as often
          const [one, two] = [f[at], left > 1 ? f[at + along / 4] : 0];
          const [three, four] = [left > 2 ? f[at + along / 2] : 0, left > 3 ? f[at + (3 * along) / 4] : 0];
          if (one === 0 && two === 0 && three === 0 && four === 0) continue; // as most pixels of a digit are
          const [second, third, fourth] = [left > 1 ? n : 0, left > 2 ? 2 * n : 0, left > 3 ? 3 * n : 0];
          for (let j = 0; j < n; j++) {
            const p = from + j;
            f[row + j] += one * f[p] + two * f[p + second] + three * f[p + third] + four * f[p + fourth];
          }
        }
      }
    },
    transpose(m, n, a, b) {
      for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) f[b / 4 + j * m + i] = f[a / 4 + i * n + j];
    },
    adam(n, p, g, m, v, new1, old2, new2, keep, step, root, eps) {
      for (let i = 0; i < n; i++) {
        const gradient = f[g / 4 + i];
        const first = (f[m / 4 + i] += new1 * (gradient - f[m / 4 + i]));
        const second = (f[v / 4 + i] = old2 * f[v / 4 + i] + new2 * gradient * gradient);
        f[p / 4 + i] = keep * f[p / 4 + i] - (step * first) / (root * Math.sqrt(second) + eps);
      }
    },
  };
}
