// Whether this machine has a font for a character: one that no font has is drawn as the box for missing glyphs.

/** @typedef {{ character: string }} FontsData */

const SIZE = 40; // pixels
const ABSENT = "\uffff"; // no character, so no font has it
const STACK = '"Noto Serif CJK TC", "Source Han Serif TC", "Songti TC", "PMingLiU", serif';

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {string} character
 */
function trace(pen, character) {
  pen.clearRect(0, 0, 2 * SIZE, 2 * SIZE);
  pen.fillText(character, 0, 1.2 * SIZE);
  return { width: pen.measureText(character).width, ink: pen.getImageData(0, 0, 2 * SIZE, 2 * SIZE).data.join() };
}

/**
 * Whether a font has a character. The box of a browser that writes the code into it differs from character to character,
 * its width does not; a character of full width may be as wide as a box, but does not look like one.
 *
 * @param {string} character
 * @param {CanvasRenderingContext2D} pen
 */
function hasGlyph(character, pen) {
  const [own, absent] = [trace(pen, character), trace(pen, ABSENT)];
  if (own.width !== absent.width) return true;
  return Math.abs(own.width - SIZE) < 1 && own.ink !== absent.ink;
}

/**
 * A sentence, where there is none: nothing that lasts, and nothing that Python hears of.
 *
 * @param {{ data: FontsData, parentElement: ParentNode }} given
 */
export function mountFonts({ data, parentElement }) {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const note = /** @type {HTMLElement} */ (parentElement.querySelector(".note"));
  const name = /** @type {HTMLElement} */ (note.querySelector("b"));
  if (pen) pen.font = `${SIZE}px ${STACK}`;
  note.hidden = !pen || hasGlyph(data.character, pen);
  name.textContent = data.character;
  note.dataset.ready = "true";
}
