// Whether this machine has a font for a character: one that no font has is drawn as the box for missing glyphs.
const SIZE = 40; // pixels
const ABSENT = "\uffff"; // no character, so no font has it
const STACK = '"Noto Serif CJK TC", "Source Han Serif TC", "Songti TC", "PMingLiU", serif';

function trace(pen, character) {
  pen.clearRect(0, 0, 2 * SIZE, 2 * SIZE);
  pen.fillText(character, 0, 1.2 * SIZE);
  return { width: pen.measureText(character).width, ink: pen.getImageData(0, 0, 2 * SIZE, 2 * SIZE).data.join() };
}

// The box of a browser that writes the code into it differs from character to character, its width does not; a
// character of full width may be as wide as a box, but does not look like one.
function hasGlyph(character, pen, size = SIZE) {
  const [own, absent] = [trace(pen, character), trace(pen, ABSENT)];
  if (own.width !== absent.width) return true;
  return Math.abs(own.width - size) < 1 && own.ink !== absent.ink;
}

export function mountFonts({ data, parentElement }) {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  pen.font = `${SIZE}px ${STACK}`;
  const note = parentElement.querySelector(".note");
  note.hidden = hasGlyph(data.character, pen);
  note.querySelector("b").textContent = data.character;
  note.dataset.ready = "true";
}
