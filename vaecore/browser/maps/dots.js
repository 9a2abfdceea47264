/** @import { Color } from "../colors.js" */

// Discs laid over each other on a square of pixels: a canvas takes ten times as long for ten thousand of them.
export class Dots {
  constructor() {
    this.side = 0;
    this.radius = 0;
    this.light = new Float32Array(0); // of every pixel red, green and blue, each times what covers it, and that
    this.sheet = new OffscreenCanvas(1, 1);
  }

  /**
   * Begin with an empty square.
   *
   * @param {number} side - In pixels.
   * @param {number} radius - Of the discs.
   */
  wipe(side, radius) {
    if (this.side === side) this.light.fill(0);
    else [this.light, this.sheet] = [new Float32Array(4 * side * side), new OffscreenCanvas(side, side)];
    [this.side, this.radius] = [side, radius];
  }

  /**
   * Lay a disc around a place; a pixel on its edge is covered by a share.
   *
   * @param {number} x
   * @param {number} y
   * @param {Color} color
   * @param {number} opacity
   */
  put(x, y, color, opacity) {
    const { side, radius, light } = this;
    const reach = radius + 0.5;
    const left = Math.max(0, Math.ceil(x - reach - 0.5));
    const right = Math.min(side - 1, Math.floor(x + reach - 0.5));
    const top = Math.max(0, Math.ceil(y - reach - 0.5));
    const bottom = Math.min(side - 1, Math.floor(y + reach - 0.5));
    const [red, green, blue] = color;
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const share = reach - Math.sqrt((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2);
        if (share <= 0) continue;
        const over = opacity * Math.min(1, share);
        const under = 1 - over;
        const at = 4 * (row * side + column);
        light[at] = over * red + under * light[at];
        light[at + 1] = over * green + under * light[at + 1];
        light[at + 2] = over * blue + under * light[at + 2];
        light[at + 3] = over + under * light[at + 3];
      }
    }
  }

  picture() {
    const { side, light } = this;
    const picture = new ImageData(side, side);
    const { data } = picture;
    for (let at = 0; at < light.length; at += 4) {
      const cover = light[at + 3];
      if (!cover) continue;
      data[at] = light[at] / cover;
      data[at + 1] = light[at + 1] / cover;
      data[at + 2] = light[at + 2] / cover;
      data[at + 3] = 255 * cover;
    }
    this.sheet.getContext("2d")?.putImageData(picture, 0, 0);
    return this.sheet;
  }
}
