"""Face redaction for video."""

import os

__version__ = "0.1.0"

# onnxruntime sends what it runs on and how it fares to its makers, unless told not to before it is first imported. What
# looks at footage tells nobody.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
