"""What papers print, and how their protocols differ from ours."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A figure of a paper, as the paper prints it, and how its protocol differs from ours."""

    value: float
    source: str
    difference: str = ""


PUBLISHED = {  # by model and measure; what could not be read at its source or in a faithful copy is left out
    ("vae-mnist-50", "likelihood"): Published(86.76, "Burda et al. 2016, one layer, k = 1"),
    ("iwae-mnist-50", "likelihood"): Published(84.78, "Burda et al. 2016, one layer, k = 50"),
    ("hierarchical-mnist", "likelihood"): Published(85.33, "Burda et al. 2016, two layers, k = 1"),
    ("ladder-mnist", "likelihood"): Published(81.84, "Sonderby et al. 2016, five layers"),
    ("ae-mnist-30", "squared error"): Published(
        3.00, "Hinton & Salakhutdinov 2006", "layers pretrained as restricted Boltzmann machines"
    ),
    ("vae-fashion-mnist-2", "strangers"): Published(0.99, "Xiao et al. 2020, likelihood regret", "a larger VAE"),
    ("conv-vae-fashion-mnist-16", "strangers"): Published(0.99, "Xiao et al. 2020, likelihood regret", "a larger VAE"),
}
