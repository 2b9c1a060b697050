"""``python -m latentfm.training``: repeat the trainings of the models that ship (``make models``)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from latentfm.errors import LatentFMError
from latentfm.models.folders import SHIPPED
from latentfm.ops import logs


def main() -> int:
    """Train and publish what was named, or everything, each going on from its last checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m latentfm.training", description=__doc__)
    parser.add_argument("models", nargs="*", help="names of the models; all of them without any")
    parser.add_argument("--folder", type=Path, default=Path("build/training"), help="where checkpoints and logs lie")
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="where the playables go")
    parser.add_argument("--docs", type=Path, default=Path("docs/models"), help="where the model cards go")
    parser.add_argument("--stop-at", type=int, default=None, help="stop after this step, to go on later")
    parser.add_argument("--only-publish", action="store_true", help="do not train; publish the newest checkpoint")
    options = parser.parse_args()
    logs.configure()

    from latentfm.training.editions import pipeline  # noqa: PLC0415 - imports TensorFlow

    folders = pipeline.Folders(options.folder, options.weights, options.docs)
    try:
        pipeline.run(
            options.models or list(pipeline.TRAININGS),
            folders,
            stop_at=options.stop_at,
            only_publish=options.only_publish,
        )
    except LatentFMError as fault:
        sys.stderr.write(f"error: {fault}\n")
        return fault.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
