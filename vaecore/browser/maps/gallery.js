import { make, one } from "../dom.js";

/** @import { Maps } from "./maps.js" */

const MOST = 60; // pictures

// The images that were chosen: how many of which class, and their pictures.
export class Gallery {
  /**
   * @param {HTMLElement} root
   * @param {Maps} maps
   */
  constructor(root, maps) {
    this.root = root;
    this.maps = maps;
    one(root, ".clear", HTMLElement).onclick = () => maps.keep({ kind: "", corners: [] });
  }

  show() {
    const chosen = [...(this.maps.chosen ?? [])];
    this.root.hidden = !chosen.length;
    if (!chosen.length) return;
    one(this.root, ".said", HTMLElement).textContent = this.said(chosen);
    const pictured = this.maps.isPictured() ? chosen.slice(0, MOST) : [];
    one(this.root, ".pictures", HTMLElement).replaceChildren(...pictured.map((point) => this.picture(point)));
  }

  /** @param {number[]} chosen */
  said(chosen) {
    const { data, labels } = this.maps;
    const counts = data.names.map((name, label) => ({
      name,
      count: labels ? chosen.filter((i) => labels[i] === label).length : 0,
    }));
    const most = counts
      .filter(({ count }) => count)
      .sort((a, b) => b.count - a.count)
      .map(({ name, count }) => `${count} × ${name}`);
    const shown = chosen.length > MOST ? `, the first ${MOST} of them` : "";
    const images = `${chosen.length} image${chosen.length === 1 ? "" : "s"}`;
    return `${images}${shown}${most.length ? `: ${most.join(", ")}` : ""}`;
  }

  /** @param {number} point */
  picture(point) {
    const title = this.maps.caption(point);
    const canvas = make("canvas", { title }, { role: "img", "aria-label": title });
    this.maps.copy(canvas, point);
    return canvas;
  }
}
