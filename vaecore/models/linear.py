"""PCA behind the four verbs, and the linear autoencoder that finds the same subspace by gradient."""

from typing import Literal

import torch
from jaxtyping import Float, UInt8
from pydantic.dataclasses import dataclass
from scipy.linalg import eigh
from torch import Tensor

from vaecore.distributions import Delta
from vaecore.divergences import squared_error
from vaecore.models.base import STRICT, Autoencoder, BaseSettings, Codes, Images, Labels, Size, Sizes, mean_image
from vaecore.models.deterministic import DeterministicAutoencoder

CHUNK = 8192


class PCA(Autoencoder):
    """Principal component analysis: the linear map to k numbers that loses the least squared error.

    f(x) = W (x - m),  g(z) = m + W' z; the k rows of W are the leading eigenvectors of the covariance of x.
    Components are ordered by the variance they carry, so a prefix of a code is the code of a smaller PCA.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(BaseSettings):
        """The number of components; no network."""

        latent: Size = 64
        hidden: Sizes = ()

    equation = "z = W(x - m),  x^ = m + W'z;  W: the k leading eigenvectors of Cov(x)"
    source = "Pearson 1901; Hotelling 1933"

    components: Float[Tensor, "latent pixels"]
    center: Float[Tensor, "pixels"]

    def __init__(self, settings: BaseSettings, shape: tuple[int, int, int], classes: int = 0) -> None:
        super().__init__(settings, shape, classes)
        if self.latent > self.pixels:
            raise ValueError(f"pca: expected latent <= {self.pixels} pixels, got {self.latent}")
        self.register_buffer("components", torch.zeros(self.latent, self.pixels))
        self.register_buffer("center", torch.zeros(self.pixels))

    @torch.no_grad()
    def prepare(self, pixels: UInt8[Tensor, "n channels height width"]) -> None:
        """The closed form, in float64: float32 loses the third decimal of the error."""
        center = mean_image(pixels).cpu().double()
        rows = pixels.flatten(1).cpu()
        if len(rows) < self.pixels:
            leading = self._completed(torch.linalg.svd(rows.double() / 255 - center, full_matrices=False).Vh)
        else:
            leading = self._leading_eigenvectors(rows, center)
        self.components.copy_(leading * _sign(leading))
        self.center.copy_(center)

    def _completed(self, rows: Float[Tensor, "n pixels"]) -> Float[Tensor, "latent pixels"]:
        """The leading orthonormal rows; of fewer images than components there are others, which carry no variance."""
        lacking = max(self.latent - len(rows), 0)
        others = torch.eye(self.pixels, lacking, dtype=rows.dtype)
        return torch.linalg.qr(torch.cat([rows.T, others], 1)).Q.T[: self.latent] if lacking else rows[: self.latent]

    def _leading_eigenvectors(
        self, rows: UInt8[Tensor, "n pixels"], center: Float[Tensor, "pixels"]
    ) -> Float[Tensor, "latent pixels"]:
        """Of the scatter matrix, summed in pieces; only the leading ones, for a full decomposition costs minutes."""
        scatter = torch.zeros(self.pixels, self.pixels, dtype=torch.float64)
        for piece in rows.split(CHUNK):
            deviation = piece.double() / 255 - center
            scatter += deviation.T @ deviation
        last = self.pixels - 1
        vectors = eigh(scatter.numpy(), subset_by_index=[last - self.latent + 1, last])[1]
        return torch.from_numpy(vectors.copy()).flip(-1).T

    def posterior(self, x: Images, label: Labels | None = None) -> Delta:
        """z = W (x - m)."""
        return Delta((x.flatten(1) - self.center) @ self.components.T)

    def likelihood(self, z: Codes, label: Labels | None = None) -> Delta:
        """x^ = m + W' z. It may leave [0, 1]."""
        return Delta(self.to_images(z @ self.components + self.center))

    def loss(self, x: Images, label: Labels | None = None) -> dict[str, Float[Tensor, "batch"]]:
        """{"distortion": ||x - g(f(x))||^2}."""
        return {"distortion": squared_error(x, self.likelihood(self.posterior(x).mean).mean)}

    def truncate(self, k: int) -> "PCA":
        """The PCA of the first k components.

        Raises:
            ValueError: k is not between 1 and the number of components.
        """
        if not 1 <= k <= self.latent:
            raise ValueError(f"pca: expected k between 1 and {self.latent}, got {k}")
        smaller = type(self)(self.Settings(latent=k), self.shape)
        smaller.components = self.components[:k]
        smaller.center = self.center
        return smaller.train(self.training)


class LinearAutoencoder(DeterministicAutoencoder):
    """The autoencoder without nonlinearities: at its optimum it spans the PCA subspace.

    min_{A, B} ||x - (B A x + c)||^2; every critical point that is no saddle spans the leading eigenvectors.
    """

    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Settings(DeterministicAutoencoder.Settings):
        """The size of the code; no network."""

        latent: Size = 8
        hidden: Sizes = ()
        code: Literal["identity"] = "identity"

    equation = "min ||x - g(f(x))||^2,  f and g affine"
    source = "Baldi & Hornik 1989"

    def output_bias(self, pixels: UInt8[Tensor, "n channels height width"]) -> Float[Tensor, "pixels"]:
        """The mean image."""
        return mean_image(pixels)

    def activate(self, outputs: Tensor) -> Tensor:
        """The decoder's output as it is: a squashed one would not be linear."""
        return outputs


def _sign(components: Float[Tensor, "latent pixels"]) -> Float[Tensor, "latent 1"]:
    """+1 or -1 per row, so that its largest entry is positive: eigenvectors come with an arbitrary sign."""
    largest = components.abs().argmax(dim=1, keepdim=True)
    return components.gather(1, largest).sign()
