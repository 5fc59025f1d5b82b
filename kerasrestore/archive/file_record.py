"""What became of one photo file."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class FileRecord:
    """What became of one photo file.

    Args:
        source: its name.
        target: name of the restored copy.
        outcome: `"restored"`, `"failed"`, or `"already there"` for a copy of
            an earlier run.
        seconds: time it took.
        width: of the restored photo, in pixels.
        height: of the restored photo, in pixels.
        model: name of the restorer.
        notes: sentences on what could not be kept.
        reason: a sentence on why it failed.

    Example:
    >>> FileRecord("a.jpg", "b/a.jpg", "restored", 0.5, 30, 20, "m").as_dict()
    {'source': 'a.jpg', 'target': 'b/a.jpg', 'outcome': 'restored', 'seconds':\
 0.5, 'pixels': 600, 'model': 'm'}
    """

    source: str
    target: str
    outcome: str
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    model: str | None = None
    notes: tuple = ()
    reason: str | None = None

    def as_dict(self):
        """The record for a line of JSON; what is empty is left out."""
        found = {
            "source": self.source,
            "target": self.target,
            "outcome": self.outcome,
            "seconds": round(self.seconds, 3),
            "pixels": self.width * self.height,
            "model": self.model,
            "notes": list(self.notes),
            "reason": self.reason,
        }
        kept = ("source", "target", "outcome", "seconds")
        return {k: v for k, v in found.items() if v or k in kept}
