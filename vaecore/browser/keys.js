/**
 * The way of each arrow key: to the right, and up.
 *
 * @type {Record<string, [right: number, up: number]>}
 */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
