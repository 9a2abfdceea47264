// A chart: marks over two axes. It is drawn anew whenever its data or its width change, in place of what was there.
import { Component, mounting } from "../component.js";
import { cloud, contour } from "../density.js";
import { make, one, placeOn } from "../dom.js";
import { fetchFloats } from "../fetching.js";
import { ARROWS } from "../keys.js";
import { clamp } from "../numbers.js";
import { penOf } from "../picture.js";
import { Scale, written } from "./axes.js";
import { arrows, bars, dots, draw, eachOf, line, stroke, words } from "./marks.js";
import { readAcross, readNearest } from "./reading.js";

/** @import { Grid, Stops } from "../density.js" */
/** @import { Point } from "../numbers.js" */
/** @import { AxisData, Tick } from "./axes.js" */
/** @import { ArrowsData, BarsData, DotsData, LineData, RuleData, Scales, WordsData } from "./marks.js" */
/** @import { Reading } from "./reading.js" */

/**
 * What Python sends.
 *
 * @typedef {object} PlotData
 * @property {string} said - What it shows, for those who do not see it.
 * @property {number} height
 * @property {boolean} equal - Whether both axes have one scale.
 * @property {string} read - "across", "nearest", or nothing.
 * @property {string} press - What a press would do; nothing where it cannot be pressed.
 * @property {AxisData} x
 * @property {AxisData} y
 * @property {FieldData[]} fields
 * @property {BarsData[]} bars
 * @property {LineData[]} lines
 * @property {ArrowsData[]} arrows
 * @property {DotsData[]} dots
 * @property {WordsData[]} words
 * @property {RuleData[]} rules
 * @property {number} turn
 */
/**
 * @typedef {object} FieldData
 * @property {string} name
 * @property {string} color
 * @property {Stops} stops
 * @property {number[]} levels
 * @property {Grid} grid
 * @property {string} values - Where they are.
 */
/** @typedef {{ left: number, top: number, width: number, height: number }} Box */

const ROOM = { edge: 8, tick: 6, title: 18, line: 16, rise: 4 }; // pixels around the box, at the usual size of type
const APART = { x: 64, y: 36 }; // pixels between ticks, about
const STEP = 0.04; // of the box, that a key moves what is to be pressed

/** @extends {Component<PlotData>} */
class Plot extends Component {
  /** @param {HTMLElement} root */
  constructor(root) {
    super(root);
    this.sheet = this.find(".sheet");
    this.card = this.find(".card");
    this.svg = one(root, ".sheet > svg", SVGSVGElement);
    /** @type {(Float32Array | null)[]} */
    this.values = [];
    /** @type {Box} */
    this.box = { left: 0, top: 0, width: 0, height: 0 };
    this.scales = /** @type {Scales} */ ({});
    /** @type {Point | null} Where keys have gone. */
    this.cursor = null;
    this.width = 0;
    this.room = ROOM;
    this.observer = new ResizeObserver(() => this.shown && this.sheet.clientWidth !== this.width && this.draw());
    this.observer.observe(this.sheet);
    this.sheet.onpointermove = this.sheet.onpointerdown = (event) => this.read(placeOn(event, this.sheet));
    this.sheet.onpointerleave = this.sheet.onblur = () => this.forget();
    this.sheet.onclick = (event) => this.press(placeOn(event, this.sheet));
    this.sheet.onkeydown = (event) => this.walk(event);
  }

  /**
   * @override
   * @param {PlotData} data
   */
  async update(data) {
    const values = data.fields.length ? await Promise.all(data.fields.map((field) => fetchFloats(field.values))) : [];
    if (this.isReplaced(data)) return;
    [this.shown, this.values] = [data, values];
    this.draw();
    this.root.dataset.ready = "true";
  }

  draw() {
    const { data } = this;
    this.width = this.sheet.clientWidth;
    if (!this.width) return;
    this.forget();
    this.cursor = null;
    this.sheet.classList.toggle("pressed", Boolean(data.press));
    this.sheet.setAttribute("aria-label", data.said + (data.press ? ". Arrow keys move, Enter presses." : ""));
    this.sheet.setAttribute("role", data.press ? "application" : "img");
    this.find(".legend").replaceChildren(...keys(data));
    this.svg.setAttribute("height", String(data.height));
    const ticks = this.lay();
    const inner = draw("svg", {
      x: this.box.left,
      y: this.box.top,
      ...sizeOf(this.box),
    });
    for (const rule of data.rules) inner.append(this.rule(rule));
    for (const group of data.bars) inner.append(bars(group, this.scales));
    for (const each of data.lines) inner.append(line(each, this.scales));
    for (const group of data.arrows) inner.append(arrows(group, this.scales));
    for (const group of data.dots) inner.append(dots(group, this.scales));
    for (const each of data.words) inner.append(words(each, this.scales));
    this.svg.replaceChildren(...this.axes(ticks), inner);
    this.paintFields();
  }

  /**
   * Find room for what is written along the axes; what is left over is the box of the marks.
   *
   * @returns {{ x: Tick[], y: Tick[] }}
   */
  lay() {
    const { x, y, height, equal } = this.data;
    const room = roomOf(typeSize());
    const down = x.title || x.ticks?.length !== 0 ? room.line + room.tick : room.edge;
    const tall = height - room.edge - down - (x.title ? room.title : 0);
    const up = new Scale(y, tall, 0);
    const measured = this.ticks(y, up, tall / APART.y).map(({ text }) => textWidth(text));
    const left = Math.ceil(Math.max(0, ...measured)) + room.tick + (y.title ? room.title + room.rise : 2);
    const wide = Math.max(40, this.width - left - 2 * room.edge);
    const across = new Scale(x, 0, wide);
    if (equal) {
      const rate = Math.min(Math.abs(across.rate), Math.abs(up.rate));
      across.spread(rate);
      up.spread(rate);
    }
    this.room = room;
    this.box = { left, top: room.edge, width: wide, height: tall };
    this.scales = { x: across, y: up };
    return {
      x: this.ticks(x, across, wide / APART.x),
      y: this.ticks(y, up, tall / APART.y),
    };
  }

  /**
   * @param {AxisData} axis
   * @param {Scale} scale
   * @param {number} count
   */
  ticks(axis, scale, count) {
    return axis.ticks?.map(([value, text]) => ({ value, text })) ?? scale.ticks(count, axis.form);
  }

  /**
   * What is written along the axes, and the lines across the box.
   *
   * @param {{ x: Tick[], y: Tick[] }} ticks
   */
  axes(ticks) {
    const { room } = this;
    const { x, y } = this.data;
    const { left, top, width, height } = this.box;
    const foot = top + height;
    const made = [];
    for (const { value, text } of ticks.y) {
      const at = top + this.scales.y.at(value);
      if (at < top - 1 || at > foot + 1) continue;
      if (y.grid) made.push(draw("path", { class: "grid", d: `M${left} ${at}h${width}` }));
      made.push(draw("text", { x: left - room.tick, y: at + room.rise, "text-anchor": "end" }, text));
    }
    let free = -Infinity; // where the last word along the axis ends
    for (const { value, text } of ticks.x) {
      const [at, half] = [left + this.scales.x.at(value), textWidth(text) / 2];
      if (at < left - 1 || at > left + width + 1) continue;
      if (x.grid) made.push(draw("path", { class: "grid", d: `M${at} ${top}v${height}` }));
      if (at - half < free) continue;
      free = at + half + room.tick;
      made.push(draw("text", { x: at, y: foot + room.line, "text-anchor": "middle" }, text));
    }
    const middle = top + height / 2;
    if (x.title) {
      made.push(draw("text", { x: left + width / 2, y: foot + 2 * room.title, "text-anchor": "middle" }, x.title));
    }
    if (y.title) {
      const turned = {
        x: 3 * room.rise,
        y: middle,
        "text-anchor": "middle",
        transform: `rotate(-90 ${3 * room.rise} ${middle})`,
      };
      made.push(draw("text", turned, y.title));
    }
    return made;
  }

  /** @param {RuleData} data */
  rule({ axis, at, color, width, dash }) {
    const { box, scales } = this;
    const d = axis === "x" ? `M${scales.x.at(at)} 0v${box.height}` : `M0 ${scales.y.at(at)}h${box.width}`;
    return draw("path", { d, ...stroke(color, width, dash) });
  }

  paintFields() {
    const { box, scales, data } = this;
    const canvas = this.canvas("canvas");
    canvas.hidden = !data.fields.length;
    if (canvas.hidden) return;
    const size = {
      width: Math.round(box.width * devicePixelRatio),
      height: Math.round(box.height * devicePixelRatio),
    };
    Object.assign(canvas, size);
    canvas.style.cssText = `left:${box.left}px;top:${box.top}px;width:${box.width}px;height:${box.height}px`;
    const pen = penOf(canvas);
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const onto = {
      /** @type {(x: number, y: number) => Point} */
      toScreen: (x, y) => [
        scales.x.from + (x - scales.x.low) * scales.x.rate,
        scales.y.from + (y - scales.y.low) * scales.y.rate,
      ],
    };
    data.fields.forEach(({ grid, color, stops, levels }, i) => {
      const values = this.values[i];
      if (!values) return;
      cloud(pen, onto, values, grid, color, stops);
      [pen.strokeStyle, pen.lineWidth] = [color, 1.2];
      for (const level of levels) contour(pen, onto, values, grid, level);
    });
  }

  /**
   * Say what is under a place of the sheet.
   *
   * @param {Point} place
   */
  read([left, top]) {
    const { data, scales, box } = this;
    /** @type {Point} */
    const at = [left - box.left, top - box.top];
    const inside = at[0] >= -2 && at[0] <= box.width + 2 && at[1] >= -2 && at[1] <= box.height + 2;
    if (!inside || !this.shown) return this.forget();
    if (data.press) return this.tellOf({ at, title: this.wouldPress(at), rows: [] });
    const found = data.read === "across" ? readAcross(data, scales, at[0]) : data.read && readNearest(data, scales, at);
    if (found) this.tellOf(found);
    else this.forget();
  }

  /** @param {Point} at */
  wouldPress([left, top]) {
    const { scales, data } = this;
    const said = { "{x}": scales.x.value(left), "{y}": scales.y.value(top) };
    return data.press.replace(/\{[xy]\}/g, (name) => written(said[/** @type {"{x}"} */ (name)], ".2f"));
  }

  /** @param {Reading} reading */
  tellOf({ at, title, rows }) {
    const { box, card } = this;
    const said = rows.map(({ color, text }) => {
      const row = make("div", {}, {});
      row.append(make("i", {}, { style: `background: ${color}` }), text);
      return row;
    });
    card.replaceChildren(...(title ? [make("b", { textContent: title })] : []), ...said);
    card.hidden = false;
    const [left, top] = [box.left + at[0], this.sheet.offsetTop + box.top + at[1]];
    const right = left + card.offsetWidth + 14 > this.width;
    card.style.left = `${clamp(right ? left - card.offsetWidth - 12 : left + 12, 0, Math.max(0, this.width - card.offsetWidth))}px`;
    card.style.top = `${Math.max(0, top - card.offsetHeight - 8)}px`;
    this.svg.querySelector(".reading")?.remove();
    if (this.data.read === "across") {
      this.svg.append(
        draw("path", {
          class: "reading",
          d: `M${left} ${box.top}v${box.height}`,
        }),
      );
    } else if (this.cursor) {
      const cross = `M${left - 8} ${box.top + at[1]}h16M${left} ${box.top + at[1] - 8}v16`;
      this.svg.append(draw("path", { class: "reading", d: cross }));
    }
  }

  forget() {
    this.card.hidden = true;
    this.svg.querySelector(".reading")?.remove();
  }

  /** @param {Point} place */
  press([left, top]) {
    const { data, scales, box } = this;
    const at = [left - box.left, top - box.top];
    if (!this.shown || !data.press || at[0] < 0 || at[0] > box.width || at[1] < 0 || at[1] > box.height) return;
    this.tell("pressed", {
      x: scales.x.value(at[0]),
      y: scales.y.value(at[1]),
    });
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const [step, { box }] = [ARROWS[event.key], this];
    if (!this.shown || !(step || event.key === "Enter") || !(this.data.press || this.data.read)) return;
    event.preventDefault();
    this.cursor ??= [box.left + box.width / 2, box.top + box.height / 2];
    if (!step) return this.press(this.cursor);
    this.cursor = [
      clamp(this.cursor[0] + step[0] * STEP * box.width, box.left, box.left + box.width),
      clamp(this.cursor[1] - step[1] * STEP * box.height, box.top, box.top + box.height),
    ];
    this.read(this.cursor);
  }

  /** @override */
  leave() {
    this.observer.disconnect();
  }
}

/**
 * The legend: each name once, as its marks look.
 *
 * @param {PlotData} data
 */
function keys({ fields, bars: groups, lines, arrows: ways, dots: points }) {
  /** @type {Map<string, SVGElement>} */
  const found = new Map();
  for (const { name, color } of fields) found.set(name, swatch(color, 0.5));
  for (const { name, colors, opacity } of groups) found.set(name, swatch(eachOf(colors, 0), opacity));
  for (const { name, color, width, dash } of [...lines, ...ways.map((way) => ({ ...way, dash: "solid" }))]) {
    found.set(
      name,
      draw("path", {
        d: "M0 5h24",
        ...stroke(color, Math.min(width, 3), dash),
      }),
    );
  }
  for (const mark of points) {
    const scales = {
      x: new Scale({ low: 0, high: 24, log: false }, 0, 24),
      y: new Scale({ low: 0, high: 10, log: false }, 0, 10),
    };
    const sizes = Math.min(eachOf(mark.sizes, 0), 10);
    found.set(
      mark.name,
      dots(
        {
          ...mark,
          x: [12],
          y: [5],
          sizes,
          colors: eachOf(mark.colors, 0),
          texts: [],
        },
        scales,
      ),
    );
  }
  found.delete("");
  return [...found].map(([name, mark]) => {
    const item = make("li");
    item.append(draw("svg", { viewBox: "0 0 24 10", "aria-hidden": "true" }, mark), name);
    return item;
  });
}

/**
 * @param {string} color
 * @param {number} opacity
 */
const swatch = (color, opacity) => draw("rect", { x: 6, width: 12, height: 10, rx: 2, fill: color, opacity });

/** @param {Box} box */
const sizeOf = ({ width, height }) => ({ width, height });

/** How large the page's type is beside the usual: more for a room, or where a reader has asked for it. */
const typeSize = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

/**
 * @param {number} size - Of the type.
 * @returns {typeof ROOM}
 */
function roomOf(size) {
  const { edge } = ROOM;
  return { edge, tick: size * ROOM.tick, title: size * ROOM.title, line: size * ROOM.line, rise: size * ROOM.rise };
}

const ruler = /** @type {{ pen?: CanvasRenderingContext2D }} */ ({});

/**
 * How wide a text of an axis is.
 *
 * @param {string} text
 */
function textWidth(text) {
  ruler.pen ??= penOf(make("canvas"));
  ruler.pen.font = `${12 * typeSize()}px sans-serif`;
  return ruler.pen.measureText(text).width;
}

export const mountPlot = mounting(".plot", Plot);
