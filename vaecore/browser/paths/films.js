import { all, make } from "../dom.js";
import { paint, penOf } from "../picture.js";
import { Around } from "./around.js";
import { header, strip } from "./rows.js";

/** @import { Network, Shape } from "../network.js" */
/** @import { Point } from "../numbers.js" */
/** @import { Ground } from "./ground.js" */
/** @import { Way } from "./paths.js" */

/**
 * What the films are of.
 *
 * @typedef {object} Rows
 * @property {Way[]} ways - The paths, the one that is looked at first.
 * @property {number} steps
 * @property {Shape} shape - Of a picture.
 * @property {string[]} shares - Of the way, at each step, in words.
 * @property {Ground | null} ground - The real images; null where they are not at hand.
 * @property {HTMLImageElement | null} atlas - The sheet of them.
 */

const CELL = 28; // pixels of a film per picture, at least
const GAP = 2; // between them

// Paths as films, one below the other, their steps in columns: the one that is looked at first, with the nearest real
// image of each step, how many are near, and how dense they are along it.
export class Films {
  /**
   * @param {HTMLElement} grid
   * @param {(step: number) => void} choose
   */
  constructor(grid, choose) {
    this.grid = grid;
    this.choose = choose;
    this.scratch = make("canvas");
    /** @type {Rows} */
    this.rows = { ways: [], steps: 0, shape: [1, 1, 1], shares: [], ground: null, atlas: null };
    this.wide = 0; // pixels of a picture in a film
    this.high = 0;
    this.step = 0;
    /** @type {Around | null} */
    this.around = null;
    this.observer = new ResizeObserver(() => this.curve());
    this.observer.observe(grid);
  }

  /** The path that is looked at. */
  get way() {
    return this.rows.ways[0];
  }

  /** @param {Rows} rows */
  build(rows) {
    this.rows = rows;
    const { ways, steps, shape, shares, ground, atlas } = rows;
    const times = Math.max(1, Math.round(CELL / shape[2]));
    [this.high, this.wide] = [times * shape[1], times * shape[2]];
    this.grid.style.setProperty("--count", `${steps}`);
    const words = (ground?.data.names ?? [""]).flatMap((name) => name.split(/[ /-]/));
    const longest = Math.max(...words.map((word) => word.length));
    this.grid.style.setProperty("--least", `${Math.max(2, 0.42 * longest)}rem`); // a word under a picture is not broken
    this.grid.style.setProperty("--gap", `${(100 * GAP) / (steps * (this.wide + GAP) - GAP)}%`);
    const parts = ways.map((way) => this.strip(way, way === ways[0] ? shares : []));
    this.around = ground && !ways[0].trouble ? new Around(this, ground, steps, atlas) : null;
    if (this.around) parts.splice(1, 0, ...this.around.rows());
    this.grid.replaceChildren(...parts.flat());
  }

  /**
   * @param {Way} way
   * @param {string[]} words - Below its steps.
   */
  strip(way, words) {
    const head = header(way.title, way.note);
    head.prepend(make("i", { className: `line ${way.kind}` }));
    if (way.trouble) return [head, make("p", { textContent: way.trouble })];
    way.canvas = this.film(`${way.title}: ${this.rows.steps} decoded pictures`);
    return [head, strip(way.canvas, words)];
  }

  /** @param {string} label */
  film(label) {
    const { steps } = this.rows;
    const size = { width: steps * (this.wide + GAP) - GAP, height: this.high };
    const canvas = make("canvas", size, { role: "img", "aria-label": label });
    canvas.onclick = ({ clientX }) => {
      const box = canvas.getBoundingClientRect();
      this.choose(Math.min(steps - 1, Math.floor((steps * (clientX - box.left)) / box.width)));
    };
    return canvas;
  }

  /**
   * Draw every film that is not waiting for Python: decoded here where codes and a network are given, else as it came.
   *
   * @param {Network | null} network
   * @param {number | null} label - That it is told.
   */
  draw(network, label, ways = this.rows.ways) {
    for (const way of ways) {
      const { canvas } = way;
      if (!canvas) continue;
      canvas.parentElement?.classList.toggle("stale", Boolean(way.stale || (way.codes && !network)));
      for (let step = 0; step < this.rows.steps; step++) {
        if (way.codes && network) this.put(canvas, step, this.decoded(network, way.codes[step], label), 0, 0);
        else if (!way.codes && way.picture) this.put(canvas, step, way.picture, step * this.rows.shape[2], 0);
      }
    }
    if (!this.around || !ways.includes(this.way)) return;
    this.around.show(this.way);
    this.curve();
  }

  /**
   * @param {Network} network
   * @param {Point} code
   * @param {number | null} label
   */
  decoded(network, code, label) {
    const given = label === null ? [] : [label];
    paint(this.scratch, network.run(Float32Array.from(code), ...given).mean, this.rows.shape);
    return this.scratch;
  }

  /**
   * Put a picture at a step of a film.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {number} step
   * @param {CanvasImageSource} source
   * @param {number} left - Of the picture on its source.
   * @param {number} top
   */
  put(canvas, step, source, left, top) {
    const pen = penOf(canvas);
    const [, height, width] = this.rows.shape;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(source, left, top, width, height, step * (this.wide + GAP), 0, this.wide, this.high);
  }

  /**
   * One picture at its own size, for the page to enlarge.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {CanvasImageSource} source
   * @param {[left: number, top: number, width: number, height: number]} part
   */
  show(canvas, source, part) {
    const [, height, width] = this.rows.shape;
    Object.assign(canvas, { width, height });
    penOf(canvas).imageSmoothingEnabled = false;
    penOf(canvas).drawImage(source, ...part, 0, 0, width, height);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} step
   */
  showStep(canvas, step) {
    const film = this.way.canvas;
    if (film) this.show(canvas, film, [step * (this.wide + GAP), 0, this.wide, this.high]);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} point
   */
  showPoint(canvas, point) {
    const { atlas, shape, ground } = this.rows;
    if (atlas && ground) this.show(canvas, atlas, [...ground.tile(point, shape), shape[2], shape[1]]);
  }

  /**
   * The step that is looked at, in sight.
   *
   * @param {number} step
   */
  mark(step) {
    for (const item of all(this.grid, "li", HTMLElement)) {
      item.classList.toggle("now", [...(item.parentElement?.children ?? [])].indexOf(item) === step);
    }
    const scroller = this.grid.parentElement;
    const first = this.grid.querySelector("li.now");
    if (scroller && first && step !== this.step && scroller.scrollWidth > scroller.clientWidth) {
      const [seen, own] = [scroller, first].map((part) => part.getBoundingClientRect());
      if (own.left < seen.left || own.right > seen.right) {
        scroller.scrollLeft += (own.left + own.right - seen.left - seen.right) / 2;
      }
    }
    this.step = step;
    this.curve();
  }

  curve() {
    if (this.around && this.way.company) this.around.curve(this.way.company.density, this.step);
  }
}
