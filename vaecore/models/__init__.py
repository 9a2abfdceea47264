"""Every variant, by name."""

from vaecore.models.base import Autoencoder
from vaecore.models.deterministic import DeterministicAutoencoder
from vaecore.models.gaussian import VAE, ConditionalVAE
from vaecore.models.linear import PCA, LinearAutoencoder

MODELS: dict[str, type[Autoencoder]] = {
    "pca": PCA,
    "linear": LinearAutoencoder,
    "autoencoder": DeterministicAutoencoder,
    "vae": VAE,
    "cvae": ConditionalVAE,
}
