"""NumPy's functions as rules call them: on variables, which NumPy's own annotations know nothing of."""

from typing import Any

import numpy as np

numpy: Any = np
