import { all, make } from "../dom.js";
import { penOf, trace } from "../picture.js";
import { header, strip } from "./rows.js";

/** @import { Point } from "../numbers.js" */
/** @import { Films } from "./films.js" */
/** @import { Ground } from "./ground.js" */
/** @import { Way } from "./paths.js" */

// What is around the path that is looked at, in rows below its film.
export class Around {
  /**
   * @param {Films} films
   * @param {Ground} ground
   * @param {number} steps
   * @param {HTMLImageElement | null} atlas
   */
  constructor(films, ground, steps, atlas) {
    this.films = films;
    this.ground = ground;
    this.steps = steps;
    this.atlas = atlas;
    const words = Array.from({ length: steps }, () => "");
    this.near = films.film("The nearest test image of each step");
    this.images = strip(atlas && this.near, words);
    this.counts = strip(null, words);
    this.density = make("canvas", { className: "curve" });
  }

  rows() {
    const { index, radius, made } = this.ground.data;
    const many = `${index.length.toLocaleString("en")} by the distance of codes${made ? ", as decoded" : ""}`;
    return [
      [header("Nearest test image", `of ${many}: its class, its row`), this.images],
      [header("Neighbours", `within ${radius.toPrecision(2)}, as far as the 10th of the median code`), this.counts],
      [header("Density", "of real codes; 1 at the median one"), this.density],
    ];
  }

  /** @param {Way} way */
  show({ company, stale }) {
    for (const part of [this.images, this.counts, this.density]) part.classList.toggle("stale", Boolean(stale));
    if (!company) return;
    const { nearest, neighbours } = company;
    all(this.images, "li", HTMLElement).forEach((item, step) => {
      item.textContent = this.ground.named(nearest[step]).join("\n");
    });
    all(this.counts, "li", HTMLElement).forEach((item, step) => {
      item.textContent = `${neighbours[step]}`;
      item.classList.toggle("none", neighbours[step] === 0);
    });
    const { atlas, near, films } = this;
    if (!atlas) return;
    nearest.forEach((point, step) => films.put(near, step, atlas, ...this.ground.tile(point, films.rows.shape)));
  }

  /**
   * The density from the middle of the first column to that of the last, and where it is usual.
   *
   * @param {number[]} density
   * @param {number} step - That is looked at.
   */
  curve(density, step) {
    const canvas = this.density;
    if (!canvas.clientWidth) return;
    const [width, height, column] = [canvas.clientWidth, canvas.clientHeight, canvas.clientWidth / this.steps];
    const top = Math.max(1.25, ...density);
    Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
    const pen = penOf(canvas);
    const style = getComputedStyle(canvas);
    /** @param {number} share */
    const x = (share) => column / 2 + share * (width - column);
    /** @param {number} value */
    const y = (value) => height - 2 - (value / top) * (height - 6);
    pen.scale(devicePixelRatio, devicePixelRatio);
    pen.strokeStyle = pen.fillStyle = style.color;
    pen.globalAlpha = 0.4;
    /** @type {Point[]} */
    const usual = [
      [0, y(1)],
      [width, y(1)],
    ];
    trace(pen, usual, [3, 4]);
    pen.strokeStyle = pen.fillStyle = style.getPropertyValue("--vc-z");
    pen.lineWidth = 2;
    /** @type {Point[]} */
    const points = density.map((value, i) => [x(i / (density.length - 1)), y(value)]);
    pen.globalAlpha = 0.2;
    pen.beginPath();
    pen.lineTo(x(0), height);
    for (const point of points) pen.lineTo(...point);
    pen.lineTo(x(1), height);
    pen.fill();
    pen.globalAlpha = 1;
    trace(pen, points, []);
    pen.beginPath();
    pen.arc(...points[Math.round(((density.length - 1) * step) / (this.steps - 1))], 4, 0, 7);
    pen.fill();
  }
}
