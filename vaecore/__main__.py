"""The command line: list, train, evaluate, export, fetch."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from vaecore import stopping

with stopping.at_once():  # torch takes seconds, in which people change their minds
    from vaecore import checkpoint, printed, tables, writing
    from vaecore.comparing import compare
    from vaecore.data import DATASETS, fetch, terms
    from vaecore.device import DEVICES
    from vaecore.evaluation import report_on
    from vaecore.evaluation.annealed import IMAGES, looseness
    from vaecore.jobs import shell
    from vaecore.limits import expanded
    from vaecore.measuring import examined, keep_figures, over_seeds, replicates, trained_on
    from vaecore.recipes import find
    from vaecore.runs import normal_scores
    from vaecore.serving.kept import MAP, keep_map
    from vaecore.serving.loading import load
    from vaecore.serving.studies.maps import PLANES, compute_code_plane, compute_map, compute_planes
    from vaecore.serving.studies.sheets import NAMES
    from vaecore.serving.takeaway import export_networks, take_away
    from vaecore.serving.trainer import alone
    from vaecore.training import train

EXAMPLES = """examples:
  vaecore list                                       what is here, what can be trained
  vaecore train vae-digits-2                         seconds, needs no download; the result is in runs/vae-digits-2
  vaecore train vae-mnist-2 --set latent=8 epochs=20 --out runs/wider
  vaecore train vae-mnist-2 --set dataset=photos.zip hidden=[1000,500]
  vaecore train ae-mnist-30 --resume                 go on where a killed run was
  torchrun --nproc-per-node 2 -m vaecore train vae-mnist-20
  vaecore train couplets-tang --set dataset=lines.txt epochs=50
  vaecore jobs start vae-mnist-2 --set epochs=20     in a process of its own; then: vaecore jobs watch, stop, resume
  vaecore evaluate vae-mnist-20 --samples 5000
  vaecore evaluate vae-mnist-50 --ais                what the bound of so many samples misses
  vaecore export vae-mnist-2 --html vae-mnist-2.html  one page, to be opened from anywhere
  vaecore export --train digits --html train.html    one page that trains, and its images
  vaecore export vae-mnist-2 --out decoder           networks.json and weights.bin, for programs of your own
  vaecore fetch fashion-mnist --data-dir ~/data
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 2 with one sentence for what the user can mend, or a signal's."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        with stopping.raised():
            parsed = _parser().parse_args(words)
            parsed.run(parsed)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
    except (ValueError, OSError) as error:
        print(f"vaecore: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        return stopping.say_farewell(getattr(stop, "number", signal.SIGINT), words)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "vaecore",
        description="Train and measure autoencoders.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--data-dir", help="where data sets are kept; else $VAECORE_DATA, else the user's cache folder")
    placed = argparse.ArgumentParser(add_help=False)
    placed.add_argument("--device", default="auto", help=f"{', '.join(DEVICES)} (default: auto)")
    placed.add_argument("--seed", type=int, default=0, help="default: 0")
    for name, (run, help, parents, ask) in {
        "list": (_list, "variants, pretrained models with their measured figures, and recipes", (), _ask_list),
        "train": (_train, "train a recipe into a folder", (where, placed), _ask_train),
        "jobs": (_jobs, "trainings in the background, one after the other", (where, placed), _ask_jobs),
        "evaluate": (_evaluate, "measure a model on its test images", (where, placed), _ask_evaluate),
        "export": (_export, "write a model as one HTML page, or its networks for other programs", (), _ask_export),
        "fetch": (_fetch, "download a data set", (where,), _ask_fetch),
    }.items():
        own = [line for line in EXAMPLES.splitlines() if f"vaecore {name}" in line]
        added = commands.add_parser(
            name,
            help=help,
            description=help,
            parents=parents,
            epilog="\n".join(["examples:", *own]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(run=run)
        ask(added)
    return parser


def _ask_list(command: argparse.ArgumentParser) -> None:
    command.add_argument("--markdown", action="store_true", help="the tables of the README and of docs/measurements.md")


def _ask_train(command: argparse.ArgumentParser) -> None:
    command.add_argument("recipe", help="a recipe's name, see 'vaecore list'")
    _ask_changes(command)
    command.add_argument("--resume", action="store_true", help="go on with the run in the folder")


def _ask_jobs(command: argparse.ArgumentParser) -> None:
    shell.ask(command)
    _ask_changes(command)


def _ask_changes(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="change fields of the recipe; values as in JSON, or plain words",
    )
    command.add_argument("--out", help="the run's folder (default: runs/RECIPE; of a job one of its own)")


def _ask_evaluate(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", help="a pretrained model's name, or a run's folder")
    command.add_argument("--samples", type=int, default=1000, help="importance samples per image (default: 1000)")
    command.add_argument(
        "--replicates",
        nargs="+",
        default=[],
        metavar="RUN",
        help="runs of the same recipe with other seeds: mean and deviation of what is published",
    )
    command.add_argument("--against", metavar="NAME", help="another model: paired differences over the same images")
    command.add_argument(
        "--ais",
        nargs="?",
        type=int,
        const=IMAGES,
        metavar="IMAGES",
        help=f"instead: log p(x) from both sides by annealing, of so many images ({IMAGES}), and what bounds miss",
    )
    command.add_argument("--write", action="store_true", help="keep the figures in the card, and the codes' map")


def _ask_export(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", nargs="?", help="a pretrained model's name, or a run's folder")
    command.add_argument("--html", metavar="FILE", help="the page: map, sliders, canvas and card, all in one file")
    command.add_argument("--train", metavar="SET", help=f"with --html: it trains too, on {', '.join(NAMES)}")
    command.add_argument("--out", metavar="FOLDER", help="the networks as JSON and their weights as floats")


def _ask_fetch(command: argparse.ArgumentParser) -> None:
    command.add_argument("dataset", help=f"one of: {', '.join(DATASETS)}")
    told = [f"  {name:14} {row.about} ({row.terms()})" for name, row in DATASETS.items()]
    command.epilog = "\n".join(["data sets:", *told, "", f"{command.epilog}"])


def _list(parsed: argparse.Namespace) -> None:
    if parsed.markdown:
        print("\n\n".join([tables.of_variants(), tables.of_models(False), tables.of_models(True), tables.of_papers()]))
        return
    print("\n".join(printed.listing()))


def _train(parsed: argparse.Namespace) -> None:
    changes = dict(_assignment(word) for word in parsed.set)
    find(parsed.recipe).changed(**changes)  # fields only: `train` has arguments of its own by such names
    folder = train(
        parsed.recipe,
        data_dir=parsed.data_dir,
        out=parsed.out,
        device=parsed.device,
        seed=parsed.seed,
        resume=parsed.resume,
        **changes,
    )
    print(folder)
    print(f"{folder.name}: {printed.opening(folder)}", file=sys.stderr)


def _jobs(parsed: argparse.Namespace) -> None:
    shell.run(parsed, dict(_assignment(word) for word in parsed.set))


def _assignment(word: str) -> tuple[str, object]:
    key, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"expected KEY=VALUE after --set, got {word!r}")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _evaluate(parsed: argparse.Namespace) -> None:
    if parsed.samples < 1:
        raise ValueError(f"expected --samples >= 1, got {parsed.samples}")
    if parsed.ais is not None or parsed.against:
        (_anneal if parsed.ais is not None else _compare)(parsed)
        return
    explorer = load(parsed.name, parsed.device)
    others = replicates(explorer, parsed.replicates, parsed.device)
    on = examined(explorer, parsed.samples, parsed.seed, parsed.data_dir)
    if on.test.note:
        print(f"{explorer.dataset}: {on.test.note}", file=sys.stderr)
    report = report_on(on)
    metrics = report.metrics
    if others:
        metrics["replicates"] = over_seeds(explorer, others, metrics, on)
    print("\n".join(printed.figures(metrics)))
    if report.left_out:
        print(f"left out: {printed.lacking(report.left_out)}")
    if parsed.write:
        known = explorer.card.get("metrics", {})
        seeds = {key: known[key] for key in ("replicates",) if key in known and key not in metrics}  # of runs elsewhere
        folder, parts = checkpoint.find(parsed.name), {}
        if "text" not in explorer.abilities:
            _keep(folder / MAP, lambda: keep_map(compute_map(explorer, parsed.data_dir), folder / MAP))
            if parsed.name == f"pca-{explorer.dataset}":  # beside which the planes ship that are of no model
                compute_planes(explorer.dataset, folder, parsed.data_dir)
            elif explorer.latent > 2:  # of which the map shows no more than a projection
                _keep(folder / PLANES, lambda: compute_code_plane(explorer, folder, parsed.data_dir))
            if "sample" in explorer.abilities:
                parts["anomaly"] = normal_scores(explorer.model, trained_on(explorer, on.train))
        keep_figures(parsed.name, explorer.card, on, metrics | seeds, **parts)


def _anneal(parsed: argparse.Namespace) -> None:
    if parsed.write or parsed.replicates or parsed.against:
        raise ValueError("expected --ais alone: it measures one model, and no card keeps it")
    on = examined(load(parsed.name, parsed.device), parsed.samples, parsed.seed, parsed.data_dir)
    print("\n".join(printed.looseness(looseness(on, parsed.ais, progress=True))))


def _compare(parsed: argparse.Namespace) -> None:
    if parsed.write or parsed.replicates:
        raise ValueError("expected --against alone: differences are of two models, and no card keeps them")
    shared = {"samples": parsed.samples, "seed": parsed.seed, "device": parsed.device, "data_dir": parsed.data_dir}
    print(f"{parsed.name} less {parsed.against}, image by image")
    for key, found in compare(parsed.name, parsed.against, **shared).items():
        figures = f"{found.mean:.4f} ± {found.error:.4f}, 95 % in [{found.low:.4f}, {found.high:.4f}]"
        print(f"{key:20} {figures}; ahead on {found.ahead:.1%} of {found.images:,} images")


def _keep(path: Path, anew: Callable[[], None]) -> None:
    """Keep a map anew; where there can be none, say why, and leave none of before."""
    try:
        anew()
    except ValueError as error:
        path.unlink(missing_ok=True)
        print(f"{path.name} is not kept: {error}")


def _export(parsed: argparse.Namespace) -> None:
    if parsed.html is None and (parsed.out is None or parsed.train is not None):
        raise ValueError(f"expected --html FILE{' or --out FOLDER' if parsed.train is None else ''}, got neither")
    if parsed.name is None and (parsed.train is None or parsed.out is not None):
        raise ValueError("expected a model's name, or --train SET --html FILE alone")
    explorer = None if parsed.name is None else load(parsed.name, "cpu")
    if parsed.html is not None:
        file = writing.new_file(parsed.html)
        page = alone(str(parsed.train)) if explorer is None else take_away(explorer, parsed.train or "")
        _write(file, page.encode())
    if explorer is not None and parsed.out is not None:
        folder = expanded(parsed.out)
        written = export_networks(explorer)
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in written.items():
            _write(folder / name, data)


def _write(file: Path, data: bytes) -> None:
    writing.write_bytes(file, data)
    print(f"{file}: {len(data) / 1e6:.2f} MB" if len(data) > 1e6 else f"{file}: {len(data) / 1e3:.0f} kB")


def _fetch(parsed: argparse.Namespace) -> None:
    told = terms(parsed.dataset, parsed.data_dir)
    print(f"{parsed.dataset} is in {fetch(parsed.dataset, parsed.data_dir)} ({told})")


if __name__ == "__main__":
    sys.exit(main())
