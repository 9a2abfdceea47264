// What a pointer reads from a chart.
import { written } from "./axes.js";
import { boxes, eachOf, onScreen } from "./marks.js";

/** @import { Point } from "../numbers.js" */
/** @import { AxisData } from "./axes.js" */
/** @import { BarsData, DotsData, LineData, Scales } from "./marks.js" */
/** @typedef {{ x: AxisData, lines: LineData[], dots: DotsData[], bars: BarsData[] }} Readable */
/** @typedef {{ at: Point, title: string, rows: { color: string, text: string }[] }} Reading */

const REACH = 24; // pixels from the pointer to what it reads

/**
 * The values of all lines that say theirs, at the point next to a place across the chart.
 *
 * @param {Readable} chart
 * @param {Scales} scales
 * @param {number} left
 * @returns {Reading | null}
 */
export function readAcross(chart, scales, left) {
  const found = chart.lines
    .filter(({ form, said }) => form || said.length)
    .flatMap((line) => {
      const places = onScreen(line, scales);
      const i = nearestOf(places.map((place) => (place ? Math.abs(place[0] - left) : Infinity)));
      const place = places[i];
      return place ? [{ line, i, place }] : [];
    });
  const first = found[nearestOf(found.map(({ place }) => Math.abs(place[0] - left)))];
  if (!first) return null;
  const beside = found.filter(({ place }) => Math.abs(place[0] - first.place[0]) < 1);
  const rows = beside.map(({ line, i }) => {
    const value = line.said[i] ?? written(line.y[i] ?? NaN, line.form);
    return {
      color: line.color,
      text: line.name ? `${line.name}: ${value}` : value,
    };
  });
  const title = `${chart.x.title} ${written(first.line.x[first.i] ?? NaN, chart.x.form || ".4g")}`.trim();
  return { at: first.place, title: first.line.said.length ? "" : title, rows };
}

/**
 * What the nearest mark says, of those that say something.
 *
 * @param {Readable} chart
 * @param {Scales} scales
 * @param {Point} pointer
 * @returns {Reading | null}
 */
export function readNearest(chart, scales, [left, top]) {
  /** @type {{ far: number, at: Point, color: string, text: string }[]} */
  const found = [];
  for (const mark of [...chart.dots, ...chart.lines]) {
    if (!mark.said.length) continue;
    onScreen(mark, scales).forEach((place, i) => {
      if (!place) return;
      const color = "colors" in mark ? eachOf(mark.colors, i) : mark.color;
      found.push({
        far: Math.hypot(place[0] - left, place[1] - top),
        at: place,
        color,
        text: mark.said[i],
      });
    });
  }
  for (const mark of chart.bars) {
    if (!mark.said.length) continue;
    boxes(mark, scales).forEach((box, i) => {
      const inside = mark.lying
        ? top >= box.y && top <= box.y + box.height
        : left >= box.x && left <= box.x + box.width;
      const at = /** @type {Point} */ (
        mark.lying ? [box.x + box.width, box.y + box.height / 2] : [box.x + box.width / 2, box.y]
      );
      found.push({
        far: inside ? 0 : Infinity,
        at,
        color: eachOf(mark.colors, i),
        text: mark.said[i],
      });
    });
  }
  const least = found[nearestOf(found.map(({ far }) => far))];
  if (!least || least.far > REACH) return null;
  const rows = found.filter(({ far }) => far === least.far).map(({ color, text }) => ({ color, text }));
  return { at: least.at, title: "", rows: least.far ? rows.slice(0, 1) : rows };
}

/**
 * The place of the least number; -1 where there is none.
 *
 * @param {number[]} distances
 */
const nearestOf = (distances) => distances.indexOf(Math.min(...distances));
