// A code where the sliders stand, each between two whole percents on the line of their codes: `quantiles` has those of 0
// to 100 percent of each number that is moved, `middle` the others, `at` says the percent.
export function codeAt(middle, quantiles, at) {
  const code = Float32Array.from(middle);
  for (const [index, column] of Object.entries(quantiles)) {
    const below = Math.floor(at(index));
    const share = at(index) - below;
    code[index] = (1 - share) * column[below] + share * column[below + 1];
  }
  return code;
}
