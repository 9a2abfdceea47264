// A picture of what a page shows, made of what the browser has drawn: canvases, images, charts and the words beside
// them, each at its place, without the controls. What lies between is left out, so that no gap is taller than a line.

const SCALE = 2; // of a pixel of the page
const LARGEST = 32_000_000; // pixels, which any browser's canvas holds
const MARGIN = 16;
const GAP = 24; // pixels that stay of any empty height
const SHOWN =
  "[data-testid^=stBidiComponent], .stPlotlyChart, [data-testid=stVegaLiteChart], .stHtml, .stImage, [data-testid=stTable]";
const PARTS = "img, canvas, svg, .vc-row, .vc-table, .vc-formula, .vc-verse, .vc-facts, .vc-ballot, math";
const SKIPPED =
  "script, style, template, button:not(.vc-term), textarea, select, input:not([type=range]), label, summary, .modebar-container, .vc-lead, .vc-where, .vc-note, .vc-words, .vc-caption";
const LOOKS = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "opacity",
  "font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline", "visibility", "display",
  "paint-order", "clip-path", "vector-effect", "color", "shape-rendering",
]; // prettier-ignore

/**
 * Something drawn: where, within what, how opaque, and how.
 *
 * @typedef {{ box: DOMRect, clip: DOMRect | null, alpha: number, draw: (brush: CanvasRenderingContext2D) => void | Promise<void> }} Mark
 */

/**
 * @param {Element} main the page
 * @returns {Promise<Blob | null>} none where the page shows nothing
 */
export async function pictureOf(main) {
  /** @type {Mark[]} */
  const marks = [];
  const shown = [...main.querySelectorAll(SHOWN)].filter((each) => !each.parentElement?.closest(SHOWN) && holds(each));
  for (const each of shown) collect(each, 1, null, marks);
  const drawn = marks.filter(({ box }) => box.width > 0 && box.height > 0);
  if (!drawn.length) return null;
  const { height, shift } = withoutGaps(drawn.map(({ box }) => box));
  const left = Math.min(...drawn.map(({ box }) => box.left)) - MARGIN;
  const width = Math.max(...drawn.map(({ box }) => box.right)) + MARGIN - left;
  const scale = Math.min(SCALE, Math.sqrt(LARGEST / (width * height)));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height].map((one) => Math.ceil(one * scale));
  const brush = canvas.getContext("2d");
  if (!brush) return null;
  brush.fillStyle = getComputedStyle(document.body).backgroundColor;
  brush.fillRect(0, 0, canvas.width, canvas.height);
  for (const mark of drawn) {
    brush.setTransform(scale, 0, 0, scale, -left * scale, shift(mark.box.top) * scale);
    // Each waits for the one before: what comes later lies above it.
    await put(brush, mark); // oxlint-disable-line no-await-in-loop
  }
  return new Promise((resolve) => canvas.toBlob(resolve));
}

/** Whether a part has something to show, in its own tree or that of a component. @param {Element} part @returns {boolean} */
function holds(part) {
  if (part.matches(".vc-lead") || !part.checkVisibility()) return false;
  if (part.matches(PARTS) || part.querySelector(PARTS)) return true;
  return [part, ...part.querySelectorAll("*")].some((each) => each.shadowRoot?.querySelector(PARTS));
}

/**
 * The height of all without what is empty, and how far what is at a height moves.
 *
 * @param {DOMRect[]} boxes
 */
function withoutGaps(boxes) {
  let [below, moved] = [-Infinity, 0];
  /** @type {[number, number][]} */
  const moves = [];
  for (const { top, bottom } of boxes.toSorted((a, b) => a.top - b.top)) {
    if (top > below + GAP || below === -Infinity) {
      moved = below === -Infinity ? MARGIN - top : moved - (top - below - GAP);
      moves.push([top, moved]);
    }
    below = Math.max(below, bottom);
  }
  const shift = (/** @type {number} */ at) => moves.findLast(([top]) => top <= at)?.[1] ?? 0;
  return { height: below + moved + MARGIN, shift };
}

/** @param {CanvasRenderingContext2D} brush @param {Mark} mark */
async function put(brush, { clip, alpha, draw }) {
  brush.save();
  brush.globalAlpha = alpha;
  if (clip) {
    brush.beginPath();
    brush.rect(clip.x, clip.y, clip.width, clip.height);
    brush.clip();
  }
  await draw(brush);
  brush.restore();
}

/**
 * What an element and all in it draws, the lowest first.
 *
 * @param {Element} part @param {number} alpha @param {DOMRect | null} clip @param {Mark[]} marks
 */
function collect(part, alpha, clip, marks) {
  const style = getComputedStyle(part);
  if (style.display === "none" || style.visibility === "hidden" || part.matches(SKIPPED)) return;
  const box = part.getBoundingClientRect();
  const opacity = alpha * Number(style.opacity);
  const add = (/** @type {Mark["draw"]} */ draw) => marks.push({ box, clip, alpha: opacity, draw });
  if (opacity === 0) return;
  decorate(style, box, add);
  const content = replaced(part, style, box);
  if (content) return void add(content);
  const hides = style.overflowX !== "visible" && style.display !== "inline";
  const inner = hides ? common(box, clip) : clip;
  for (const node of (part.shadowRoot ?? part).childNodes) {
    if (node instanceof Element) collect(node, opacity, inner, marks);
    else if (node instanceof Text && node.data.trim()) write(node, style, opacity, inner, marks);
  }
}

/** @param {DOMRect} box @param {DOMRect | null} clip */
function common(box, clip) {
  if (!clip) return box;
  const [x, y] = [Math.max(box.x, clip.x), Math.max(box.y, clip.y)];
  return new DOMRect(
    x,
    y,
    Math.max(0, Math.min(box.right, clip.right) - x),
    Math.max(0, Math.min(box.bottom, clip.bottom) - y),
  );
}

/** The paper and the borders of a box. @param {CSSStyleDeclaration} style @param {DOMRect} box @param {(draw: Mark["draw"]) => void} add */
function decorate(style, box, add) {
  const colors = style.backgroundImage.match(/(?:rgba?|color|oklab|oklch)\([^()]*\)/g);
  const bare = /^(rgba\(0, 0, 0, 0\)|transparent)$/.test(style.backgroundColor);
  if (!bare || (colors && colors.length > 1)) {
    add((brush) => {
      brush.fillStyle = style.backgroundColor;
      if (colors && colors.length > 1) {
        const ramp = brush.createLinearGradient(box.left, 0, box.right, 0);
        colors.forEach((color, index) => ramp.addColorStop(index / (colors.length - 1), color));
        brush.fillStyle = ramp;
      }
      brush.beginPath();
      brush.roundRect(
        box.x,
        box.y,
        box.width,
        box.height,
        Math.min(Number.parseFloat(style.borderRadius) || 0, box.height / 2),
      );
      brush.fill();
    });
  }
  for (const side of /** @type {const} */ (["Top", "Right", "Bottom", "Left"])) {
    const thick = style[`border${side}Style`] === "none" ? 0 : Number.parseFloat(style[`border${side}Width`]);
    if (!thick) continue;
    const upright = side === "Left" || side === "Right";
    const x = side === "Right" ? box.right - thick : box.x;
    const y = side === "Bottom" ? box.bottom - thick : box.y;
    add((brush) => {
      brush.fillStyle = style[`border${side}Color`];
      brush.fillRect(x, y, upright ? thick : box.width, upright ? box.height : thick);
    });
  }
}

/**
 * How what is no box of boxes is drawn.
 *
 * @param {Element} part @param {CSSStyleDeclaration} style @param {DOMRect} box
 * @returns {Mark["draw"] | null}
 */
function replaced(part, style, box) {
  if (part instanceof HTMLCanvasElement || part instanceof HTMLImageElement)
    return (brush) => paste(brush, part, style, box);
  if (part instanceof SVGSVGElement) return (brush) => pasteChart(brush, part, box);
  if (part instanceof HTMLInputElement) return (brush) => slide(brush, part, style, box);
  return null;
}

/** @param {CanvasRenderingContext2D} brush @param {HTMLCanvasElement | HTMLImageElement} source @param {CSSStyleDeclaration} style @param {DOMRect} box */
function paste(brush, source, style, box) {
  const [width, height] =
    source instanceof HTMLImageElement ? [source.naturalWidth, source.naturalHeight] : [source.width, source.height];
  if (!width || !height) return;
  const fits = style.objectFit === "contain" ? Math.min(box.width / width, box.height / height) : 0;
  const [wide, tall] = fits ? [width * fits, height * fits] : [box.width, box.height];
  brush.imageSmoothingEnabled = style.imageRendering !== "pixelated";
  brush.drawImage(source, box.x + (box.width - wide) / 2, box.y + (box.height - tall) / 2, wide, tall);
}

/** A chart as an image of its own, which sees no style of the page. @param {CanvasRenderingContext2D} brush @param {SVGSVGElement} chart @param {DOMRect} box */
async function pasteChart(brush, chart, box) {
  const copy = /** @type {SVGSVGElement} */ (chart.cloneNode(true));
  const after = copy.querySelectorAll("*");
  dress(chart, copy);
  chart.querySelectorAll("*").forEach((each, index) => dress(each, after[index]));
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(box.width));
  copy.setAttribute("height", String(box.height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode().catch(() => null);
  if (image.complete && image.naturalWidth) brush.drawImage(image, box.x, box.y, box.width, box.height);
}

/** Give a copy the looks that a part has on the page. @param {Element} part @param {Element} copy */
function dress(part, copy) {
  const style = getComputedStyle(part);
  copy.setAttribute("style", LOOKS.map((look) => `${look}:${style.getPropertyValue(look)}`).join(";"));
}

/** A slider: its line and its place. @param {CanvasRenderingContext2D} brush @param {HTMLInputElement} slider @param {CSSStyleDeclaration} style @param {DOMRect} box */
function slide(brush, slider, style, box) {
  const [low, high, at] = [slider.min || "0", slider.max || "100", slider.value].map(Number);
  const [middle, radius] = [box.y + box.height / 2, 8];
  const place = box.x + radius + ((at - low) / (high - low || 1)) * (box.width - 2 * radius);
  const color = style.getPropertyValue("--vc-z") || style.color;
  brush.lineWidth = 4;
  for (const [from, to, ink] of /** @type {[number, number, string][]} */ ([
    [box.x, box.right, "#8884"],
    [box.x, place, color],
  ])) {
    brush.strokeStyle = ink;
    brush.beginPath();
    brush.moveTo(from, middle);
    brush.lineTo(to, middle);
    brush.stroke();
  }
  brush.fillStyle = color;
  brush.beginPath();
  brush.arc(place, middle, radius, 0, 2 * Math.PI);
  brush.fill();
}

/** Words where the browser has put them. @param {Text} node @param {CSSStyleDeclaration} style @param {number} alpha @param {DOMRect | null} clip @param {Mark[]} marks */
function write(node, style, alpha, clip, marks) {
  for (const { word, box } of wordsOf(node)) {
    marks.push({
      box,
      clip,
      alpha,
      draw(brush) {
        brush.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        brush.letterSpacing = style.letterSpacing === "normal" ? "0px" : style.letterSpacing;
        brush.fillStyle = style.color;
        const { fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = brush.measureText(word);
        brush.fillText(word, box.x, box.y + (box.height + above - below) / 2);
      },
    });
  }
}

/** The words of a text, or the letters of one that is on two lines. @param {Text} node */
function wordsOf(node) {
  const range = document.createRange();
  const box = (/** @type {number} */ from, /** @type {number} */ to) => {
    range.setStart(node, from);
    range.setEnd(node, to);
    return [...range.getClientRects()];
  };
  return [...node.data.matchAll(/\S+/g)].flatMap(({ 0: word, index }) => {
    const boxes = box(index, index + word.length);
    if (boxes.length === 1) return [{ word, box: boxes[0] }];
    return [...word].flatMap((letter, at) => {
      const [first] = boxes.length ? box(index + at, index + at + letter.length) : [];
      return first ? [{ word: letter, box: first }] : [];
    });
  });
}
