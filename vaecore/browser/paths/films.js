import { all, make } from "../dom.js";
import { paint, penOf, trace } from "../picture.js";

/** @import { Network, Shape } from "../network.js" */
/** @import { Point } from "../numbers.js" */
/** @import { GroundData, Way } from "./paths.js" */

/**
 * What the films are of.
 *
 * @typedef {object} Rows
 * @property {Way[]} ways - The paths, the one that is looked at first.
 * @property {number} steps
 * @property {Shape} shape - Of a picture.
 * @property {string[]} shares - Of the way, at each step, in words.
 * @property {GroundData | null} ground - The real images; null where they are not at hand.
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
    const words = (ground?.names ?? [""]).flatMap((name) => name.split(/[ /-]/));
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
    if (atlas && ground) this.show(canvas, atlas, [...tile(point, ground, shape), shape[2], shape[1]]);
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

// What is around the path that is looked at, in rows below its film.
class Around {
  /**
   * @param {Films} films
   * @param {GroundData} ground
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
    const { index, radius, made } = this.ground;
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
      item.textContent = named(nearest[step], this.ground).join("\n");
    });
    all(this.counts, "li", HTMLElement).forEach((item, step) => {
      item.textContent = `${neighbours[step]}`;
      item.classList.toggle("none", neighbours[step] === 0);
    });
    const { atlas, near, films } = this;
    if (!atlas) return;
    nearest.forEach((point, step) => films.put(near, step, atlas, ...tile(point, this.ground, films.rows.shape)));
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

/**
 * The class and the row of a point.
 *
 * @param {number} point
 * @param {GroundData} ground
 */
export function named(point, { labels, names, index }) {
  return [...(labels ? [names[labels[point]]] : []), `${index[point]}`];
}

/**
 * Where a point is on the atlas.
 *
 * @param {number} point
 * @param {GroundData} ground
 * @param {Shape} shape
 * @returns {Point}
 */
function tile(point, { columns }, [, height, width]) {
  return [(point % columns) * width, Math.floor(point / columns) * height];
}

/**
 * @param {string} title
 * @param {string} note
 */
function header(title, note) {
  const head = make("header");
  head.append(make("b", { textContent: title }), make("span", { textContent: note }));
  return head;
}

/**
 * @param {HTMLCanvasElement | null} canvas
 * @param {string[]} words - Below it.
 */
function strip(canvas, words) {
  const part = make("div");
  const list = make("ol");
  list.append(...words.map((word) => make("li", { textContent: word })));
  part.append(...(canvas ? [canvas] : []), ...(words.length ? [list] : []));
  return part;
}
