"""Draws what a run's log says."""
from pathlib import Path

from matplotlib.figure import Figure

from trainer.runs import read_log


def draw(log: Path, png: Path) -> None:
    """One panel for each loss, trained and held out, and one for the learning rate, by steps."""
    lines = read_log(log)
    names = sorted({name for line in lines for kind in ('train', 'held') for name in line.get(kind, {})})
    figure = Figure(figsize=(3.2 * (len(names) + 1), 3), layout='constrained')
    panels = figure.subplots(1, len(names) + 1, squeeze=False)[0]
    for panel, name in zip(panels, names):
        for kind in ('train', 'held'):
            points = [(line['step'], line[kind][name]) for line in lines if name in line.get(kind, {})]
            if points:
                panel.plot(*zip(*points), label=kind, marker='.' if kind == 'held' else '')
        panel.set(title=name, xlabel='step')
        panel.legend()
    rates = [(line['step'], line['lr']) for line in lines if 'lr' in line]
    if rates:
        panels[-1].plot(*zip(*rates))
    panels[-1].set(title='learning rate', xlabel='step')
    figure.savefig(png, dpi=90, format='png')
