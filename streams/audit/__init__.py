"""Check a live system against the sequential recomputation of its own logs.

Each stage is run again over its own input log, partition by partition, in order. What it
must have written is compared with what is there, by CloudEvents id: nothing missing,
nothing else, equal bytes; repetitions are counted, not condemned. So is each table, key
by key. First appearances of a key are in the order of the input; a dead letter gives back
its record, byte for byte. And every raw document, of which none that was acknowledged may
be missing, must be in exactly one terminal topic.

A record whose dead letter an operator has redriven or discarded is not judged anew: mended
code may well get it through. It counts as the letter it became, and its document, once
redriven, by where it ends then.
"""

from streams.audit.report import AuditReport, StageAudit
from streams.audit.stage import audit_stage
from streams.audit.system import audit

__all__ = ["AuditReport", "StageAudit", "audit", "audit_stage"]
