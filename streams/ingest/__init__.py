"""Files, folders and archives into raw documents, and raw documents into the raw topic."""

from streams.ingest.documents import documents, entries
from streams.ingest.options import ArchiveLimits, IngestOptions, Refused

__all__ = ["ArchiveLimits", "IngestOptions", "Refused", "documents", "entries"]
