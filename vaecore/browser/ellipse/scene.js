import { clamp } from "../numbers.js";
import { Square } from "../plane.js";

/** @import { Point } from "../numbers.js" */

const TURN = 2 * Math.PI;
const DIAMETERS = { least: 4, usual: 9, most: 30 }; // of a sample; the usual has its fair share of the weight

// The part of the plane that is shown, and what is drawn on it.
export class Scene extends Square {
  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} half - Of the plane's side.
   * @param {string} color
   */
  axes(pen, half, color) {
    const step = round(half / 2.5);
    const [across, up] = this.center;
    pen.fillStyle = pen.strokeStyle = color;
    pen.font = "12px sans-serif";
    pen.lineWidth = 1;
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    /** @param {number} value */
    const said = (value) => value.toFixed(digits).replace("-", "\u2212");
    for (let i = Math.ceil((across - half) / step); i * step < across + half; i++) {
      const left = this.toScreen(i * step, up)[0];
      pen.globalAlpha = 0.12;
      pen.fillRect(left, 0, 1, this.side);
      pen.globalAlpha = 0.75;
      pen.textAlign = "center";
      if (left > 40 && left < this.side - 30) pen.fillText(said(i * step), left, this.side - 6);
    }
    for (let i = Math.ceil((up - half) / step); i * step < up + half; i++) {
      const top = this.toScreen(across, i * step)[1];
      pen.globalAlpha = 0.12;
      pen.fillRect(0, top, this.side, 1);
      pen.globalAlpha = 0.75;
      pen.textAlign = "left";
      if (top > 30 && top < this.side - 24) pen.fillText(said(i * step), 5, top + 4);
    }
    pen.fillText("z\u2082", 5, 16);
    pen.textAlign = "right";
    pen.fillText("z\u2081", this.side - 6, this.side - 6);
    pen.globalAlpha = 1;
  }

  /**
   * A Gaussian at one and two scales.
   *
   * @param {CanvasRenderingContext2D} pen
   * @param {readonly number[]} mean
   * @param {readonly number[]} scale
   * @param {string} color
   * @param {number[]} dash
   */
  rings(pen, [x, y], [wide, high], color, dash = []) {
    const [left, top] = this.toScreen(x, y);
    pen.strokeStyle = color;
    pen.lineWidth = 2.5;
    pen.setLineDash(dash);
    for (const times of [1, 2]) {
      pen.beginPath();
      pen.ellipse(left, top, times * wide * this.scale, times * high * this.scale, 0, 0, TURN);
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  /**
   * Samples: an area as the weight, as far as the eye can follow.
   *
   * @param {CanvasRenderingContext2D} pen
   * @param {Point[]} codes
   * @param {number[] | null} weights
   * @param {string} color
   */
  dots(pen, codes, weights, color) {
    const { least, usual, most } = DIAMETERS;
    pen.fillStyle = color;
    pen.strokeStyle = "#fff";
    pen.lineWidth = 1;
    codes.forEach(([x, y], i) => {
      const diameter = weights ? clamp(usual * Math.sqrt(weights[i] * codes.length), least, most) : least;
      pen.globalAlpha = weights ? 0.75 : 0.3;
      pen.beginPath();
      pen.arc(...this.toScreen(x, y), diameter / 2, 0, TURN);
      pen.fill();
      if (weights) pen.stroke();
    });
    pen.globalAlpha = 1;
  }

  /**
   * Where an ellipse is taken hold of: its middle, and an end of each arm.
   *
   * @param {CanvasRenderingContext2D} pen
   * @param {Point[]} handles
   * @param {string} color
   */
  arms(pen, [middle, ...ends], color) {
    pen.strokeStyle = pen.fillStyle = color;
    pen.lineWidth = 1.5;
    for (const end of ends) {
      pen.beginPath();
      pen.moveTo(...middle);
      pen.lineTo(...end);
      pen.stroke();
    }
    pen.lineWidth = 2;
    pen.strokeStyle = "#fff";
    [middle, ...ends].forEach((place, i) => {
      pen.beginPath();
      pen.arc(...place, i ? 6 : 9, 0, TURN);
      pen.fill();
      pen.stroke();
    });
  }
}

/**
 * The next of 1, 2 and 5 times a power of ten.
 *
 * @param {number} step
 */
function round(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5].find((each) => each * power >= step * 0.999) ?? 10);
}
