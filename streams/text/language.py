"""Which language a text is in: a BCP 47 tag, or `und` when nobody can tell."""

import functools
import re
from dataclasses import dataclass
from typing import Any

__all__ = ["UNDETERMINED", "Language", "detect_language", "language_tag"]

UNDETERMINED = "und"

# 258 pages in 22 languages get the same answer from 200 characters as from 3,000; time grows with them.
_READ = 500
_MIN_LETTERS = 20
_MIN_CONFIDENCE = 0.5

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Language:
    """A tag, how sure it is (0 to 1), and whether text or a claim decided."""

    tag: str
    confidence: float
    method: str


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads a model

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect_language(text: str, *, claims: tuple[str | None, ...] = ()) -> Language:
    """Language of `text`; the first usable claim decides only when the text is too short or unclear."""
    sample = text[:_READ]
    tag, confidence = UNDETERMINED, 0.0
    if sum(map(str.isalpha, sample)) >= _MIN_LETTERS:
        tag, confidence = _identifier().classify(sample)
        # Rounded, so that another processor's last digit cannot change the article.
        confidence = round(float(confidence), 3)
        if confidence >= _MIN_CONFIDENCE:
            return Language(str(tag), min(confidence, 1.0), "py3langid")
    claimed = next((found for claim in claims if claim and (found := language_tag(claim))), None)
    if claimed is not None:
        return Language(claimed, 0.5, "claim")
    return Language(UNDETERMINED, 0.0, "none")


def language_tag(claim: str) -> str | None:
    """Primary language of a claimed tag, lower case: `pt_BR` gives `pt`; None for anything else."""
    match = _TAG.fullmatch(claim.strip())
    return match[1].lower() if match and match[1].lower() != UNDETERMINED else None
