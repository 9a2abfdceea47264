import { clamp } from "../numbers.js";
import { Plane } from "../plane.js";

/** @import { Shape } from "../network.js" */
/** @import { Point } from "../numbers.js" */
/** @import { Company } from "./bends.js" */
/** @import { GroundData } from "./paths.js" */

// The real codes under the paths.
export class Ground extends Plane {
  /**
   * @param {Float32Array} points
   * @param {GroundData} data - What Python says of them.
   */
  constructor(points, data) {
    super(points);
    this.data = data;
  }

  /**
   * The nearest point in a direction, within 45 degrees of it; -1 where there is none.
   *
   * @param {number} from - A point.
   * @param {Point} direction
   */
  beside(from, [dx, dy]) {
    const [x, y] = this.point(from);
    let [found, least] = [-1, Infinity];
    for (let i = 0; i < this.count; i++) {
      const [across, up] = [this.points[2 * i] - x, this.points[2 * i + 1] - y];
      const [along, aside] = [across * dx + up * dy, Math.abs(across * dy - up * dx)];
      if (along > 0 && aside <= along && along + aside < least) [found, least] = [i, along + aside];
    }
    return found;
  }

  /**
   * The place of the plane at a point of the screen, or at the nearest of its edge.
   *
   * @param {Point} at
   */
  within([left, top]) {
    return this.toPlane(clamp(left, 0, this.side), clamp(top, 0, this.side));
  }

  /**
   * The class and the row of a point.
   *
   * @param {number} point
   */
  named(point) {
    const { labels, names, index } = this.data;
    return [...(labels ? [names[labels[point]]] : []), `${index[point]}`];
  }

  /**
   * A point in words.
   *
   * @param {number} point
   */
  image(point) {
    const [row, name] = this.named(point).reverse();
    return `test image ${row}${name === undefined ? "" : `, ${name}`}`;
  }

  /**
   * What is around a step of a path, in words.
   *
   * @param {Company} around
   * @param {number} step
   */
  about({ nearest, distances, neighbours }, step) {
    const many = `${neighbours[step]} neighbour${neighbours[step] === 1 ? "" : "s"}`;
    return `nearest: ${this.image(nearest[step])}, at ${distances[step].toPrecision(2)}; ${many}`;
  }

  /**
   * Where a point's picture is on the atlas.
   *
   * @param {number} point
   * @param {Shape} shape
   * @returns {Point}
   */
  tile(point, [, height, width]) {
    const { columns } = this.data;
    return [(point % columns) * width, Math.floor(point / columns) * height];
  }

  /** @param {CanvasRenderingContext2D} pen */
  dots(pen) {
    const { labels, colors } = this.data;
    pen.globalAlpha = 0.55;
    for (let i = 0; i < this.count; i++) {
      pen.fillStyle = colors[(labels?.[i] ?? 0) % colors.length];
      pen.beginPath();
      pen.arc(...this.place(i), this.count > 1000 ? 2 : 3, 0, 7);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {string} color
   */
  axes(pen, color) {
    const [across, up] = this.data.axes;
    [pen.font, pen.fillStyle, pen.textBaseline, pen.globalAlpha] = ["12px sans-serif", color, "alphabetic", 0.7];
    pen.textAlign = "right";
    pen.fillText(`${across} \u2192`, this.side - 8, this.side - 8);
    pen.textAlign = "left";
    pen.fillText(`\u2191 ${up}`, 8, 18);
    pen.globalAlpha = 1;
  }
}
