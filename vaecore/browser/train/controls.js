// The form of the settings.
import { make } from "../dom.js";
import { CHOICES, fits } from "./settings.js";

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
      if (Boolean(choice.live) !== live || choice.when?.(settings) === false) continue;
      group.append(labelled(key, choice, settings[key], optionsOf(key, choice, sets, set), choose));
    }
    return group;
  });
  const missing = sets.filter(({ why }) => why).map(({ why }) => make("p", { textContent: why }));
  return [...groups, ...missing];
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
    const select = make("select", { name: key });
    for (const [each, title, disabled] of options) {
      select.append(make("option", { value: each, textContent: title, disabled, selected: each === value }));
    }
    select.onchange = () => choose(key, select.value);
    whole.append(select);
  }
  return whole;
}
