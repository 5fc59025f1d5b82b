import os
import sys
from pathlib import Path

# Before anything loads TensorFlow: its C++ side greets on every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))
