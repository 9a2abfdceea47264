"""Faults that are planted in a copy of the package: of each it is known which test catches it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vaecore

PACKAGE = Path(vaecore.__file__).parent
CATCHERS = [str(Path(__file__).parent / name) for name in ("test_wiring.py", "test_own_splits.py")]
FAULTS = {  # the file, what is right, what is wrong, and the test that catches it
    "a neighbour counts itself": (
        "evaluation/planes.py", ".kneighbors()[1]", ".kneighbors(codes)[1]",
        "test_a_point_has_no_vote_on_itself",
    ),
    "neighbours of test codes among themselves": (
        "evaluation/measured.py", "labels, on.train_codes.numpy(), train_labels)", "labels, on.codes.numpy(), labels)",
        "test_the_neighbours_of_a_test_code_are_training_codes",
    ),
    "a probe's decay is chosen on test": (
        "evaluation/features.py", ".score(train[-held:], train_labels[-held:])", ".score(test, test_labels)",
        "test_a_probes_decay_does_not_know_the_test_codes",
    ),
    "a probe's decay is not divided by n": (
        "evaluation/features.py", "1 / (decay * len(codes))", "1 / decay",
        "test_a_probe_minimises_mean_cross_entropy_and_its_decay",
    ),
    "the sign of complexity": (
        "evaluation/anomaly.py", 'scores["elbo"] - _png_nats(x)', 'scores["elbo"] + _png_nats(x)',
        "test_what_takes_a_long_file_is_less_strange_for_its_nats",
    ),
    "held-out terms while training": (
        "training.py", "    model.eval()\n    totals: dict[str, float]", "    totals: dict[str, float]",
        "test_held_out_terms_are_those_of_the_model_at_rest",
    ),
    "accuracy against the judge's opinion": (
        "evaluation/measured.py",
        "generation.right(seen.classes, target) for name, seen in on.seen(on.conditional_images)",
        "generation.right(seen.classes, on.seen_test[name].classes) for name, seen in on.seen(on.conditional_images)",
        "test_accuracy_is_against_the_class_that_was_asked_for",
    ),
    "the floor from test images": (
        "evaluation/examined.py", "present(self.train.data[drawn(len(self.train), len(self.test))])",
        "present(self.test.data)",
        "test_the_floor_is_of_training_images",
    ),
    "codes' noise with the pixels' seed": (
        "evaluation/likelihood.py", ".manual_seed(seed + draws)", ".manual_seed(seed)",
        "test_the_noise_of_codes_is_not_that_of_pixels",
    ),
    "an error of images without the root of n": (
        "evaluation/intervals.py", "int(len(values) > 1)) / sqrt(len(values))", "int(len(values) > 1)) / len(values)",
        "test_a_standard_error_shrinks_with_the_root_of_the_number",
    ),
    "an error of texts without the root of n": (
        "evaluation/intervals.py", "int(len(values) > 1)) / sqrt(len(values))", "int(len(values) > 1)) / len(values)",
        "test_errors_of_texts_shrink_with_the_root_of_the_number",
    ),
    "bits over positions": (
        "evaluation/texts.py", "(x != 0).sum(1)\n", "torch.full((len(x),), x.shape[1])\n",
        "test_bits_are_over_characters",
    ),
    "equal images of two people on two sides": (
        "data/images.py", "return joined(np.stack([equal, kin + len(self)]))", "return kin",
        "test_a_planted_leak_is_caught",
    ),
    "images of one person on two sides": (
        "data/images.py", "if self.kin is None or self.contiguous:\n            return equal", "if True: return equal",
        "test_no_group_and_no_equal_image_crosses",
    ),
    "the end of a film that shows its beginning again": (
        "data/images.py", "return last & ~np.isin(equal, equal[~last])", "return last",
        "test_the_end_of_the_rows_is_tested_on_but_for_what_came_before",
    ),
    "rows that forget whose they are": (
        "data/images.py", '("target", "held", "kin")', '("target", "held")',
        "test_no_group_and_no_equal_image_crosses",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str, tmp_path: Path) -> None:
    file, right, wrong, catcher = FAULTS[fault]
    shutil.copytree(PACKAGE, tmp_path / "vaecore", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pretrained").symlink_to(PACKAGE.parent / "pretrained", target_is_directory=True)
    path = tmp_path / "vaecore" / file
    text = path.read_text("utf-8")
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong), "utf-8")
    command = [sys.executable, "-P", "-m", "pytest", "-n0", "-p", "no:cacheprovider", "-k", catcher, *CATCHERS]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stdout[-2000:]  # tests failed, and nothing else
    assert f"::{catcher}" in ran.stdout
