"""Autoencoders that return one code for one image: plain, denoising, sparse, contractive."""

from typing import Annotated, Literal

import torch
from jaxtyping import Bool, Float, UInt8
from pydantic import Field, NonNegativeFloat, PositiveFloat
from pydantic.dataclasses import dataclass
from torch import Tensor

from vaecore.corruption import Corruption
from vaecore.distributions import Delta, Distribution, batch_mean
from vaecore.divergences import kl_of_activity, squared_error
from vaecore.jacobians import estimated_squared_norm, squared_norm, squared_norm_of_sigmoid_layer
from vaecore.mixtures import Mixture
from vaecore.models.base import STRICT, Autoencoder, Codes, Images, Labels, NoisySettings, Size, Sizes, logit_of_mean
from vaecore.networks import ACTIVATIONS, Transposed

ALIKE = 1e-12  # of the mean square of codes: a variance that is the rounding of float32
ROUNDED = 0.01  # what weights kept in half precision may be off their sum
LARGEST_EXACT = 32  # latent dimensions up to which the contraction's exact form, one product each, is affordable


class DeterministicAutoencoder(Autoencoder):
    """The autoencoder: squeeze an image through a few numbers and demand it back.

    min ||x - g(f(x))||^2, summed over pixels; f an MLP, g its mirror with a sigmoid at the end.
    Nothing in this says where codes lie. If the settings ask for it, a Gaussian mixture fitted on the training codes
    after the last step does (Ghosh et al. 2020): it then is the prior that samples are drawn from.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(NoisySettings):
        """Hinton & Salakhutdinov's widths, 784-1000-500-250-k, and the shape of the code.

        Attributes:
            code: the activation of the code itself.
            tied: the decoder's matrices are the encoder's, transposed.
            density: components of the Gaussian mixture fitted on the codes after training, of which those that there
                is no code for have no weight; 0 for none.
        """

        hidden: Sizes = (1000, 500, 250)
        code: Literal["identity", "sigmoid", "relu"] = "identity"
        tied: bool = False
        density: Annotated[int, Field(ge=0, le=1000)] = 0

    equation = "min ||x - g(f(x))||^2"
    source = "Hinton & Salakhutdinov 2006"

    mixture_weights: Tensor
    mixture_means: Tensor
    mixture_scale_trils: Tensor

    def __init__(self, settings: Settings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.encoder = self.mlp_encoder(self.latent)
        self.decoder = Transposed(self.encoder, settings.activation) if settings.tied else self.mlp_decoder()
        self.activate_code = ACTIVATIONS[settings.code]()
        self.components = settings.density
        if settings.density:
            self.abilities = self.abilities | {"sample"}
            self.register_buffer("mixture_weights", torch.full((settings.density,), 1 / settings.density))
            self.register_buffer("mixture_means", torch.zeros(settings.density, self.latent))
            self.register_buffer("mixture_scale_trils", torch.zeros(settings.density, self.latent, self.latent))
            self.mixture_scale_trils.diagonal(dim1=1, dim2=2).fill_(1)

    @torch.no_grad()
    def prepare(self, pixels: UInt8[Tensor, "n channels height width"]) -> None:
        """Start the decoder at the mean image."""
        self.decoder.output_bias.copy_(self.output_bias(pixels))

    def output_bias(self, pixels: UInt8[Tensor, "n channels height width"]) -> Float[Tensor, "pixels"]:
        """What the decoder adds last, before its activation."""
        return logit_of_mean(pixels)

    def activate(self, outputs: Tensor) -> Tensor:
        """The decoder's last nonlinearity: pixels lie in [0, 1]."""
        return outputs.sigmoid()

    def encode(self, rows: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch latent"]:
        """f: a code for each row of pixels."""
        return self.activate_code(self.encoder(rows).to(rows.dtype))

    def posterior(self, x: Images, label: Labels | None = None) -> Delta:
        """f(x), a point."""
        return Delta(self.encode(x.flatten(1)))

    def likelihood(self, z: Codes, label: Labels | None = None) -> Delta:
        """g(z), a point."""
        return Delta(self.activate(self.to_images(self.decoder(z))))

    def prior(self) -> Distribution:
        """The density fitted on the training codes, where the settings ask for one.

        Raises:
            TypeError: they do not.
        """
        if not self.components:
            return super().prior()
        return Mixture(self.mixture_weights, self.mixture_means, self.mixture_scale_trils)

    def check_weights(self) -> None:
        """The density is one: weights that add to one, and scales above zero.

        Raises:
            ValueError: it is none.
        """
        if self.components:
            total, scales = float(self.mixture_weights.sum()), self.mixture_scale_trils.diagonal(dim1=1, dim2=2)
            if self.mixture_weights.min() < 0 or abs(total - 1) > ROUNDED or scales.min() <= 0:
                raise ValueError(
                    f"expected a density of weights that add to 1 and scales above 0, got {total:g} and "
                    f"{float(scales.min()):g}"
                )

    @torch.no_grad()
    def conclude(self, codes: Float[Tensor, "n latent"]) -> None:
        """Fit the Gaussian mixture, full covariances, by expectation maximisation from one k-means start."""
        if not self.components:
            return
        from sklearn.mixture import GaussianMixture

        spread = float(codes.var(0, correction=0).mean())
        if spread <= ALIKE * float(codes.square().mean()):  # codes all alike have none but their rounding
            codes, spread = codes[:1].expand(2, -1), 1.0  # the least that a mixture is fitted on
        own = min(self.components, len(codes.unique(dim=0)))
        mixture = GaussianMixture(own, random_state=0, reg_covar=1e-4 * spread)
        fitted = mixture.fit(codes.double().numpy())
        self.mixture_weights.zero_()[:own] = torch.from_numpy(fitted.weights_)
        self.mixture_means[:own] = torch.from_numpy(fitted.means_)
        self.mixture_scale_trils[:own] = torch.linalg.cholesky(torch.from_numpy(fitted.covariances_))

    def loss(self, x: Images, label: Labels | None = None) -> dict[str, Float[Tensor, "batch"]]:
        """{"distortion": ||x - g(f(x~))||^2} and the variant's penalty; x~ is x unless the settings corrupt it."""
        seen, touched = self.corrupted(x)
        code = self.posterior(seen, label).mean
        return {"distortion": self.distortion(x, self.likelihood(code, label).mean, touched)} | self.penalty(seen, code)

    def distortion(
        self,
        x: Images,
        reconstruction: Images,
        touched: Bool[Tensor, "batch channels height width"],
    ) -> Float[Tensor, "batch"]:
        """||x - x^||^2."""
        return squared_error(x, reconstruction)

    def penalty(self, x: Images, code: Float[Tensor, "batch latent"]) -> dict[str, Float[Tensor, "batch"]]:
        """What the variant adds to the distortion, by name: nothing here."""
        return {}


class DenoisingAutoencoder(DeterministicAutoencoder):
    """The denoising autoencoder: shown a damaged image, asked for the whole one.

    min alpha sum_{i in J} (x_i - g_i(f(x~)))^2 + beta sum_{i not in J} (x_i - g_i(f(x~)))^2; J: what the noise touched.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(DeterministicAutoencoder.Settings):
        """Half of the pixels masked; `emphasis` is (alpha, beta)."""

        corruption: Corruption = "masking"
        level: NonNegativeFloat = 0.5
        emphasis: tuple[NonNegativeFloat, NonNegativeFloat] = (1.0, 1.0)

    equation = "min ||x - g(f(x~))||^2,  x~ = x with noise"
    source = "Vincent et al. 2008, 2010"

    def __init__(self, settings: Settings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.alpha, self.beta = settings.emphasis

    def distortion(
        self,
        x: Images,
        reconstruction: Images,
        touched: Bool[Tensor, "batch channels height width"],
    ) -> Float[Tensor, "batch"]:
        """The squared error, touched pixels times alpha, the others times beta (Vincent et al. 2010, section 3.4)."""
        if self.alpha == self.beta == 1:
            return squared_error(x, reconstruction)
        weight = torch.where(touched, self.alpha, self.beta)
        return (weight * (x - reconstruction).square()).flatten(1).sum(1)


class SparseAutoencoderL1(DeterministicAutoencoder):
    """The sparse autoencoder with an L1 penalty: many units, few of them on for any one image.

    min ||x - g(f(x))||^2 + lambda sum_j |a_j|,  a = f(x) = max(0, W x + b), decoded by W': tied, so that a small
    code cannot be bought with large weights.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(DeterministicAutoencoder.Settings):
        """More units than pixels, one layer; `sparsity` is lambda."""

        latent: Size = 1000
        hidden: Sizes = ()
        code: Literal["identity", "sigmoid", "relu"] = "relu"
        tied: bool = True
        sparsity: PositiveFloat = 0.1

    equation = "min ||x - g(f(x))||^2 + lambda sum_j |a_j|,  a = f(x)"
    source = "Le et al. 2011; Goodfellow et al. 2016, section 14.2"

    def __init__(self, settings: Settings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.sparsity = settings.sparsity

    def penalty(self, x: Images, code: Float[Tensor, "batch latent"]) -> dict[str, Float[Tensor, "batch"]]:
        """{"sparsity": lambda sum_j |a_j|}."""
        return {"sparsity": self.sparsity * code.abs().sum(1)}


class SparseAutoencoderKL(DeterministicAutoencoder):
    """The sparse autoencoder with a wanted activity: every unit on for a few images, none for all.

    min ||x - g(f(x))||^2 + lambda sum_j KL(rho || rho_j),  rho_j the mean of the sigmoid unit a_j over the batch.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(DeterministicAutoencoder.Settings):
        """More units than pixels, one layer; `activity` is rho; `sparsity` is lambda."""

        latent: Size = 1000
        hidden: Sizes = ()
        code: Literal["sigmoid"] = "sigmoid"
        tied: bool = True
        activity: float = Field(default=0.05, gt=0, lt=1)
        sparsity: PositiveFloat = 0.1

    equation = "min ||x - g(f(x))||^2 + lambda sum_j KL(rho || rho_j),  rho_j = mean of a_j"
    source = "Ng 2011"

    def __init__(self, settings: Settings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.activity, self.sparsity = settings.activity, settings.sparsity

    def penalty(self, x: Images, code: Float[Tensor, "batch latent"]) -> dict[str, Float[Tensor, "batch"]]:
        """{"sparsity": lambda sum_j KL(rho || rho_j)}: of the batch as a whole, the same for each example."""
        divergence = kl_of_activity(self.activity, batch_mean(code)).sum()
        return {"sparsity": (self.sparsity * divergence).expand(len(code))}


class ContractiveAutoencoder(DeterministicAutoencoder):
    """The contractive autoencoder: a code that hardly moves when the image does, unless it must.

    min ||x - g(f(x))||^2 + lambda ||J_f(x)||_F^2,  J_f the Jacobian of the encoder, as Rifai et al. have it: one
    sigmoid layer, tied weights, so that the code cannot shrink while the decoder grows. With a corruption in the
    settings, J is taken at x~, which the encoder is shown.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(DeterministicAutoencoder.Settings):
        """One sigmoid layer; `contraction` is lambda.

        Attributes:
            norm: how ||J||_F^2 is found: "exact" (closed form for one sigmoid layer, Jacobian products otherwise),
                "estimate" (one random product, unbiased), or "auto": the estimate for deep encoders of large codes.
        """

        latent: Size = 1000
        hidden: Sizes = ()
        code: Literal["identity", "sigmoid", "relu"] = "sigmoid"
        tied: bool = True
        contraction: PositiveFloat = 0.1
        norm: Literal["auto", "exact", "estimate"] = "auto"

    equation = "min ||x - g(f(x))||^2 + lambda ||J||_F^2,  J = df/dx"
    source = "Rifai et al. 2011"

    def __init__(self, settings: Settings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        self.contraction, self.norm = settings.contraction, settings.norm
        self.one_sigmoid_layer = not settings.hidden and settings.code == "sigmoid"

    def penalty(self, x: Images, code: Float[Tensor, "batch latent"]) -> dict[str, Float[Tensor, "batch"]]:
        """{"contraction": lambda ||J_f(x)||_F^2}."""
        return {"contraction": self.contraction * self.squared_norm(x, code)}

    def squared_norm(self, x: Images, code: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch"]:
        """||J_f(x)||_F^2, as the settings say."""
        if self.norm != "estimate" and self.one_sigmoid_layer:
            return squared_norm_of_sigmoid_layer(code, self.encoder.linear[0].weight)
        if self.norm == "exact" or (self.norm == "auto" and self.latent <= LARGEST_EXACT):
            return squared_norm(self.encode, x.flatten(1))
        return estimated_squared_norm(self.encode, x.flatten(1))
