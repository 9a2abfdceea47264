// Paths as films, one below the other, their steps in columns: the one that is looked at first, with the nearest real
// image of each step, how many are near, and how dense they are along it.
import { paint } from "../picture.js";

const CELL = 28; // pixels of a film per picture, at least
const GAP = 2; // between them

export class Films {
  constructor(grid) {
    this.grid = grid;
    this.scratch = document.createElement("canvas");
    this.observer = new ResizeObserver(() => this.way && this.curve());
    this.observer.observe(grid);
  }

  // Rows for paths: `ground` is what is said of the real images, null where they are not at hand.
  build(ways, { steps, shape, shares, ground }, atlas, choose) {
    Object.assign(this, { ways, way: ways[0], steps, shape, ground, atlas, choose });
    const times = Math.max(1, Math.round(CELL / shape[2]));
    [this.high, this.wide] = [times * shape[1], times * shape[2]];
    this.grid.style.setProperty("--count", steps);
    const longest = Math.max(
      ...(ground?.names ?? [""]).flatMap((name) => name.split(/[ /-]/)).map((word) => word.length),
    );
    this.grid.style.setProperty("--least", `${Math.max(2, 0.42 * longest)}rem`); // a word under a picture is not broken
    this.grid.style.setProperty("--gap", `${(100 * GAP) / (steps * (this.wide + GAP) - GAP)}%`);
    const rows = ways.map((way) => this.strip(way, way === this.way ? shares : []));
    if (ground && !this.way.trouble) rows.splice(1, 0, ...this.around());
    this.grid.replaceChildren(...rows.flat());
  }

  strip(way, captions) {
    const head = header(way.title, way.note);
    head.prepend(Object.assign(document.createElement("i"), { className: `line ${way.kind}` }));
    if (way.trouble) return [head, Object.assign(document.createElement("p"), { textContent: way.trouble })];
    way.canvas = this.film(`${way.title}: ${this.steps} decoded pictures`);
    return [head, strip(way.canvas, captions)];
  }

  around() {
    const { index, radius, made, atlas } = this.ground;
    const captions = Array(this.steps).fill("");
    this.near = this.film("The nearest test image of each step");
    this.images = strip(atlas && this.near, captions);
    this.counts = strip(null, captions);
    this.density = Object.assign(document.createElement("canvas"), { className: "curve" });
    const many = `${index.length.toLocaleString("en")} by the distance of codes${made ? ", as decoded" : ""}`;
    return [
      [header("Nearest test image", `of ${many}: its class, its row`), this.images],
      [header("Neighbours", `within ${radius.toPrecision(2)}, as far as the 10th of the median code`), this.counts],
      [header("Density", "of real codes; 1 at the median one"), this.density],
    ];
  }

  film(label) {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: this.steps * (this.wide + GAP) - GAP, height: this.high });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
    canvas.onclick = ({ clientX }) => {
      const box = canvas.getBoundingClientRect();
      this.choose(Math.min(this.steps - 1, Math.floor((this.steps * (clientX - box.left)) / box.width)));
    };
    return canvas;
  }

  // Every film that is not waiting for Python: decoded here where codes and a network are given, else as it came.
  draw(network, label, ways = this.ways) {
    for (const way of ways.filter((each) => each.canvas)) {
      const live = way.codes && network;
      way.canvas.parentElement.classList.toggle("stale", Boolean(way.stale || (way.codes && !network)));
      for (let step = 0; step < this.steps; step++) {
        if (live) this.put(way.canvas, step, this.decoded(network, way.codes[step], label), 0, 0);
        else if (!way.codes && way.film) this.put(way.canvas, step, way.film, step * this.shape[2], 0);
      }
    }
    if (ways.includes(this.way) && this.ground && !this.way.trouble) this.surround();
  }

  decoded(network, code, label) {
    paint(this.scratch, network.run(Float32Array.from(code), ...(label === null ? [] : [label])).mean, this.shape);
    return this.scratch;
  }

  surround() {
    const { nearest, neighbours, stale } = this.way;
    for (const part of [this.images, this.counts, this.density]) part.classList.toggle("stale", Boolean(stale));
    captions(this.images).forEach((item, step) => (item.textContent = this.named(nearest[step]).join("\n")));
    captions(this.counts).forEach((item, step) => {
      item.textContent = neighbours[step];
      item.classList.toggle("none", neighbours[step] === 0);
    });
    if (this.atlas) nearest.forEach((point, step) => this.put(this.near, step, this.atlas, ...this.tile(point)));
    this.curve();
  }

  // The class and the row of a point; where it is on the atlas.
  named(point) {
    const { labels, names, index } = this.ground;
    return [...(labels ? [names[labels[point]]] : []), index[point]];
  }

  tile(point) {
    const [, height, width] = this.shape;
    return [(point % this.ground.columns) * width, Math.floor(point / this.ground.columns) * height];
  }

  put(canvas, step, source, left, top) {
    const pen = canvas.getContext("2d");
    const [, height, width] = this.shape;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(source, left, top, width, height, step * (this.wide + GAP), 0, this.wide, this.high);
  }

  // One picture at its own size, for the page to enlarge: a step of a film, or a point of the atlas.
  show(canvas, source, left, top, wide, high) {
    const [, height, width] = this.shape;
    Object.assign(canvas, { width, height });
    canvas.getContext("2d").imageSmoothingEnabled = false;
    canvas.getContext("2d").drawImage(source, left, top, wide, high, 0, 0, width, height);
  }

  showStep(canvas, step) {
    if (this.way.canvas) this.show(canvas, this.way.canvas, step * (this.wide + GAP), 0, this.wide, this.high);
  }

  showPoint(canvas, point) {
    if (this.atlas) this.show(canvas, this.atlas, ...this.tile(point), this.shape[2], this.shape[1]);
  }

  mark(step) {
    for (const item of this.grid.querySelectorAll("li"))
      item.classList.toggle("now", [...item.parentElement.children].indexOf(item) === step);
    const scroller = this.grid.parentElement;
    const first = this.grid.querySelector("li.now");
    if (first && step !== this.step && scroller.scrollWidth > scroller.clientWidth) {
      const [seen, own] = [scroller, first].map((part) => part.getBoundingClientRect());
      if (own.left < seen.left || own.right > seen.right)
        scroller.scrollLeft += (own.left + own.right - seen.left - seen.right) / 2;
    }
    this.step = step;
    if (this.ground && !this.way.trouble) this.curve();
  }

  // The density from the middle of the first column to that of the last, and where it is usual.
  curve() {
    const canvas = this.density;
    const { density } = this.way;
    if (!canvas?.clientWidth || !density) return;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const top = Math.max(1.25, ...density);
    Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    const column = width / this.steps;
    const x = (share) => column / 2 + share * (width - column);
    const y = (value) => height - 2 - (value / top) * (height - 6);
    pen.scale(devicePixelRatio, devicePixelRatio);
    pen.strokeStyle = pen.fillStyle = style.color;
    pen.globalAlpha = 0.4;
    trace(
      pen,
      [
        [0, y(1)],
        [width, y(1)],
      ],
      [3, 4],
    );
    [pen.strokeStyle, pen.fillStyle, pen.lineWidth] = [
      style.getPropertyValue("--vc-z"),
      style.getPropertyValue("--vc-z"),
      2,
    ];
    const points = density.map((value, i) => [x(i / (density.length - 1)), y(value)]);
    pen.globalAlpha = 0.2;
    pen.beginPath();
    for (const point of [[x(0), height], ...points, [x(1), height]]) pen.lineTo(...point);
    pen.fill();
    pen.globalAlpha = 1;
    trace(pen, points, []);
    const at = points[Math.round(((density.length - 1) * (this.step ?? 0)) / (this.steps - 1))];
    pen.beginPath();
    pen.arc(...at, 4, 0, 7);
    pen.fill();
  }
}

function header(title, note) {
  const head = document.createElement("header");
  head.append(
    Object.assign(document.createElement("b"), { textContent: title }),
    Object.assign(document.createElement("span"), { textContent: note }),
  );
  return head;
}

function strip(canvas, words) {
  const part = document.createElement("div");
  const list = document.createElement("ol");
  list.append(...words.map((word) => Object.assign(document.createElement("li"), { textContent: word })));
  part.append(...(canvas ? [canvas] : []), ...(words.length ? [list] : []));
  return part;
}

function captions(part) {
  return [...part.querySelectorAll("li")];
}

function trace(pen, points, dashes) {
  pen.setLineDash(dashes);
  pen.beginPath();
  for (const point of points) pen.lineTo(...point);
  pen.stroke();
  pen.setLineDash([]);
}
