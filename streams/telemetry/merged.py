"""The metrics of several processes as those of one endpoint. Pure."""

from collections.abc import Mapping

__all__ = ["merged"]


def merged(parts: Mapping[str, str]) -> str:
    """Expositions by process as one: families together, each sample with a label `process`, unless it names one itself.

    What is merged is what `streams.telemetry.metrics` writes, the text format 0.0.4 with HELP before TYPE before
    samples; a family's first HELP and TYPE stand for all.
    """
    heads: dict[str, dict[str, str]] = {}
    samples: dict[str, list[str]] = {}
    for process, text in parts.items():
        family = ""
        for line in text.splitlines():
            if line.startswith("# "):
                _, kind, family, *_ = line.split(" ", 3)
                heads.setdefault(family, {}).setdefault(kind, line)
            elif line:
                samples.setdefault(family, []).append(_labelled(line, process))
    return "".join(f"{line}\n" for name, head in heads.items() for line in (*head.values(), *samples.get(name, ())))


def _labelled(sample: str, process: str) -> str:
    name, brace, rest = sample.partition("{")
    if brace and 'process="' in rest:  # no label's name ends so but this one
        return sample
    if brace:
        return f'{name}{{process="{process}",{rest}'
    name, _, value = sample.partition(" ")
    return f'{name}{{process="{process}"}} {value}'
