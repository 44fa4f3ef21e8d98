"""What holds for all tests."""

import os

# Their models are tiny: threads of torch's and NumPy's would mostly wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
