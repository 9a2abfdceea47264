import { all, make, one } from "../dom.js";
import { clamp } from "../numbers.js";
import { Plane } from "../plane.js";

/** @import { Color } from "../colors.js" */
/** @import { Point } from "../numbers.js" */
/** @import { Dots } from "./dots.js" */

const FADED = 0.15; // opacity
const RINGS = [0.5, 0.95]; // of the prior's draws lie within

// One map: its points, in a figure of their own.
export class Chart extends Plane {
  /**
   * @param {Float32Array} points
   * @param {string} title
   */
  constructor(points, title) {
    super(points);
    this.title = title;
    /** @type {[across: string, up: string] | null} Where the numbers of the axes mean much. */
    this.axes = null;
    /** @type {(Point | null)[]} Of the classes. */
    this.middles = [];
    this.figure = make("figure");
    this.figure.innerHTML = `<figcaption></figcaption><div class="plane"><canvas></canvas><canvas class="over"></canvas></div><dl></dl>`;
    one(this.figure, "figcaption", HTMLElement).textContent = title;
    const [base, over] = all(this.figure, "canvas", HTMLCanvasElement);
    this.base = base;
    this.over = over;
    this.over.tabIndex = 0;
    this.over.setAttribute("role", "application");
    this.over.setAttribute("aria-label", `${title}: arrow keys walk over it, Enter selects the nearest image`);
  }

  /** @param {[name: string, value: string][]} facts */
  tell(facts) {
    const parts = facts.flatMap(([name, value]) => [
      make("dt", { textContent: name }),
      make("dd", { textContent: value }),
    ]);
    one(this.figure, "dl", HTMLElement).replaceChildren(...parts);
  }

  zoom(/** @type {number} */ factor, left = this.side / 2, top = this.side / 2) {
    const [x, y] = this.toPlane(left, top);
    this.show([x + (this.center[0] - x) / factor, y + (this.center[1] - y) / factor], this.span / factor);
  }

  /**
   * The points in sight, where there are no more than `most`; none where there are.
   *
   * @param {number} most
   */
  inSight(most) {
    const found = [];
    for (let i = 0; i < this.count && found.length <= most; i++) {
      const [x, y] = this.place(i);
      if (x > 0 && x < this.side && y > 0 && y < this.side) found.push(i);
    }
    return found.length > most ? [] : found;
  }

  /**
   * The points as discs.
   *
   * @param {CanvasRenderingContext2D} pen
   * @param {Dots} dots - What lays them.
   * @param {(i: number) => Color} colored
   * @param {(i: number) => boolean} stands - Whether a point is brought out.
   */
  scatter(pen, dots, colored, stands) {
    const [radius, opacity] = this.count > 5000 ? [1.6, 0.6] : [this.count > 1000 ? 2 : 3, 0.8];
    dots.wipe(this.base.width, radius * devicePixelRatio);
    const scale = this.base.width / this.span;
    const left = this.base.width / 2 - this.center[0] * scale;
    const top = this.base.width / 2 + this.center[1] * scale;
    for (let i = 0; i < this.count; i++) {
      const [x, y] = [left + this.points[2 * i] * scale, top - this.points[2 * i + 1] * scale];
      dots.put(x, y, colored(i), stands(i) ? opacity : FADED);
    }
    pen.drawImage(dots.picture(), 0, 0, this.side, this.side);
  }

  /**
   * Where zero is, and the prior's rings: only axes that are numbers of the code have either.
   *
   * @param {CanvasRenderingContext2D} pen
   * @param {[across: string, up: string]} axes
   * @param {string} color
   * @param {boolean} prior
   */
  grid(pen, [across, up], color, prior) {
    const [x, y] = this.toScreen(0, 0);
    [pen.strokeStyle, pen.fillStyle, pen.font] = [color, color, "12px sans-serif"];
    pen.globalAlpha = 0.25;
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, this.side);
    pen.moveTo(0, y);
    pen.lineTo(this.side, y);
    pen.stroke();
    for (const share of prior ? RINGS : []) {
      pen.setLineDash([4, 4]);
      pen.beginPath();
      pen.arc(x, y, Math.sqrt(-2 * Math.log(1 - share)) * this.scale, 0, 7);
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 0.8;
    pen.textAlign = "right";
    pen.fillText(across, this.side - 4, clamp(y - 6, 14, this.side - 6));
    pen.textAlign = "start";
    pen.fillText(up, clamp(x + 6, 4, this.side - 30), 14);
    pen.globalAlpha = 1;
  }

  /**
   * The posterior of an image, to scale: its ellipses at one and two scales.
   *
   * @param {CanvasRenderingContext2D} pen
   * @param {number} i
   * @param {Float32Array} scales - Of all images, across and up by turns.
   * @param {string} color
   */
  posterior(pen, i, scales, color) {
    const [x, y] = this.place(i);
    const [wide, high] = scales.subarray(2 * i, 2 * i + 2);
    pen.strokeStyle = color;
    for (const times of [1, 2]) {
      pen.beginPath();
      pen.ellipse(x, y, times * wide * this.scale, times * high * this.scale, 0, 0, 7);
      pen.stroke();
    }
  }
}

/**
 * A circle around a place of the screen.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} color
 */
export function ring(pen, x, y, radius, color) {
  pen.strokeStyle = color;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.stroke();
}
