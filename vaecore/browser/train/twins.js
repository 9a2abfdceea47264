// Twins: two trainings with one difference.
import { CHOICES, completed } from "./settings.js";

/** @import { SetData } from "./sets.js" */
/** @import { Settings } from "./settings.js" */

const SHARED = ["set", "seed", "speed"]; // what twins have in common, or they would be no twins

/**
 * The two parts of what settings say of a twin, which is "beta:4".
 *
 * @param {Settings} settings
 */
export function twinIn({ twin = "" }) {
  const at = twin.indexOf(":");
  return { key: twin.slice(0, Math.max(0, at)), value: twin.slice(at + 1) };
}

/**
 * The settings of each training: of one alone, or of it and its twin, which has another value of one.
 *
 * @param {Settings} settings
 * @returns {Settings[]}
 */
export function pairOf(settings) {
  const { key, value } = twinIn(settings);
  if (!key) return [settings];
  const marked = (/** @type {Settings} */ own) => ({ ...own, mark: `-${key}-${own[key]}`.replaceAll(" ", "-") });
  return [settings, { ...settings, [key]: value }].map((own) => marked(own));
}

/**
 * The values that a twin may have of a setting, with their titles, so that nothing else of it differs.
 *
 * @param {Settings} settings
 * @param {string} key
 * @param {SetData[]} sets
 */
export function valuesOf(settings, key, sets) {
  if (SHARED.includes(key) || !Object.hasOwn(CHOICES, key)) return [];
  return CHOICES[key].options.filter(([value]) => {
    const other = completed({ ...settings, [key]: value }, sets);
    if (other[key] !== value || (key !== "objective" && CHOICES[key].when?.(other) === false)) return false;
    return Object.keys(CHOICES).every((each) => each === key || other[each] === settings[each]);
  });
}

/**
 * Settings that a twin may differ in.
 *
 * @param {Settings} settings
 * @param {SetData[]} sets
 */
export const keysOf = (settings, sets) =>
  Object.keys(CHOICES).filter((key) => valuesOf(settings, key, sets).length > 1);

/**
 * Settings that can be meant, with a twin that can be meant, or none.
 *
 * @param {Settings} asked
 * @param {SetData[]} sets
 */
export function completedPair(asked, sets) {
  const settings = completed(asked, sets);
  const { key, value } = twinIn(asked);
  const can = valuesOf(settings, key, sets).some(([each]) => each === value);
  return can ? { ...settings, twin: asked.twin } : settings;
}

/**
 * The value beside a setting's own: what a twin has at first.
 *
 * @param {Settings} settings
 * @param {string} key
 * @param {SetData[]} sets
 */
export function nextTo(settings, key, sets) {
  const values = valuesOf(settings, key, sets).map(([value]) => value);
  const at = values.indexOf(settings[key]);
  return values[at + 1] ?? values[at - 1];
}

/**
 * What each of two is called: its value of what they differ in.
 *
 * @param {Settings[]} pair
 */
export function namesOf([settings, other]) {
  if (!other) return [""];
  const { key } = twinIn(settings);
  const label = key === "objective" ? "" : `${CHOICES[key].label.split(",")[0]} `;
  return [settings, other].map((own) => `${label}${titleOf(own, key)}`);
}

/**
 * What a form says of a setting's value.
 *
 * @param {Settings} settings
 * @param {string} key
 */
export const titleOf = (settings, key) => CHOICES[key].options.find(([value]) => value === settings[key])?.[1] ?? "";

const RATE = ["vae", "beta-vae", "cvae"]; // objectives of nats
/** @param {Settings} settings */
export const isOfNats = ({ objective }) => RATE.includes(objective);

/**
 * Whether the distortion of all is the same quantity: in nats or not, and of images that are damaged alike or not at all.
 *
 * @param {Settings[]} pair
 */
export function isShared(pair) {
  if (new Set(pair.map(isOfNats)).size > 1) return false;
  const { key } = twinIn(pair[0]);
  return !pair.some(({ objective }) => objective === "denoising") || !["objective", "noise", "level"].includes(key);
}
