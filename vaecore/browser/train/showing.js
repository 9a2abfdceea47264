// Shows a frame: the canvases first, then the words, so that no canvas waits for the page to be laid out anew.
import { all, make, one } from "../dom.js";
import { drawCurves, written } from "./curves.js";
import { CodesScene, drawLanes, drawPlane, drawSheet } from "./scenes.js";
import { byPca, firstOf, isPlane, pixelsOf, squaredErrors } from "./sets.js";

/** @import { Legend } from "../plane.js" */
/** @import { Curves, Frame } from "./run.js" */
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
/** @type {Record<string, string>} */
const TERMS = {
  vae: "rate",
  "beta-vae": "β · rate",
  cvae: "rate",
  "sparse-l1": "sparsity",
  "sparse-kl": "sparsity",
  contractive: "contraction",
};

export class Showing {
  /**
   * @param {HTMLElement} root
   * @param {() => void} look - What is seen has changed: asks for a frame.
   */
  constructor(root, look) {
    this.root = root;
    /** @type {Opened | null} */
    this.set = null;
    /** @type {Settings} */
    this.settings = {};
    /** @type {Colours} */
    this.colours = { colors: [], inks: [], variables: {} };
    /** @type {Pictures} */
    this.pictures = { originals: new Float32Array(), pca: new Float32Array(), k: 1, level: 0 };
    this.codes = new CodesScene();
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
   * Another training begins.
   *
   * @param {Opened} set
   * @param {Settings} settings
   * @param {Colours} colours
   */
  begin(set, settings, colours) {
    const { shape, errors } = set.described;
    Object.assign(this, { set, settings, colours });
    this.codes = new CodesScene();
    const originals = firstOf(set.test, pixelsOf(shape), REBUILT);
    const k = Math.min(Number(settings.latent), errors.length);
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
    const shown = [...this.seen].map((part) => part.dataset.view ?? "");
    return this.set && isPlane(this.set.described) ? ["codes", "manifold", "rebuilt"] : shown;
  }

  /**
   * @param {Frame} frame
   * @param {boolean} running
   */
  draw({ curves, left, epochs, views }, running) {
    const { set } = this;
    if (!set) return;
    this.ink = getComputedStyle(this.root).color;
    const words = [...this.loss(curves, left, epochs)];
    if (isPlane(set.described)) words.push(...this.points(views, set, running));
    else words.push(...this.images(views, set, running));
    for (const [where, said] of words) this.say(where, said);
  }

  /**
   * @param {Curves} curves
   * @param {Curves | null} left
   * @param {number} epochs
   * @returns {[string, string][]}
   */
  loss(curves, left, epochs) {
    const { objective } = this.settings;
    const { error, z, baseline } = this.colours.variables;
    const squared = !(objective in TERMS) || !TERMS[objective].endsWith("rate");
    const level = squared ? this.pictures.level : null;
    const panels = [{ title: squared ? "squared error" : "distortion, nats", color: error, term: 1, level }];
    if (objective in TERMS) panels.push({ title: TERMS[objective], color: z, term: 2, level: null });
    drawCurves(this.canvas(".loss canvas"), curves, left, panels, epochs, { ink: this.ink, baseline });
    const [training, test] = [curves.training, curves.test].map((rows) => rows.findLast(([at]) => at <= epochs + 1e-9));
    const list = one(this.root, ".loss dl", HTMLElement);
    if (list.children.length !== 2 * panels.length) {
      list.replaceChildren(
        ...panels.flatMap((_, i) => [make("dt", { className: `term${i}` }), make("dd", { className: `value${i}` })]),
      );
    }
    const others = [squared ? ", dashed PCA" : "", left ? ", pale before" : ""].join("");
    return [
      [".loss figcaption", `Bold test, thin training${others}`],
      ...panels.flatMap(({ title, term }, i) => {
        const [own, held] = [training, test].map((row) => (row ? written(row[term]) : ""));
        /** @type {[string, string][]} */
        const pair = [
          [`.term${i}`, title],
          [`.value${i}`, `${held} test${own && ` · ${own} training`}`],
        ];
        return pair;
      }),
    ];
  }

  /**
   * @param {Views} views
   * @param {Opened} set
   * @param {boolean} running
   * @returns {[string, string][]}
   */
  points({ manifold, rebuilt, codes }, set, running) {
    if (!manifold || !rebuilt || !codes) return [];
    const { reconstruction: made, baseline } = this.colours.variables;
    drawPlane(this.canvas(".codes canvas"), set, rebuilt, manifold, this.legend(set), {
      ink: this.ink,
      made,
      baseline,
    });
    return [
      [".codes figcaption", "The points, what the codes decode to, and PCA’s line"],
      [".manifold figcaption", this.codesOn(".manifold canvas", codes, set, running)],
    ];
  }

  /**
   * @param {Views} views
   * @param {Opened} set
   * @param {boolean} running
   * @returns {[string, string][]}
   */
  images({ codes, manifold, rebuilt, weights, rates }, set, running) {
    const { shape } = set.described;
    /** @type {[string, string][]} */
    const words = [];
    if (codes) words.push([".codes figcaption", this.codesOn(".codes canvas", codes, set, running)]);
    if (manifold) {
      drawSheet(this.canvas(".manifold canvas"), manifold.pictures, shape, manifold.columns);
      words.push([".manifold figcaption", aboutManifold(manifold, rates)]);
    }
    if (rebuilt) {
      drawSheet(this.canvas(".rows .reconstruction"), rebuilt, shape, REBUILT);
      const error = squaredErrors(this.pictures.originals, rebuilt, pixelsOf(shape));
      words.push([".made span", `squared error ${written(error)}`]);
    }
    if (weights) drawSheet(this.canvas(".weights canvas"), weights, shape, WEIGHTS_IN_A_ROW, true);
    return words;
  }

  /**
   * Draw codes, and say what is seen.
   *
   * @param {string} where
   * @param {Codes} codes
   * @param {Opened} set
   * @param {boolean} running
   */
  codesOn(where, codes, set, running) {
    const { labels } = set.shown ?? set.test;
    const [first, other] = codes.axes ?? [0, 1];
    const look = { ink: this.ink, prior: codes.scales.length > 0, still: !running };
    if (first === other) drawLanes(this.canvas(where), codes, labels, this.legend(set));
    else this.codes.draw(this.canvas(where), codes, labels, this.legend(set), look);
    const numbers = codes.axes ? `numbers ${first + 1} and ${other + 1}` : "their PCA";
    const wide = Number(this.settings.latent) > 2 ? `: ${numbers}` : "";
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
 * @param {Manifold} manifold
 * @param {number[] | undefined} rates
 */
function aboutManifold({ rows }, rates) {
  if (!rows.length) return "What the codes decode to";
  const silent = rates?.filter((rate) => rate < SILENT).length;
  return `A row moves one number${rates ? `; ${silent || "none"} of ${rates.length} silent` : " of a code"}`;
}
