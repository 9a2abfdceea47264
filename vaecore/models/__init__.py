"""Every variant, by name."""

from vaecore.models.base import Autoencoder
from vaecore.models.deterministic import (
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    DeterministicAutoencoder,
    SparseAutoencoderKL,
    SparseAutoencoderL1,
)
from vaecore.models.flows import InverseAutoregressiveFlowVAE
from vaecore.models.gaussian import VAE, BetaVAE, ConditionalVAE, ConvolutionalVAE, ImportanceWeightedAutoencoder
from vaecore.models.hierarchical import HierarchicalVAE, LadderVAE
from vaecore.models.linear import PCA, LinearAutoencoder
from vaecore.models.stacked import StackedAutoencoder
from vaecore.models.text import TextVAE

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
    "beta-vae": BetaVAE,
    "conv-vae": ConvolutionalVAE,
    "cvae": ConditionalVAE,
    "iwae": ImportanceWeightedAutoencoder,
    "hierarchical": HierarchicalVAE,
    "ladder": LadderVAE,
    "iaf": InverseAutoregressiveFlowVAE,
    "text": TextVAE,
}
