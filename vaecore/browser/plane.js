// What a square canvas shows of a plane, and points there. Both axes have one scale; a place of the plane is x and y,
// one of the screen left and top, in the page's pixels from the canvas's corner.
import { clamp, perAxis } from "./numbers.js";
import { penOf } from "./picture.js";

/** @import { Point } from "./numbers.js" */
/** @typedef {{ names: string[], colors: string[], inks: string[] }} Legend - Classes: their names, colours and inks. */

const MARGIN = 0.06; // of the side, around 99 % of the points

export class Square {
  constructor() {
    this.side = 0; // pixels: 0 while it is not laid out
    this.show([0, 0], 1);
  }

  /**
   * Show the part of the plane around a center, so much of it over the canvas's side.
   *
   * @param {Point} center
   * @param {number} span
   */
  show(center, span) {
    /** @type {Point} */
    this.center = center;
    /** @type {number} */
    this.span = span;
  }

  /** Pixels of one unit of the plane. */
  get scale() {
    return this.side / this.span;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {Point}
   */
  toScreen(x, y) {
    return [this.side / 2 + (x - this.center[0]) * this.scale, this.side / 2 - (y - this.center[1]) * this.scale];
  }

  /**
   * @param {number} left
   * @param {number} top
   * @returns {Point}
   */
  toPlane(left, top) {
    return [this.center[0] + (left - this.side / 2) / this.scale, this.center[1] - (top - this.side / 2) / this.scale];
  }

  /**
   * A canvas's pen in the pixels of the page, the canvas wiped.
   *
   * @param {HTMLCanvasElement} canvas
   */
  pen(canvas) {
    this.side = canvas.clientWidth;
    const side = Math.round(this.side * devicePixelRatio);
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    const pen = penOf(canvas);
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, this.side, this.side);
    return pen;
  }
}

export class Plane extends Square {
  /** @param {Float32Array} points - x and y by turns. */
  constructor(points) {
    super();
    this.points = points;
    this.count = points.length / 2;
    this.fit();
  }

  /**
   * Show the middle 99 % of the points on both axes, for one outlier must not shrink all others, and all places given.
   *
   * @param {Point[]} places
   */
  fit(places = []) {
    const ends = perAxis((axis) => {
      const values = Float32Array.from({ length: this.count }, (_, i) => this.points[2 * i + axis]).sort();
      const known = [values[Math.floor(0.005 * (this.count - 1))], values[Math.ceil(0.995 * (this.count - 1))]];
      const all = [...known, ...places.map((place) => place[axis])];
      return { low: Math.min(...all), high: Math.max(...all) };
    });
    const span = Math.max(...ends.map(({ low, high }) => high - low), 1e-6);
    this.show(
      perAxis((axis) => (ends[axis].low + ends[axis].high) / 2),
      span * (1 + 2 * MARGIN),
    );
  }

  /**
   * @param {number} i
   * @returns {Point}
   */
  point(i) {
    return [this.points[2 * i], this.points[2 * i + 1]];
  }

  /**
   * Where a point is on the screen.
   *
   * @param {number} i
   */
  place(i) {
    return this.toScreen(this.points[2 * i], this.points[2 * i + 1]);
  }

  /**
   * The point nearest to a place, or -1 where none is within a distance.
   *
   * @param {number} x
   * @param {number} y
   */
  nearest(x, y, within = Infinity) {
    let [found, least] = [-1, within * within];
    for (let i = 0; i < this.count; i++) {
      const distance = (this.points[2 * i] - x) ** 2 + (this.points[2 * i + 1] - y) ** 2;
      if (distance < least) [found, least] = [i, distance];
    }
    return found;
  }

  /**
   * The median of each class's points on both axes; none for a class without.
   *
   * @param {ArrayLike<number>} labels
   * @param {number} classes
   * @returns {(Point | null)[]}
   */
  medians(labels, classes) {
    return Array.from({ length: classes }, (_, label) => {
      const own = this.points.filter((_value, at) => labels[at >> 1] === label);
      const count = own.length / 2;
      if (!count) return null;
      return perAxis((axis) => own.filter((_value, at) => at % 2 === axis).sort()[count >> 1]);
    });
  }

  /**
   * Each class's name at the median of its points, so that the eye need not travel to a legend; whole at the edge.
   *
   * @param {CanvasRenderingContext2D} pen
   * @param {(Point | null)[]} middles
   * @param {Legend} legend
   */
  names(pen, middles, { names, colors, inks }, shown = (/** @type {number} */ _label) => true) {
    pen.save();
    [pen.font, pen.textAlign, pen.textBaseline] = ["bold 12px sans-serif", "center", "middle"];
    names.forEach((name, label) => {
      const middle = middles[label];
      if (!middle || !shown(label)) return;
      const wide = pen.measureText(name).width + 10;
      const [left, y] = this.toScreen(...middle);
      const away = left < 0 || left > this.side;
      const x = away ? left : clamp(left, wide / 2, this.side - wide / 2);
      [pen.fillStyle, pen.globalAlpha] = [colors[label % colors.length], 0.92];
      pen.fillRect(x - wide / 2, y - 9, wide, 18);
      [pen.fillStyle, pen.globalAlpha] = [inks[label % inks.length], 1];
      pen.fillText(name, x, y);
    });
    pen.restore();
  }
}
