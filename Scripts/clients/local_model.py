"""Where the default model's file is."""

import os
import pathlib


def path():
    named = os.environ.get("LAPWING_MODEL")
    file = pathlib.Path(named) if named else pathlib.Path(__file__).parents[2] / "models/SmolLM2-135M-Instruct.Q4_1.gguf"
    return str(file.resolve()) if file.exists() else None
