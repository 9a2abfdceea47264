// Where a drawing is on the maps, as the canvas of the same page says it, and the images whose codes are nearest to it.
import { fetchFloats } from "../fetching.js";
import { ring } from "./chart.js";
import { nearestRows } from "./neighbours.js";

const NEIGHBOURS = 8;

export class Cursor {
  constructor(maps) {
    this.maps = maps;
    this.root = maps.find(".nearest");
    this.hear = ({ detail }) => this.move(detail);
    addEventListener("vaecore:code", this.hear);
    this.root.querySelector("div").replaceChildren(
      ...Array.from({ length: NEIGHBOURS }, () => {
        const canvas = document.createElement("canvas");
        canvas.setAttribute("role", "img");
        return canvas;
      }),
    );
  }

  // Other points, or another model: the canvas is asked to say again what is drawn.
  async update() {
    const { cursor } = this.maps.data;
    const address = cursor?.codes;
    if (address !== this.address) [this.address, this.codes] = [address, null];
    if (!cursor) return this.move(null);
    const codes = this.codes ?? (await fetchFloats(address));
    if (address !== this.address) return; // another model has been chosen meanwhile
    this.codes = codes;
    dispatchEvent(new CustomEvent("vaecore:maps"));
  }

  move(told) {
    const own = this.maps.planes && this.maps.data.cursor;
    this.told = own && told?.model === own.model && told.code ? told : null;
    this.near = this.told ? this.nearest() : [];
    this.show();
    this.maps.overlay();
  }

  // The nearest by all numbers of the code; of a wide code, by the two on the map.
  nearest() {
    const { codes } = this;
    const all = codes ?? this.maps.planes[0].points;
    return nearestRows(all, codes ? this.told.code : this.place(0), NEIGHBOURS);
  }

  // On the map of the codes, and on that of PCA; no other map says where a new image belongs.
  place(index) {
    const [x, y] = this.maps.data.cursor.plane;
    return [[this.told.code[x], this.told.code[y]], this.told.pca][index] ?? null;
  }

  mark(pen, plane, own, color) {
    if (!this.told) return;
    for (const point of this.near) ring(pen, ...plane.place(point), 5, color);
    const place = this.place(this.maps.planes.indexOf(plane));
    if (!place) return;
    const [x, y] = plane.toScreen(...place).map((at) => Math.min(plane.side - 8, Math.max(8, at))); // in sight
    pen.fillStyle = own;
    pen.beginPath();
    pen.arc(x, y, 8, 0, 7);
    pen.fill();
    ring(pen, x, y, 8, "#fff");
    ring(pen, x, y, 10, "#000");
  }

  show() {
    this.root.hidden = !this.near.length || !this.maps.pictured();
    if (this.root.hidden) return;
    [...this.root.querySelectorAll("canvas")].forEach((canvas, i) => {
      canvas.hidden = i >= this.near.length;
      if (canvas.hidden) return;
      this.maps.copy(canvas, this.near[i]);
      canvas.title = this.maps.caption(this.near[i]);
      canvas.setAttribute("aria-label", canvas.title);
    });
  }

  leave() {
    removeEventListener("vaecore:code", this.hear);
  }
}
