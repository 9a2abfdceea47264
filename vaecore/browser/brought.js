// What a page brings along instead of asking a server for it.

/**
 * By what stands for its address.
 *
 * @type {Map<string, Uint8Array<ArrayBuffer> | string>}
 */
const BROUGHT = new Map();

/**
 * Have bytes or a text at an address, so that nothing is asked for there.
 *
 * @param {string} address
 * @param {Uint8Array<ArrayBuffer> | string} what
 */
export function bring(address, what) {
  BROUGHT.set(address, what);
}

/**
 * What is at an address: what the page has brought along, or what a server answers.
 *
 * @param {string} address
 */
export async function answerAt(address) {
  const brought = BROUGHT.get(address);
  return brought === undefined ? fetch(address) : new Response(brought);
}
