// Shows a frame: the canvases first, then the words, so that no canvas waits for the page to be laid out anew.
import { all, make, one } from "../dom.js";
import { drawCurves, written } from "./curves.js";
import { panelsOf } from "./panels.js";
import { CodesScene, drawLanes, drawPlane, drawSheet } from "./scenes.js";
import { byPca, firstOf, isPlane, pixelsOf, squaredErrors } from "./sets.js";
import { namesOf } from "./twins.js";

/** @import { Legend } from "../plane.js" */
/** @import { Frame } from "./run.js" */
/** @import { Opened } from "./sets.js" */
/** @import { Settings } from "./settings.js" */
/** @import { Codes, Manifold, Views } from "./views.js" */
/** @typedef {{ colors: string[], inks: string[], variables: Record<string, string> }} Colours */
/**
 * @typedef {object} Pictures
 * @property {Float32Array} originals - The first test images.
 * @property {Float32Array} pca - What PCA makes of them,
 * @property {number} k - with so many components,
 * @property {number} level - and its squared error over all test images.
 */

const REBUILT = 10; // images in a row
const SILENT = 0.01; // nats: a number of the code that costs less says nothing
const WEIGHTS_IN_A_ROW = 8;
const PLACES = ["", ".second"]; // of the parts of each of two

export class Showing {
  /**
   * @param {HTMLElement} root
   * @param {() => void} look - What is seen has changed: asks for a frame.
   */
  constructor(root, look) {
    this.root = root;
    /** @type {Opened | null} */
    this.set = null;
    /** @type {Settings[]} Of one training, or of two. */
    this.pair = [];
    /** @type {Colours} */
    this.colours = { colors: [], inks: [], variables: {} };
    /** @type {Pictures} */
    this.pictures = { originals: new Float32Array(), pca: new Float32Array(), k: 1, level: 0 };
    this.scenes = PLACES.map(() => new CodesScene());
    this.ink = "";
    const parts = all(root, "[data-view]", HTMLElement);
    this.seen = new Set(parts);
    this.observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!(target instanceof HTMLElement)) continue;
        if (isIntersecting) this.seen.add(target);
        else this.seen.delete(target);
      }
      look();
    });
    for (const part of parts) this.observer.observe(part);
  }

  /**
   * Another training begins, or two.
   *
   * @param {Opened} set
   * @param {Settings[]} pair
   * @param {Colours} colours
   */
  begin(set, pair, colours) {
    const { shape, errors } = set.described;
    Object.assign(this, { set, pair, colours });
    this.scenes = PLACES.map(() => new CodesScene());
    this.root.classList.toggle("twin", pair.length > 1);
    const originals = firstOf(set.test, pixelsOf(shape), REBUILT);
    const k = Math.min(Number(pair[0].latent), errors.length);
    this.pictures = { originals, pca: byPca(set, originals, k), k, level: errors[k - 1] };
    this.root.classList.toggle("plane", isPlane(set.described));
    if (isPlane(set.described)) return;
    drawSheet(this.canvas(".rows .x"), originals, shape, REBUILT);
    drawSheet(this.canvas(".rows .baseline"), this.pictures.pca, shape, REBUILT);
    this.say(".pca b", `PCA, k = ${k}`);
    this.say(".pca span", `squared error ${written(squaredErrors(originals, this.pictures.pca, pixelsOf(shape)))}`);
  }

  /**
   * Show nothing while there is nothing to train on.
   *
   * @param {boolean} waiting
   */
  wait(waiting) {
    this.root.classList.toggle("waiting", waiting);
    for (const control of all(this.root, ".bar button, .scrub, .take", HTMLElement))
      control.toggleAttribute("disabled", waiting);
    if (!waiting) return;
    this.root.dataset.ready = "true";
    delete this.root.dataset.step;
  }

  /** The views that can be seen now. */
  wanted() {
    const shown = new Set([...this.seen].map((part) => part.dataset.view ?? ""));
    return this.set && isPlane(this.set.described) ? ["codes", "manifold", "rebuilt"] : [...shown];
  }

  /**
   * @param {Frame[]} frames
   * @param {boolean} running
   */
  draw(frames, running) {
    const { set, pair } = this;
    if (!set || frames.length !== pair.length) return;
    this.ink = getComputedStyle(this.root).color;
    const words = this.loss(frames);
    namesOf(pair).forEach((name, i) => {
      const part = isPlane(set.described) ? this.points : this.images;
      words.push(...part.call(this, frames[i].views, set, running, i, name));
    });
    for (const [where, said] of words) this.say(where, said);
  }

  /**
   * @param {Frame[]} frames
   * @returns {[string, string][]}
   */
  loss(frames) {
    const { pair, colours } = this;
    const [{ epochs, left }] = frames;
    const panels = panelsOf(pair, frames, colours.variables, this.pictures.level);
    drawCurves(this.canvas(".loss canvas"), panels, epochs, { ink: this.ink, baseline: colours.variables.baseline });
    const list = one(this.root, ".loss dl", HTMLElement);
    if (list.children.length !== 2 * panels.length) {
      list.replaceChildren(
        ...panels.flatMap((_, i) => [make("dt", { className: `term${i}` }), make("dd", { className: `value${i}` })]),
      );
    }
    const [first, second] = namesOf(pair);
    const which = second ? `Solid: ${first}, dashed: ${second}` : "Bold test, thin training";
    const pca = panels.some(({ level }) => level !== null) ? (second ? ", dotted: PCA" : ", dashed PCA") : "";
    return [
      [".loss figcaption", `${which}${pca}${left ? ", pale before" : ""}`],
      ...panels.flatMap(({ title, term, traces }, i) => {
        const [held, own] = ["test", "training"].map((of) =>
          traces.map((trace) => {
            const rows = trace.of.curves[/** @type {"test" | "training"} */ (of)];
            const row = rows.findLast(([at]) => at <= epochs + 1e-9);
            return row && term < row.length ? written(row[term]) : "";
          }),
        );
        const also = !second && own[0] ? ` · ${own[0]} training` : "";
        /** @type {[string, string][]} */
        const said = [
          [`.term${i}`, title],
          [`.value${i}`, `${held.join(" · ")} test${also}`],
        ];
        return said;
      }),
    ];
  }

  /**
   * @param {Views} views
   * @param {Opened} set
   * @param {boolean} running
   * @param {number} which - Of two.
   * @param {string} name - Of it.
   * @returns {[string, string][]}
   */
  points({ manifold, rebuilt, codes }, set, running, which, name) {
    if (!manifold || !rebuilt || !codes) return [];
    const { reconstruction: made, baseline } = this.colours.variables;
    const place = PLACES[which];
    drawPlane(this.canvas(`.codes${place} canvas`), set, rebuilt, manifold, this.legend(set), {
      ink: this.ink,
      made,
      baseline,
    });
    return [
      [
        `.codes${place} figcaption`,
        name ? `${name}: what it decodes` : "The points, what the codes decode to, and PCA’s line",
      ],
      [`.manifold${place} figcaption`, called(name, this.codesOn("manifold", codes, set, running, which))],
    ];
  }

  /**
   * @param {Views} views
   * @param {Opened} set
   * @param {boolean} running
   * @param {number} which - Of two.
   * @param {string} name - Of it.
   * @returns {[string, string][]}
   */
  images({ codes, manifold, rebuilt, weights, rates }, set, running, which, name) {
    const { shape } = set.described;
    /** @type {[string, string][]} */
    const words = [];
    const place = PLACES[which];
    if (codes)
      words.push([`.codes${place} figcaption`, called(name, this.codesOn("codes", codes, set, running, which))]);
    if (manifold && !name) {
      drawSheet(this.canvas(".manifold canvas"), manifold.pictures, shape, manifold.columns);
      words.push([".manifold figcaption", aboutManifold(manifold, rates)]);
    }
    if (rebuilt) {
      drawSheet(this.canvas(`.rows .reconstruction${place}`), rebuilt, shape, REBUILT);
      const error = squaredErrors(this.pictures.originals, rebuilt, pixelsOf(shape));
      words.push([`.made${place} b`, name || "Rebuilt"], [`.made${place} span`, `squared error ${written(error)}`]);
    }
    if (weights && !name) drawSheet(this.canvas(".weights canvas"), weights, shape, WEIGHTS_IN_A_ROW, true);
    return words;
  }

  /**
   * Draw codes, and say what is seen.
   *
   * @param {string} kind - Of the figure.
   * @param {Codes} codes
   * @param {Opened} set
   * @param {boolean} running
   * @param {number} which - Of two.
   */
  codesOn(kind, codes, set, running, which) {
    const { labels } = set.shown ?? set.test;
    const canvas = this.canvas(`.${kind}${PLACES[which]} canvas`);
    const [first, other] = codes.axes ?? [0, 1];
    const look = { ink: this.ink, prior: codes.scales.length > 0, still: !running };
    if (first === other) drawLanes(canvas, codes, labels, this.legend(set));
    else this.scenes[which].draw(canvas, codes, labels, this.legend(set), look);
    const numbers = codes.axes ? `numbers ${first + 1} and ${other + 1}` : "their PCA";
    const wide = Number(this.pair[which].latent) > 2 ? `: ${numbers}` : "";
    if (set.shown) return `Codes of all drawings${wide}`;
    return `Codes of test ${isPlane(set.described) ? "points" : "images"}${wide}`;
  }

  /**
   * The classes' names and colours.
   *
   * @param {Opened} set
   * @returns {Legend}
   */
  legend(set) {
    return { names: set.described.classes, colors: this.colours.colors, inks: this.colours.inks };
  }

  /** @param {string} selector */
  canvas(selector) {
    return one(this.root, selector, HTMLCanvasElement);
  }

  /**
   * Write words where others stand; a canvas below a caption is called by it.
   *
   * @param {string} where
   * @param {string} words
   */
  say(where, words) {
    const part = one(this.root, where, HTMLElement);
    if (part.textContent === words) return;
    part.textContent = words;
    if (part.nextElementSibling instanceof HTMLCanvasElement) part.nextElementSibling.ariaLabel = words;
  }

  leave() {
    this.observer.disconnect();
  }
}

/**
 * What is said of a training, behind its name if it has one.
 *
 * @param {string} name
 * @param {string} said
 */
const called = (name, said) => (name ? `${name}: ${said[0].toLowerCase()}${said.slice(1)}` : said);

/**
 * @param {Manifold} manifold
 * @param {number[] | undefined} rates
 */
function aboutManifold({ rows }, rates) {
  if (!rows.length) return "What the codes decode to";
  const silent = rates?.filter((rate) => rate < SILENT).length;
  return `A row moves one number${rates ? `; ${silent || "none"} of ${rates.length} silent` : " of a code"}`;
}
