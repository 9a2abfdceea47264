// A page to take away: the components of the app, each in a shadow of its own, with what the page brings along.
import { mountCanvas } from "../canvas/canvas.js";
import { hold } from "../fetching.js";
import { mountMaps } from "../maps/maps.js";
import { mountSliders } from "../sliders/sliders.js";
import { unpackCodes, unpackWeights } from "./unpack.js";

const MOUNTS = { canvas: mountCanvas, maps: mountMaps, sliders: mountSliders };
const text = (id) => document.getElementById(id).textContent.trim();
const model = JSON.parse(text("model"));

function component(name) {
  const host = document.querySelector(`[data-component=${name}]`);
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = `<style>${model.parts[name].css}</style>${model.parts[name].html}`;
  return (data) => MOUNTS[name]({ data, parentElement: root, setStateValue: () => {} });
}

// The points of two dimensions, which a code of more lets one choose.
function lay(codes, [x, y]) {
  const n = model.codes.low.length;
  const points = new Float32Array(2 * model.codes.count);
  for (let i = 0; i < model.codes.count; i++) points.set([codes[i * n + x], codes[i * n + y]], 2 * i);
  return points;
}

function map(codes) {
  const show = component("maps");
  const draw = (columns) => {
    const address = `points ${columns}`;
    const plane = columns.map((column) => model.columns[column]);
    hold(address, lay(codes, columns));
    const axes = plane.map((dimension) => model.names[dimension]);
    const cursor = { ...model.maps.cursor, plane };
    show({
      ...model.maps,
      points: address,
      axes: [axes],
      plane,
      cursor,
      prior: model.maps.prior && plane[0] !== plane[1],
    });
  };
  if (model.columns.length > 2) choose(draw);
  draw(model.first);
}

function choose(draw) {
  const place = document.querySelector(".axes");
  const selects = ["Across", "Up"].map((name, first) => {
    const select = document.createElement("select");
    const label = document.createElement("label");
    select.append(
      ...model.columns.map(
        (dimension, column) => new Option(model.names[dimension], column, false, column === model.first[first]),
      ),
    );
    label.append(name, select);
    place.append(label);
    return select;
  });
  for (const select of selects) select.onchange = () => draw(selects.map((each) => Number(each.value)));
  place.hidden = false;
}

async function start() {
  hold("weights", await unpackWeights(model.weights, text("weights")));
  hold("images", Float32Array.from(model.images));
  const codes = unpackCodes(model.codes, text("codes"));
  if (model.maps?.cursor.codes) hold(model.maps.cursor.codes, codes);
  component("sliders")(model.sliders);
  if (model.canvas) component("canvas")(model.canvas);
  else document.querySelector(".draw").hidden = true;
  if (model.maps) map(codes); // not of codes that are all equal, which the page says
}

start().catch((error) => {
  const place = document.querySelector(".trouble");
  place.textContent = `This browser cannot show the page: ${error.message}. One of 2023 or later can.`;
  place.hidden = false;
});
