// The form of the settings.
import { make } from "../dom.js";
import { CHOICES, fits } from "./settings.js";
import { keysOf, nextTo, pairOf, twinIn, valuesOf } from "./twins.js";

/** @import { SetData } from "./sets.js" */
/** @import { Choice, Settings } from "./settings.js" */

/**
 * @param {Settings} settings
 * @param {SetData[]} sets
 * @param {(key: string, value: string) => void} choose
 */
export function formOf(settings, sets, choose) {
  const set = sets.find(({ name }) => name === settings.set) ?? sets[0];
  const groups = [false, true].map((live) => {
    const group = make("fieldset");
    group.append(make("legend", { textContent: live ? "Acts at once" : "Starts again" }));
    for (const [key, choice] of Object.entries(CHOICES)) {
      if (Boolean(choice.live) !== live || choice.apart) continue;
      if (pairOf(settings).every((each) => choice.when?.(each) === false)) continue;
      group.append(labelled(key, choice, settings[key], optionsOf(key, choice, sets, set), choose));
    }
    return group;
  });
  const missing = sets.filter(({ why }) => why).map(({ why }) => make("p", { textContent: why }));
  return [groups[0], twinGroup(settings, sets, choose), groups[1], ...missing];
}

/**
 * What a twin differs in, and its value of that.
 *
 * @param {Settings} settings
 * @param {SetData[]} sets
 * @param {(key: string, value: string) => void} choose
 */
function twinGroup(settings, sets, choose) {
  const { key, value } = twinIn(settings);
  const group = make("fieldset", { className: "twins" });
  const kinds = [["", "None"], ...keysOf(settings, sets).map((each) => [each, CHOICES[each].label.split(",")[0]])];
  const kind = selectOf("twin", key, kinds);
  kind.ariaLabel = "What the twin differs in";
  kind.onchange = () => choose("twin", kind.value && `${kind.value}:${nextTo(settings, kind.value, sets)}`);
  group.append(make("legend", { textContent: "Twin" }), kind);
  if (!key) return group;
  const other = selectOf("other", value, valuesOf(settings, key, sets));
  other.ariaLabel = `${CHOICES[key].label}: the twin’s`;
  other.onchange = () => choose("twin", `${key}:${other.value}`);
  group.classList.toggle("short", !["objective", "noise"].includes(key));
  group.append(other);
  return group;
}

/**
 * @param {string} name
 * @param {string} value
 * @param {(string | boolean)[][]} options - Value, title, and whether it cannot be chosen.
 */
export function selectOf(name, value, options) {
  const select = make("select", { name });
  for (const [each, title, disabled] of options) {
    const texts = { value: String(each), textContent: String(title), disabled: Boolean(disabled) };
    select.append(make("option", { ...texts, selected: each === value }));
  }
  return select;
}

/**
 * @param {string} key
 * @param {Choice} choice
 * @param {SetData[]} sets
 * @param {SetData} set
 * @returns {[string, string, boolean][]} - Value, title, and whether it cannot be chosen.
 */
function optionsOf(key, { options }, sets, set) {
  if (key === "set") return sets.map(({ name, title, why }) => [name, title, Boolean(why)]);
  const fitting = key === "objective" ? options.filter(([name]) => fits(name, set)) : options;
  return fitting.map(([value, title]) => [value, title, false]);
}

/**
 * @param {string} key
 * @param {Choice} choice
 * @param {string} value
 * @param {[string, string, boolean][]} options
 * @param {(key: string, value: string) => void} choose
 */
function labelled(key, { label, slides }, value, options, choose) {
  const whole = make("label", { className: key });
  whole.append(make("span", { textContent: label }));
  if (key === "seed") {
    const seed = make("input", { type: "number", min: "0", max: "9999", value, name: key });
    seed.onchange = () => choose(key, seed.value);
    whole.append(seed);
  } else if (slides) {
    const said = make("output", { textContent: value });
    const at = options.findIndex(([each]) => each === value);
    const slider = make("input", {
      type: "range",
      min: "0",
      max: String(options.length - 1),
      value: String(at),
      name: key,
    });
    const tell = () => slider.setAttribute("aria-valuetext", said.textContent);
    slider.oninput = () => {
      said.textContent = options[Number(slider.value)][0];
      tell();
      choose(key, said.textContent);
    };
    tell();
    whole.append(said, slider);
  } else {
    const select = selectOf(key, value, options);
    select.onchange = () => choose(key, select.value);
    whole.append(select);
  }
  return whole;
}
