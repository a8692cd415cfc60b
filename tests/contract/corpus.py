"""The committed examples, as test parameters."""

from pathlib import Path
from typing import Literal

from schemas.registry import CONTRACTS, FOLDER, Contract

__all__ = ["EXAMPLES", "every", "named", "of"]

EXAMPLES = FOLDER.parent / "examples"


def of(contract: Contract, kind: Literal["valid", "invalid"]) -> list[Path]:
    """Files of one kind of one contract, sorted."""
    return sorted((EXAMPLES / contract.name / f"v{contract.version}" / kind).glob("*.json"))


def every(kind: Literal["valid", "invalid"]) -> list[tuple[Contract, Path]]:
    """All examples of one kind."""
    return [(contract, path) for contract in CONTRACTS for path in of(contract, kind)]


def named(parameter: object) -> str:
    """Test id of a contract or an example."""
    return parameter.name if isinstance(parameter, Contract) else Path(str(parameter)).stem
