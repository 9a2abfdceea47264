"""Every variant, by name."""

from vaecore.models.base import Autoencoder
from vaecore.models.deterministic import (
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    DeterministicAutoencoder,
    SparseAutoencoderKL,
    SparseAutoencoderL1,
)
from vaecore.models.gaussian import VAE, ConditionalVAE
from vaecore.models.linear import PCA, LinearAutoencoder
from vaecore.models.stacked import StackedAutoencoder

MODELS: dict[str, type[Autoencoder]] = {
    "pca": PCA,
    "linear": LinearAutoencoder,
    "autoencoder": DeterministicAutoencoder,
    "denoising": DenoisingAutoencoder,
    "sparse-l1": SparseAutoencoderL1,
    "sparse-kl": SparseAutoencoderKL,
    "contractive": ContractiveAutoencoder,
    "stacked": StackedAutoencoder,
    "vae": VAE,
    "cvae": ConditionalVAE,
}
