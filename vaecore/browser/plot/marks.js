// The marks of a chart as elements of SVG, in pixels of its box.

/** @import { Point } from "../numbers.js" */
/** @import { Scale } from "./axes.js" */
/** @typedef {(number | null)[]} Numbers - None where the pen is lifted. */
/** @typedef {{ x: Scale, y: Scale }} Scales */

/**
 * @typedef {object} LineData
 * @property {Numbers} x
 * @property {Numbers} y
 * @property {string} color
 * @property {string} name - In the legend, if any.
 * @property {number} width
 * @property {string} dash
 * @property {number} opacity
 * @property {number} dots - Diameter of a dot at each point.
 * @property {boolean} filled - Down to zero.
 * @property {string} form - How its values are written under the pointer, if they are.
 * @property {string[]} said - Of each point, instead of its value.
 */
/**
 * @typedef {object} DotsData
 * @property {Numbers} x
 * @property {Numbers} y
 * @property {string | string[]} colors - Of all, or of each.
 * @property {number | number[]} sizes - Diameters.
 * @property {string} name
 * @property {number} opacity
 * @property {string} shape
 * @property {boolean} ringed
 * @property {string[]} said - Of each, under the pointer.
 * @property {string[]} texts - Beside each.
 */
/**
 * @typedef {object} BarsData
 * @property {Numbers} low - On the axis that they stand on.
 * @property {Numbers} high
 * @property {Numbers} values - How long they are.
 * @property {string | string[]} colors
 * @property {string} name
 * @property {number} opacity
 * @property {boolean} lying
 * @property {string[]} said
 * @property {string[]} texts - At the end of each.
 */
/**
 * @typedef {object} ArrowsData
 * @property {number[][]} starts
 * @property {number[][]} ends
 * @property {string} color
 * @property {number} width
 * @property {string} name
 */
/** @typedef {{ axis: string, at: number, color: string, width: number, dash: string }} RuleData */
/**
 * @typedef {object} WordsData
 * @property {number} x
 * @property {number} y
 * @property {string} text
 * @property {string} color
 * @property {number} size
 * @property {boolean} bold
 * @property {string} anchor
 * @property {Point} away - Pixels from the place.
 */

const DASHES = /** @type {Record<string, string>} */ ({
  dash: "8 5",
  dot: "2 4",
  dashdot: "8 4 2 4",
});
const HEAD = 7; // pixels of an arrow's head
const CROSS = 0.7; // of the radius, from the middle to an end of its arms

/**
 * A new element of SVG.
 *
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {(string | Node)[]} inside
 */
export function draw(tag, attributes, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...inside);
  return made;
}

/**
 * How a line is drawn.
 *
 * @param {string} color
 * @param {number} width
 * @param {string} dash
 * @returns {Record<string, string | number>}
 */
export function stroke(color, width, dash) {
  const dashes = DASHES[dash];
  const look = {
    fill: "none",
    stroke: color,
    "stroke-width": width,
    "stroke-linejoin": "round",
  };
  return dashes ? { ...look, "stroke-dasharray": dashes } : { ...look, "stroke-linecap": "round" };
}

/**
 * @template T
 * @param {T | T[]} of - All, or each.
 * @param {number} i
 */
export const eachOf = (of, i) => (Array.isArray(of) ? of[i] : of);

/**
 * Where points are on the screen, none where the pen is lifted.
 *
 * @param {{ x: Numbers, y: Numbers }} points
 * @param {Scales} scales
 * @returns {(Point | null)[]}
 */
export function onScreen({ x, y }, scales) {
  return x.map((across, i) => {
    const up = y[i];
    if (across === null || up === null) return null;
    const place = /** @type {Point} */ ([scales.x.at(across), scales.y.at(up)]);
    return place.every(Number.isFinite) ? place : null;
  });
}

/** @param {(Point | null)[]} places */
function path(places) {
  let down = false;
  return places
    .map((place) => {
      const step = place && `${down ? "L" : "M"}${place[0].toFixed(2)} ${place[1].toFixed(2)}`;
      down = place !== null;
      return step ?? "";
    })
    .join("");
}

/**
 * @param {LineData} data
 * @param {Scales} scales
 */
export function line(data, scales) {
  const places = onScreen(data, scales);
  const found = places.filter((place) => place !== null);
  const group = draw("g", { opacity: data.opacity });
  if (data.filled && found.length > 1) {
    const ground = scales.y.at(0);
    const below = `L${found[found.length - 1][0]} ${ground}L${found[0][0]} ${ground}Z`;
    group.append(draw("path", { d: path(found) + below, fill: data.color, opacity: 0.18 }));
  }
  group.append(
    draw("path", {
      d: path(places),
      ...stroke(data.color, data.width, data.dash),
    }),
  );
  if (data.dots) {
    for (const [x, y] of found) group.append(draw("circle", { cx: x, cy: y, r: data.dots / 2, fill: data.color }));
  }
  return group;
}

/**
 * @param {DotsData} data
 * @param {Scales} scales
 */
export function dots(data, scales) {
  const group = draw("g", {});
  onScreen(data, scales).forEach((place, i) => {
    if (!place) return;
    const [[x, y], color, radius] = [place, eachOf(data.colors, i), eachOf(data.sizes, i) / 2];
    group.append(draw("g", { opacity: data.opacity }, shape(data, x, y, radius, color)));
    if (data.texts[i]) {
      const at = {
        x: x + 0.7 * radius + 3,
        y: y - 0.7 * radius - 3,
      };
      group.append(draw("text", at, data.texts[i]));
    }
  });
  return group;
}

/**
 * @param {DotsData} data
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} color
 */
function shape({ shape: kind, ringed }, x, y, radius, color) {
  if (kind === "cross") {
    const arm = CROSS * radius;
    const d = `M${x - arm} ${y - arm}L${x + arm} ${y + arm}M${x - arm} ${y + arm}L${x + arm} ${y - arm}`;
    return draw("path", { d, ...stroke(color, 3, "solid") });
  }
  if (kind === "tick")
    return draw("path", {
      d: `M${x} ${y - radius}V${y + radius}`,
      ...stroke(color, 3, "solid"),
    });
  return draw("circle", {
    cx: x,
    cy: y,
    r: radius,
    fill: color,
    ...(ringed ? { class: "ring" } : {}),
  });
}

/**
 * The boxes of bars on the screen: left, top, width and height.
 *
 * @param {BarsData} data
 * @param {Scales} scales
 */
export function boxes({ low, high, values, lying }, scales) {
  const [stand, rise] = lying ? [scales.y, scales.x] : [scales.x, scales.y];
  return values.map((value, i) => {
    const sides = [stand.at(low[i] ?? 0), stand.at(high[i] ?? 0)].sort((a, b) => a - b);
    const ends = [rise.at(0), rise.at(value ?? 0)].sort((a, b) => a - b);
    const [[left, right], [top, bottom]] = lying ? [ends, sides] : [sides, ends];
    return { x: left, y: top, width: right - left, height: bottom - top };
  });
}

/**
 * @param {BarsData} data
 * @param {Scales} scales
 */
export function bars(data, scales) {
  const group = draw("g", {});
  boxes(data, scales).forEach((box, i) => {
    group.append(
      draw("rect", {
        ...box,
        rx: data.lying ? 3 : 1,
        fill: eachOf(data.colors, i),
        opacity: data.opacity,
      }),
    );
    const text = data.texts[i];
    if (!text) return;
    const below = (data.values[i] ?? 0) < 0;
    const at = {
      x: below ? box.x - 5 : box.x + box.width + 5,
      y: box.y + box.height / 2 + 4,
    };
    group.append(draw("text", { ...at, "text-anchor": below ? "end" : "start" }, text));
  });
  return group;
}

/**
 * @param {ArrowsData} data
 * @param {Scales} scales
 */
export function arrows({ starts, ends, color, width }, scales) {
  const group = draw("g", stroke(color, width, "solid"));
  starts.forEach(([x0, y0], i) => {
    const [from, to] = [
      [scales.x.at(x0), scales.y.at(y0)],
      [scales.x.at(ends[i][0]), scales.y.at(ends[i][1])],
    ];
    const turn = Math.atan2(to[1] - from[1], to[0] - from[0]);
    const size = HEAD * Math.sqrt(width / 1.8);
    const barbs = [turn + 2.6, turn - 2.6].map((angle) => [
      to[0] + size * Math.cos(angle),
      to[1] + size * Math.sin(angle),
    ]);
    const d = `M${from.join(" ")}L${to.join(" ")}M${barbs[0].join(" ")}L${to.join(" ")}L${barbs[1].join(" ")}`;
    group.append(draw("path", { d }));
  });
  return group;
}

/**
 * @param {WordsData} data
 * @param {Scales} scales
 */
export function words(data, scales) {
  const [x, y] = [scales.x.at(data.x) + data.away[0], scales.y.at(data.y) + data.away[1]];
  const style = `fill: ${data.color}; font-size: ${data.size}px; font-weight: ${data.bold ? 700 : 400}`;
  return draw("text", { x, y, "text-anchor": data.anchor, style }, data.text);
}
