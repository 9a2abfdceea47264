"""How well a plane, or any code, keeps the neighbours that images have; and a map of a model's codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float32, Int32, Int64
from numpy import ndarray
from torch import Tensor

from vaecore.evaluation import planes
from vaecore.evaluation.intervals import drawn
from vaecore.evaluation.outside import Report, Task, results, silent
from vaecore.evaluation.planes import FEWEST, spread, trustworthiness

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAP_IMAGES = 2000
NEIGHBOURS = 5
LAYING_OUT = Task(Path(planes.__file__), "laid_out", "the map")
HOPS = 10  # neighbours to which a path over the data may go on
SHORTEST = 1e-12  # length of an edge


def neighbour_accuracy(
    codes: Float[ndarray, "n latent"],
    labels: Int64[ndarray, "n"],
    train_codes: Float[ndarray, "m latent"],
    train_labels: Int64[ndarray, "m"],
) -> float:
    """Share of `codes` whose class is the majority of the 5 nearest `train_codes` (Euclidean)."""
    from sklearn.neighbors import KNeighborsClassifier

    return float(
        KNeighborsClassifier(min(NEIGHBOURS, len(train_codes))).fit(train_codes, train_labels).score(codes, labels)
    )


def continuity(images: Float[ndarray, "n pixels"], codes: Float[ndarray, "n latent"]) -> float:
    """How far the 10 nearest neighbours of each image stayed neighbours as codes, in [0, 1] (Venna & Kaski 2001).

    It is trustworthiness with images and codes changing places.
    """
    return trustworthiness(codes, images)


@dataclass(frozen=True, eq=False)
class LatentMap:
    """The codes of some test images beside two other planes of the same images.

    Attributes:
        codes: posterior means, [n, latent].
        pca: the first two principal components, [n, 2]; None where the images have none.
        tsne: t-SNE after PCA to 50, [n, 2]; None where it could not be drawn.
        index: rows of the test split, [n].
        labels: [n], or None.
        scores: of each of these planes: "trustworthiness" against the pixels (k=10), and with labels "neighbours", the
            leave-one-out 5-nearest-neighbour accuracy among these points.
        missing: of "codes", "pca", "tsne", those that cannot be shown, each with a sentence that says why.
        umap: UMAP of the same images, [n, 2], where they are one's own and umap-learn was at hand.
    """

    codes: Float32[ndarray, "n latent"]
    pca: Float32[ndarray, "n 2"] | None
    tsne: Float32[ndarray, "n 2"] | None
    index: Int64[ndarray, "n"]
    labels: Int64[ndarray, "n"] | None
    scores: dict[str, dict[str, float]]
    missing: Mapping[str, str] = field(default_factory=dict)
    umap: Float32[ndarray, "n 2"] | None = None


def map_of(
    codes: Float32[ndarray, "n latent"],
    pixels: Float32[ndarray, "n pixels"],
    pca: Float32[ndarray, "n 2"],
    index: Int64[ndarray, "n"],
    labels: Int64[ndarray, "n"] | None,
    tsne: Float32[ndarray, "n 2"] | None = None,
    report: Report = silent,
) -> LatentMap:
    """t-SNE of the pixels, unless it is known, and the scores of the planes, in a process of its own.

    What cannot be shown is missing, with a sentence; what that process had done when it crashed or came to a limit is
    kept. The result is worth keeping.
    """
    known = {"codes": codes, "pca": pca} | ({} if tsne is None else {"tsne": tsne})
    missing = missing_planes(codes, pixels, pca)
    found: dict[str, ndarray] = {}
    if "tsne" not in missing:  # by few images, or by images all alike, no plane is scored either
        shown = {name: plane for name, plane in known.items() if name not in missing}
        arrays = {"pixels": pixels, **shown} | ({} if labels is None else {"labels": labels})
        try:
            for name, result in results(LAYING_OUT, arrays, report):
                found[name] = result
        except ValueError as error:
            if "tsne" not in known | found:
                missing["tsne"] = str(error)
    drawn = {name: None if name in missing else (known | found)[name] for name in ("pca", "tsne")}
    return LatentMap(codes, drawn["pca"], drawn["tsne"], index, labels, scores_in(found), missing, found.get("umap"))


def scores_in(named: Mapping[str, ndarray | Tensor]) -> dict[str, dict[str, float]]:
    """The scores by plane of what is called "scores.PLANE.SCORE", each a single number."""
    scores: dict[str, dict[str, float]] = {}
    for _, plane, score in (name.split(".") for name in named if name.startswith("scores.")):
        scores.setdefault(plane, {})[score] = float(named[f"scores.{plane}.{score}"])
    return scores


def missing_planes(
    codes: Float32[ndarray, "n latent"], pixels: Float32[ndarray, "n pixels"], pca: Float32[ndarray, "n 2"]
) -> dict[str, str]:
    """Why there are planes that cannot be shown: a sentence for each that stands on too few points, or equal ones."""
    stands_on = {
        "codes": [(codes, "codes", 2)],
        "pca": [(pixels, "images", 2), (pca, "principal components", 2)],
        "tsne": [(pixels, "images", FEWEST)],
    }
    missing = {}
    for name, parts in stands_on.items():
        try:
            for points, of, least in parts:
                spread(points, of, least)
        except ValueError as error:
            missing[name] = str(error)
    return missing


def chosen_rows(count: int, most: int = MAP_IMAGES) -> Int64[ndarray, "n"]:
    """The rows of a test split that a map is made of, and that planes are scored on: 2,000 of them, always the same.

    Of more than 2,000, these are among them.
    """
    return drawn(count, most).numpy()


def shortest_path(
    codes: Float32[ndarray, "n latent"], start: Float32[ndarray, "latent"], end: Float32[ndarray, "latent"], steps: int
) -> Float32[ndarray, "steps latent"]:
    """A path that stays near `codes`: the shortest way over their 10-nearest-neighbour graph, at equal distances.

    Edges weigh their squared length, so that many short hops between real codes are cheaper than one leap.

    Raises:
        ValueError: there are fewer than two codes, or they are all equal, or not finite.
    """
    spread(codes, "codes")
    if np.array_equal(start, end):
        return np.repeat(start[None], steps, axis=0)

    from scipy.sparse.csgraph import dijkstra

    nodes = np.concatenate([codes, start[None], end[None]])
    graph = _with_ends(_neighbour_graph(codes.tobytes(), codes.shape[1]), nodes)
    before = dijkstra(graph, directed=False, indices=len(codes), return_predecessors=True)[1]
    way = [len(codes) + 1]
    while way[-1] != len(codes):
        way.append(int(before[way[-1]]))
    corners = nodes[way[::-1]]
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    at = np.linspace(0, length[-1], steps)
    return np.stack([np.interp(at, length, column) for column in corners.T], axis=1).astype(np.float32)


@lru_cache(maxsize=8)
def _neighbour_graph(codes: bytes, latent: int) -> "csr_matrix":
    """The graph of codes and their 10 nearest neighbours, weighed by squared lengths, all in one piece."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
    from sklearn.neighbors import kneighbors_graph

    nodes = np.frombuffer(codes, np.float32).reshape(-1, latent)
    graph = kneighbors_graph(nodes, min(HOPS, len(nodes) - 1), mode="distance")
    graph.data = graph.data.clip(min=SHORTEST)  # codes may be equal, and a sparse graph has no edge of length zero
    pieces, piece = connected_components(graph, directed=False)
    if pieces > 1:  # clusters that do not touch: the minimum spanning tree joins them by their shortest bridges
        graph = graph.maximum(minimum_spanning_tree(graph.maximum(_bridges(nodes, pieces, piece))))
    return csr_matrix(graph).power(2)


def _bridges(nodes: Float32[ndarray, "n latent"], pieces: int, piece: Int32[ndarray, "n"]) -> "csr_matrix":
    """The shortest edge between every two pieces of a graph."""
    from scipy.sparse import csr_matrix
    from sklearn.metrics import pairwise_distances

    edges = []
    for a, b in combinations([np.flatnonzero(piece == one) for one in range(pieces)], 2):
        apart = pairwise_distances(nodes[a], nodes[b])
        i, j = np.unravel_index(apart.argmin(), apart.shape)
        edges.append((max(apart[i, j], SHORTEST), a[i], b[j]))
    lengths, rows, columns = map(np.array, zip(*edges, strict=True))
    return csr_matrix((lengths, (rows, columns)), shape=(len(nodes), len(nodes)))


def _with_ends(graph: "csr_matrix", nodes: Float32[ndarray, "m latent"]) -> "csr_matrix":
    """The graph with the last two nodes, each joined to the 10 nearest of those before it."""
    from scipy.sparse import csr_matrix

    known = graph.tocoo()
    parts = [(known.data, known.row, known.col)]
    for last in (len(nodes) - 2, len(nodes) - 1):
        weights = np.square(nodes[:last] - nodes[last]).sum(1, dtype=np.float64)
        nearest = np.argpartition(weights, min(HOPS, last) - 1)[:HOPS]
        parts.append((weights[nearest], np.full(len(nearest), last), nearest))
    data, rows, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    return csr_matrix((data, (rows, columns)), shape=(len(nodes), len(nodes)))


def spherical(
    a: Float32[ndarray, "latent"], b: Float32[ndarray, "latent"], t: Float32[ndarray, "steps 1"]
) -> Float32[ndarray, "steps latent"]:
    """From `a` to `b` at the shares `t` of the way: direction and length turn evenly (Shoemake 1985)."""
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if min(lengths) == 0:
        return (1 - t) * a + t * b
    angle = np.arccos(np.clip(a @ b / (lengths[0] * lengths[1]), -1, 1))
    if np.sin(angle) < 1e-6:  # the same direction, or opposite ones: no plane to turn in
        return (1 - t) * a + t * b
    direction = (np.sin((1 - t) * angle) * a / lengths[0] + np.sin(t * angle) * b / lengths[1]) / np.sin(angle)
    return (direction * ((1 - t) * lengths[0] + t * lengths[1])).astype(np.float32)
