"""A thousand couplets from `couplets-tang`: `python tests/benchmarks/verse.py`, machine idle.

On two threads, at the temperature that the cards' samples have: seconds for 1,000 couplets, the median of several
rounds; and milliseconds from a code to its likeliest couplet, which the page *Verse* waits for at every move of a
slider. Beside them, in the same run, the same with every position computed anew for each character, as by a decoder
that keeps nothing; both must write the same couplets.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

import vaecore
from vaecore.sequences import END, TextDecoder
from vaecore.serving.texts import TextExplorer

THREADS = 2
COUNT, TEMPERATURE = 1000, 0.8
BAR = 2.0  # seconds


class Forgetful:
    """A writer that computes all positions so far at every step."""

    def __init__(self, decoder: TextDecoder, z: Tensor) -> None:
        self.decoder, self.z = decoder, z
        self.before = torch.full((len(z), 0), END)

    def step(self, before: Tensor) -> Tensor:
        """The features of the next position."""
        self.before = torch.cat([self.before, before[:, None]], 1)
        tokens = torch.cat([self.before[:, 1:], before[:, None]], 1)  # of the last only what stands before is read
        return self.decoder(self.z, tokens)[:, -1]


def seconds(act: Callable[[], object], rounds: int) -> float:
    """The median of some rounds, after one that does not count."""
    times = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        act()
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(THREADS)
    explorer = vaecore.load("couplets-tang", device="cpu")
    assert isinstance(explorer, TextExplorer)
    code = np.random.default_rng(0).standard_normal((1, explorer.latent), dtype=np.float32)

    def sample() -> list[str]:
        return explorer.sample(COUNT, temperature=TEMPERATURE, seed=0)

    def measure() -> tuple[float, float]:
        return seconds(sample, rounds), 1000 * seconds(lambda: explorer.decode(code), 20)

    ours, move, couplets = *measure(), sample()
    from vaecore import texts

    texts.Writer = Forgetful  # type: ignore[misc, assignment]
    anew, slow_move = measure()
    print(f"{'':22}{f'{COUNT:,} couplets, s':>20}{'one, likeliest, ms':>22}")
    print(f"{'each position once':22}{ours:20.2f}{move:22.1f}")
    print(f"{'all positions anew':22}{anew:20.2f}{slow_move:22.1f}")
    print(f"the same couplets: {'yes' if sample() == couplets else 'NO'}")
    print(f"bar {BAR:g} s: {'met' if ours <= BAR else 'MISSED'}")


if __name__ == "__main__":
    main()
